"""What is wrong with a file, in our words."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from attrs import frozen

from belvo_async._sqlite.file import PERMISSION_REMEDY, REACH_REMEDY
from belvo_async.errors import BelvoError

_BUSY: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_DAMAGED: Final = frozenset({sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT})
_BUSY_REMEDY: Final = "End the program that holds the file locked."
_ANY_REMEDY: Final = "Check its disk and permissions."
_REMEDIES: Final = {
    sqlite3.SQLITE_FULL: "Free some space on its disk.",
    sqlite3.SQLITE_READONLY: PERMISSION_REMEDY,
    sqlite3.SQLITE_CANTOPEN: REACH_REMEDY,
} | dict.fromkeys(_BUSY, _BUSY_REMEDY)
_UNREADABLE_REMEDY: Final = "Restore it from a copy, or name another file; this one was not changed."


@frozen(kw_only=True)
class FileErrors:
    """What a file is called by whoever uses it, and the errors that say what is wrong with it."""

    name: str
    failed: type[BelvoError]
    """It cannot be made, opened, read or written."""
    unreadable: Callable[..., BelvoError]
    """It is damaged, or something else."""
    busy: type[BelvoError]
    """Somebody else holds it locked."""
    advice: str = ""
    """What to do once a failure is mended."""
    assurance: str = ""
    """What else is so while it is opened; the end of a sentence."""

    def build_failed(self, place: Path | None, problem: str, remedy: str) -> BelvoError:
        """Build the error of a file that cannot be opened; None stands for a temporary one."""
        return self.failed(f"{self._name(place)} {problem}{self.assurance}.", remedy=remedy)

    def build_unreadable(
        self, place: Path | None, problem: str, remedy: str = _UNREADABLE_REMEDY
    ) -> BelvoError:
        """Build the error of a file that cannot be read as ours."""
        return self.unreadable(f"{self._name(place)} {problem}{self.assurance}.", remedy=remedy)

    def explain_commit(self, error: Exception, place: Path | None) -> BelvoError:
        """Build the error for a commit that failed; a bug is named, and not quoted."""
        reason = str(error) if isinstance(error, sqlite3.Error) else type(error).__name__
        is_damaged = code_of(error) in _DAMAGED
        explained = (self.unreadable if is_damaged else self.failed)(
            f"{self._name(place)} could not be written or read: {reason}.", remedy=self._find_remedy(error)
        )
        explained.__cause__ = error
        return explained

    def refuse_use(self, place: Path | None, problem: str, remedy: str) -> BelvoError:
        """Build the error of a file that is used at a wrong time."""
        return self.failed(f"{self._name(place)} {problem}.", remedy=remedy)

    @contextmanager
    def explained(self, place: Path | None) -> Iterator[None]:
        """Translate what SQLite raises on the way to an open file."""
        try:
            yield
        except sqlite3.Error as error:
            raise self._explain_opening(error, place) from error

    def _explain_opening(self, error: sqlite3.Error, place: Path | None) -> BelvoError:
        if is_busy(error):
            return self.busy(f"{self._name(place)} is held locked{self.assurance}.", remedy=_BUSY_REMEDY)
        if code_of(error) in _DAMAGED:
            return self.build_unreadable(place, f"is damaged, or no {self.name}: {error}")
        return self.build_failed(place, f"could not be opened: {error}", self._find_remedy(error))

    def _name(self, place: Path | None) -> str:
        return f"The temporary {self.name}" if place is None else f"The {self.name} {place}"

    def _find_remedy(self, error: Exception) -> str:
        return f"{_REMEDIES.get(code_of(error), _ANY_REMEDY)} {self.advice}".rstrip()


def code_of(error: Exception) -> int:
    """Return SQLite's primary result code, or 0 where the error is not SQLite's own."""
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF


def is_busy(error: sqlite3.Error) -> bool:
    """Return whether somebody else holds a lock."""
    return code_of(error) in _BUSY
