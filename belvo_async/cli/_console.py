"""Where the command line writes, and how text from elsewhere is made harmless first."""

import copy

from rich.console import Console
from rich.text import Text

from belvo_async import BelvoError
from belvo_async.cli._remedies import find_remedy
from belvo_async.models import write_line

_WIDE = 160


def open_output() -> Console:
    """Return the console of results; text is never read as markup."""
    return _open(stderr=False)


def open_messages() -> Console:
    """Return the console of questions, progress and errors."""
    return _open(stderr=True)


def _open(*, stderr: bool) -> Console:
    console = Console(stderr=stderr, markup=False, emoji=False, highlight=False)
    if not console.is_terminal:
        console.width = max(console.width, _WIDE)  # a pipe has no width: never cut an id for it
    return console


def make_safe(text: str) -> str:
    r"""Return text from elsewhere so that a terminal shows all of it and obeys none of it.

    Escape sequences, control characters and marks that turn the direction of writing become `\x1b` and the
    like; lines stay lines.
    """
    return "\n".join(write_line(line) for line in text.split("\n"))


def write_prose(console: Console, text: str | Text, style: str = "") -> None:
    """Write sentences: folded between words in a terminal, one line for a program that reads them."""
    safe = Text(make_safe(text), style=style) if isinstance(text, str) else text
    console.print(safe, soft_wrap=not console.is_terminal)


def write_error(console: Console, error: BelvoError) -> None:
    """Write what went wrong, and what can be done, without a traceback."""
    told = copy.copy(error)
    told.remedy = find_remedy(error)
    text = Text("Error: ", style="bold red")
    write_prose(console, text.append(make_safe(str(told)), style="default not bold"))
