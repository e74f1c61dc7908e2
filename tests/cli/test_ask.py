import io
from datetime import UTC, datetime

import pytest
from attrs import evolve
from rich.console import Console

from belvo_async import Challenge
from belvo_async.cli._ask import Asker
from belvo_async.cli._console import make_safe
from belvo_async.cli._lines import LineSource
from belvo_async.errors import ChallengeDeclinedError
from belvo_async.models import ChallengeKind, TokenGenerationData


def build_challenge(
    value: str | None, kind: ChallengeKind, instructions: str = "Do it", *, typed: bool = True
) -> Challenge:
    return Challenge(
        session="s",
        link_id="l",
        expiry=90,
        received_at=datetime.now(UTC),
        token_generation_data=TokenGenerationData(
            instructions=instructions, kind=kind, value=value, expects_user_input=typed
        ),
    )


async def converse(challenge: Challenge, *lines: bytes) -> tuple[str | None, str]:
    left = list(lines)
    console = Console(file=io.StringIO(), force_terminal=True, color_system=None, markup=False, width=80)
    asker = Asker(console, LineSource(lambda: left.pop(0) if left else b""))
    asker.institution = "erebor_mx_retail"
    try:
        token = await asker.answer(challenge)
    finally:
        written = console.file.getvalue()  # type: ignore[attr-defined]  # it is a StringIO
    return token, written


async def test_everything_that_belvo_sent_is_shown() -> None:
    challenge = build_challenge("12345", ChallengeKind.NUMERIC, "Use the device")
    token, written = await converse(challenge, b" 007 \n")
    assert token == "007"
    for part in ("erebor_mx_retail asks", "Use the device", "Challenge number: 12345", "Time left: "):
        assert part in written


async def test_markup_and_control_characters_do_nothing() -> None:
    challenge = build_challenge("[red]x[/red]\x1b]0;t\x07", ChallengeKind.TEXT, "[bold]hi\x1b[2J\u202e")
    _, written = await converse(challenge, b"Rex\n")
    assert r"[bold]hi\x1b[2J\u202e" in written
    assert r"Question: [red]x[/red]\x1b]0;t\x07" in written
    assert "\x1b" not in written
    assert "\x07" not in written


async def test_an_unknown_kind_is_shown_all_the_same() -> None:
    _, written = await converse(build_challenge("left", ChallengeKind("retina_scan")), b"1\n")
    assert "Challenge: left" in written


async def test_what_cannot_be_drawn_is_shown_as_text() -> None:
    challenge = build_challenge("data:image/png;base64,AAAA", ChallengeKind.QR, "")
    _, written = await converse(challenge, b"1\n")
    assert "browser" in written
    assert "data:image/png;base64,AAAA\n" in written


async def test_choices_and_unknown_forms_are_shown_line_by_line() -> None:
    data = TokenGenerationData(
        instructions="Choose\nToken: forged",
        extra={"value": ["home\x1b[2J", "office"], "note": "a\nToken: 1"},
    )
    challenge = evolve(build_challenge(None, ChallengeKind.TEXT), token_generation_data=data)
    _, written = await converse(challenge, b"office\n")
    lines = written.splitlines()
    assert [line for line in lines if line.startswith("- ")] == [r"- home\x1b[2J", "- office", "- note: a"]
    assert len([line for line in lines if line.startswith("Token: ")]) == 1


async def test_an_endless_text_does_not_fill_the_screen() -> None:
    _, written = await converse(build_challenge("1", ChallengeKind.NUMERIC, "x" * 1_000_000), b"1\n")
    assert len(written) < 10_000


async def test_an_empty_or_odd_line_is_asked_for_again() -> None:
    token, written = await converse(
        build_challenge("1", ChallengeKind.NUMERIC), b"\n", b"\x00\n", b"\xff\n", b"42\n"
    )
    assert token == "42"
    assert written.count("That is no token") == 3


async def test_a_confirmation_needs_no_token() -> None:
    token, written = await converse(build_challenge(None, ChallengeKind.INPUTLESS, typed=False), b"\n")
    assert token is None
    assert "press Enter" in written


@pytest.mark.parametrize("typed", [True, False])
async def test_the_end_of_input_is_no_answer(typed: bool) -> None:
    with pytest.raises(ChallengeDeclinedError):
        await converse(build_challenge("1", ChallengeKind.NUMERIC, typed=typed))


def test_lines_stay_lines() -> None:
    assert make_safe("a\nb\tc\u200bd") == "a\nb\\tc\\u200bd"
