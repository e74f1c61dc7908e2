import re
import shlex
import socket

import pytest

from tests.docs.pages import DOCS

from .command import run_command
from .processes import pipe

REFERENCE = (DOCS / "reference" / "sandbox.md").read_text("utf-8")
USERS = {"user_valid", *re.findall(r"`(mfa_\w+|x_\w+)`", REFERENCE)}
"""The test users of the reference, which is made of those of the sandbox."""


def test_the_sandbox_runs_until_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    with pipe("sandbox") as conversation:
        text = conversation.expect("belvo-async update LINK_ID")
        for line in text.splitlines():
            if line.startswith("export "):
                name, _, value = shlex.split(line)[1].partition("=")
                monkeypatch.setenv(name, value)
        assert {name for name in USERS if name in text} == USERS
        assert f"{len(USERS)} links." in run_command("links", "list").stderr
        conversation.press_ctrl_c()
        assert conversation.finish() == 0
    assert "Stopped. 0 logins reached the bank." in conversation.text
    assert "Traceback" not in conversation.text


def test_a_port_in_use_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = run_command("sandbox", "--port", str(taken.getsockname()[1]))
    assert result.exit_code == 2
    assert "cannot be used" in result.stderr
