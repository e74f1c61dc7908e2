import shlex
import socket

import pytest

from .command import run_command
from .processes import list_users, pipe


def test_the_sandbox_runs_until_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    with pipe("sandbox") as conversation:
        text = conversation.expect("belvo-async update LINK_ID")
        for line in text.splitlines():
            if line.startswith("export "):
                name, _, value = shlex.split(line)[1].partition("=")
                monkeypatch.setenv(name, value)
        assert f"{len(list_users(text))} links." in run_command("links", "list").stderr
        conversation.press_ctrl_c()
        assert conversation.finish() == 0
    assert "Stopped. 0 logins reached the bank." in conversation.text
    assert "Traceback" not in conversation.text


def test_a_port_in_use_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = run_command("sandbox", "--port", str(taken.getsockname()[1]))
    assert result.exit_code == 2
    assert "cannot be used" in result.stderr
