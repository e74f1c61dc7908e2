"""How a person at the command line is asked for a token."""

from typing import Any

import pytest

from belvo_async.testing import BelvoMock, mocked_belvo

from .command import Result, run_command

LINK = "30cb4806-6e00-48a4-91c9-ca55968576c8"
PASSWORD = "correct horse"


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELVO_SECRET_ID", "id")
    monkeypatch.setenv("BELVO_SECRET_PASSWORD", "made-up")
    monkeypatch.setenv("BELVO_ENVIRONMENT", "sandbox")


def converse(
    kind: str = "numeric", lines: bytes = b"1\n", *, is_answered: bool = True, **fields: Any
) -> tuple[Result, str | None]:
    """Meet a challenge and give these lines; return what was written, and the token that was sent."""
    with mocked_belvo() as belvo:
        belvo.challenge(LINK, kind, **fields)
        return _update(belvo, lines, is_answered=is_answered)


def _update(belvo: BelvoMock, lines: bytes, *, is_answered: bool = True) -> tuple[Result, str | None]:
    if is_answered:
        belvo.link_updated(LINK)
    options = ("update", LINK, "--institution", "erebor_mx_retail")
    result = run_command(*options, lines=PASSWORD.encode() + b"\n" + lines)
    assert result.exit_code == (0 if is_answered else 4)
    body = belvo.requests[-1].body or {}
    return result, str(body["token"]) if "token" in body else None


def test_everything_that_belvo_sent_is_shown() -> None:
    result, token = converse(lines=b" 007 \n", value="12345", instructions="Use the device")
    assert token == "007"
    for part in ("erebor_mx_retail asks", "Use the device", "Challenge number: 12345", "Time left: "):
        assert part in result.stderr


def test_markup_and_control_characters_do_nothing() -> None:
    result, _ = converse("text", value="[red]x[/red]\x1b]0;t\x07", instructions="[bold]hi\x1b[2J\u202e")
    assert r"[bold]hi\x1b[2J\u202e" in result.stderr
    assert r"Question: [red]x[/red]\x1b]0;t\x07" in result.stderr
    assert "\x1b" not in result.stderr
    assert "\x07" not in result.stderr


def test_an_unknown_kind_is_shown_all_the_same() -> None:
    result, _ = converse("retina_scan", value="left")
    assert "Challenge: left" in result.stderr


def test_what_cannot_be_drawn_is_shown_as_text() -> None:
    result, _ = converse("qr", value="data:image/png;base64,AAAA", instructions="")
    assert "browser" in result.stderr
    assert "data:image/png;base64,AAAA\n" in result.stderr


def test_choices_and_unknown_forms_are_shown_line_by_line() -> None:
    odd = {"instructions": "Choose\nToken: forged", "value": ["home\x1b[2J", "office"], "note": "a\nToken: 1"}
    details: dict[str, Any] = {"session": "s" * 32, "link": LINK, "token_generation_data": odd}
    with mocked_belvo() as belvo:
        belvo.error(LINK, 428, "token_required", expiry=90, **details)
        result, _ = _update(belvo, b"office\n")
    lines = result.stderr.splitlines()
    assert [line for line in lines if line.startswith("- ")] == [r"- home\x1b[2J", "- office", "- note: a"]
    assert len([line for line in lines if line.startswith("Token: ")]) == 1


def test_an_endless_text_does_not_fill_the_screen() -> None:
    result, _ = converse(instructions="x" * 1_000_000)
    assert len(result.output) < 10_000


def test_an_empty_or_odd_line_is_asked_for_again() -> None:
    result, token = converse(lines=b"\n\x00\n\xff\n42\n")
    assert token == "42"
    assert result.stderr.count("That is no token") == 3


def test_a_confirmation_needs_no_token() -> None:
    result, token = converse("inputless", lines=b"\n", expects_user_input=False)
    assert token is None
    assert "press Enter" in result.stderr


@pytest.mark.parametrize("typed", [True, False])
def test_the_end_of_input_is_no_answer(typed: bool) -> None:
    converse(lines=b"", is_answered=False, expects_user_input=typed)
