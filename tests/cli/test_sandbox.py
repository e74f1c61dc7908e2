import shlex
import socket
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from .command import run_command
from .processes import list_users, pipe


def test_the_sandbox_runs_until_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    with pipe("sandbox") as conversation:
        text = conversation.expect("belvo-async update LINK_ID")
        for name, value in read_exports(text).items():
            monkeypatch.setenv(name, value)
        assert f"{len(list_users(text))} links." in run_command("links", "list").stderr
        conversation.press_ctrl_c()
        assert conversation.finish() == 0
    assert "Stopped. 0 logins reached the bank." in conversation.text
    assert "Traceback" not in conversation.text


def read_exports(text: str) -> dict[str, str]:
    words = (shlex.split(line)[1] for line in text.splitlines() if line.startswith("export "))
    return dict(word.split("=", 1) for word in words)


def test_with_a_limit_it_refuses_what_is_above(monkeypatch: pytest.MonkeyPatch) -> None:
    with pipe("sandbox", "--limit", "2/600") as conversation:
        text = conversation.expect("belvo-async update LINK_ID")
        for name, value in read_exports(text).items():
            monkeypatch.setenv(name, value)
        assert [run_command("links", "list").exit_code for _ in range(2)] == [0, 0]
        assert fetch_status(read_exports(text)["BELVO_ENVIRONMENT"]) == 403
    assert "more than 2 requests in any 600 s" in text


def fetch_status(url: str) -> int:
    with pytest.raises(HTTPError) as refused:
        urlopen(f"{url}/api/")  # noqa: S310 - our own server
    with refused.value:
        return refused.value.code


@pytest.mark.parametrize(("limit", "share"), [("80/30", 80), ("80/10", 80), ("80/60", 40), ("1/600", 1)])
def test_it_tells_how_to_keep_within_the_limit(limit: str, share: int) -> None:
    with pipe("sandbox", "--limit", limit) as conversation:
        text = conversation.expect("belvo-async update LINK_ID")
    assert f"--requests-per-window {share} to other commands" in text


@pytest.mark.parametrize(
    "limit", ["", "80", "0/30", "80/0.0", "80/30s", "-80/30", "8_0/30", "80/inf", "x" * 99]
)
def test_a_limit_that_makes_no_sense_is_wrong_usage(limit: str) -> None:
    result = run_command("sandbox", f"--limit={limit}")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--limit" in result.stderr
    assert "80/30" in result.stderr


def test_a_port_in_use_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = run_command("sandbox", "--port", str(taken.getsockname()[1]))
    assert result.exit_code == 2
    assert "cannot be used" in result.stderr
