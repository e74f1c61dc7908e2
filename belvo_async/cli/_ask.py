"""Questions to the person in front of the terminal: passwords, tokens, confirmations."""

import getpass
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from rich.console import Console
from rich.text import Text

from belvo_async import Challenge
from belvo_async.cli._console import write_prose
from belvo_async.cli._exit_codes import find_expiry
from belvo_async.cli._lines import LineSource
from belvo_async.cli._qr import Undrawable, draw_code
from belvo_async.errors import ChallengeDeclinedError, UsageError
from belvo_async.models import ChallengeKind

_LABELS: Final[Mapping[ChallengeKind | None, str]] = {
    ChallengeKind.NUMERIC: "Challenge number",
    ChallengeKind.TEXT: "Question",
}
_LONGEST_TEXT: Final = 4000


def ask_secret(prompt: str, source: LineSource) -> str:
    """Ask for a password without showing it; where nobody is at a terminal, take the next line of input.

    Raises:
        UsageError: There is none, or it is no UTF-8 text.
    """
    secret = _read_secret(f"{prompt}: ") if sys.stdin.isatty() else source.read()
    if not secret:
        raise UsageError(
            f"{prompt}: nothing was given.", remedy="Type it, or write it to standard input as a line."
        )
    if any("\ud800" <= sign <= "\udfff" for sign in secret):
        raise UsageError(f"{prompt}: it is no UTF-8 text.", remedy="Write it in UTF-8.")
    return secret


def _read_secret(prompt: str) -> str | None:
    try:
        return getpass.getpass(prompt, stream=sys.stderr)
    except EOFError:
        return None


class Asker:
    """Shows challenges and takes the answers: its `answer` is a token provider."""

    def __init__(self, console: Console, source: LineSource) -> None:
        self._console: Final = console
        self._source: Final = source
        self.institution: str | None = None
        """Who asks, where it is known."""
        self.last: Challenge | None = None
        """The newest challenge that was shown."""
        self._is_prompting = False

    async def answer(self, challenge: Challenge) -> str | None:
        """Show the challenge, and wait for the person without blocking the event loop.

        Raises:
            ChallengeDeclinedError: The input ended.
        """
        if self.last is not None:
            self._write("The bank asks again: the last answer was wrong, or there is another step.", "yellow")
        self.last = challenge
        self._show(challenge)
        token = await self._take(challenge)
        self._write("Logging in, this can take minutes …", "dim")
        return token

    def end_line(self, *, is_echoed: bool = False) -> None:
        """Leave the line of a prompt that nobody has answered, or of an echoed `^C`."""
        if self._is_prompting or is_echoed:
            self._console.print()
            self._is_prompting = False

    async def _take(self, challenge: Challenge) -> str | None:
        if not challenge.expects_user_input:
            await self._read_line("Confirm there, then press Enter here: ")
            return None
        while True:
            token = (await self._read_line("Token: ")).strip()
            if token and token.isprintable():
                return token
            self._write("That is no token. Type it again; Ctrl-C leaves the challenge open.", "yellow")

    async def _read_line(self, prompt: str) -> str:
        self._console.print(prompt, end="", style="bold")
        self._is_prompting = True
        try:
            line = await self._source.read_aside()
            self._is_prompting = line is None
        finally:
            self.end_line()
        if line is None:
            raise ChallengeDeclinedError("The input ended before the challenge was answered.")
        return line

    def _show(self, challenge: Challenge) -> None:
        self._console.rule(characters="-", style="dim")
        self._write(_quote(f"{self.institution or 'The institution'} asks for a token."), "bold")
        if challenge.instructions:
            self._write(_quote(challenge.instructions))
        if challenge.value:
            self._show_value(challenge, challenge.value)
        for line in challenge.extra_lines:
            self._write(_quote(f"- {line}"))
        until = find_expiry(challenge)
        self._write(f"Time left: {_tell_duration(until - datetime.now(UTC))}, until {until:%H:%M:%S}.")

    def _show_value(self, challenge: Challenge, value: str) -> None:
        if challenge.kind is ChallengeKind.QR:
            drawn = draw_code(challenge, self._console)
            if not isinstance(drawn, Undrawable):
                self._console.print(drawn)
                return
            self._write(drawn.why, "yellow")
            self._console.print(Text(drawn.text), soft_wrap=True)
            return
        self._write(_quote(f"{_LABELS.get(challenge.kind, 'Challenge')}: {value}"), "bold cyan")

    def _write(self, text: str, style: str = "") -> None:
        write_prose(self._console, text, style)


def _quote(text: str) -> str:
    """Set the lines of a text from elsewhere apart from our own, and cut what fills the screen."""
    shown = text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]} …"
    return shown.replace("\n", "\n  ")


def _tell_duration(left: timedelta) -> str:
    seconds = max(0, round(left.total_seconds()))
    if seconds < 120:
        return f"{seconds} s"
    minutes = seconds // 60
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"
