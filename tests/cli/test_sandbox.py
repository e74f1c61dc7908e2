import shlex
import socket

import pytest
from typer.testing import CliRunner

from belvo_async.cli._app import app
from belvo_async.cli._sandbox import USERS
from belvo_async.sandbox._test_users import MFA_PEOPLE, OWN_PEOPLE

from .processes import pipe


def test_every_test_user_is_listed() -> None:
    assert {user.name for user in USERS} == {"user_valid", *MFA_PEOPLE, *OWN_PEOPLE}


def test_the_sandbox_runs_until_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    with pipe("sandbox") as conversation:
        text = conversation.expect("belvo-async update LINK_ID")
        for line in text.splitlines():
            if line.startswith("export "):
                name, _, value = shlex.split(line)[1].partition("=")
                monkeypatch.setenv(name, value)
        listed = CliRunner().invoke(app, ["links", "list"])
        assert f"{len(USERS)} links." in listed.stderr
        conversation.press_ctrl_c()
        assert conversation.finish() == 0
    assert "Stopped. 0 logins reached the bank." in conversation.text
    assert "Traceback" not in conversation.text


def test_a_port_in_use_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = CliRunner().invoke(app, ["sandbox", "--port", str(taken.getsockname()[1])])
    assert result.exit_code == 2
    assert "cannot be used" in result.stderr
