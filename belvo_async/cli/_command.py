"""What every command is put into: its help, its errors, its exit code."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Final, NoReturn

import typer

from belvo_async import BelvoError
from belvo_async.cli._console import open_messages, write_error, write_prose
from belvo_async.cli._exit_codes import EXIT_CODES, ExitCode, find_code

EPILOG: Final = "Exit codes: " + "; ".join(f"{code.value} {meaning}" for code, meaning in EXIT_CODES) + "."
ENVIRONMENT: Final = "Reads BELVO_SECRET_ID, BELVO_SECRET_PASSWORD and BELVO_ENVIRONMENT."


def finish(work: Coroutine[object, object, ExitCode]) -> NoReturn:
    """Run *work* to its end; leave with its exit code."""
    raise typer.Exit(asyncio.run(work))


@contextmanager
def telling_errors() -> Iterator[None]:
    """Turn an error of the package, or Ctrl-C at a prompt, into one message and an exit code."""
    try:
        yield
    except BelvoError as error:
        write_error(open_messages(), error)
        raise typer.Exit(find_code(error)) from None
    except KeyboardInterrupt:
        write_prose(open_messages(), "\nInterrupted; nothing was changed.", "yellow")
        raise typer.Exit(ExitCode.INTERRUPTED) from None


def say(text: str) -> None:
    """Tell the person something, aside from the results."""
    write_prose(open_messages(), text, "yellow")
