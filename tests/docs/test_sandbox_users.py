"""The command line lists the test users that the reference describes."""

import re

from tests.cli.processes import list_users, pipe
from tests.docs.pages import DOCS


def test_every_test_user_of_the_reference_is_listed() -> None:
    reference = (DOCS / "reference" / "sandbox.md").read_text("utf-8")
    with pipe("sandbox") as conversation:
        text = conversation.expect("belvo-async update LINK_ID")
        conversation.press_ctrl_c()
        assert conversation.finish() == 0
    assert list_users(text) == {"user_valid", *re.findall(r"`(mfa_\w+|x_\w+)`", reference)}
