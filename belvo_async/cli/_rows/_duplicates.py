"""Which links come twice in a file: found on disk, so that memory stays flat, from ids alone."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Final

from belvo_async.cli._rows._lines import STOPPED, Stop, StoppedError
from belvo_async.errors import UsageError

_BATCH: Final = 4096
_STEPS: Final = 100_000
"""Steps of SQLite between two looks whether to stop."""


class SeenLinks:
    """Link ids and their lines, in a temporary database that vanishes with the connection.

    Use it in one thread, and close it.
    """

    def __init__(self, stop: Stop) -> None:
        self._stop: Final = stop
        self._batch: Final[list[tuple[bytes, int]]] = []
        self._database: Final = sqlite3.connect("", isolation_level=None)
        self._database.set_progress_handler(stop, _STEPS)
        for statement in (
            "PRAGMA journal_mode = OFF",
            "PRAGMA temp_store = FILE",
            "PRAGMA cache_size = -16384",  # KiB; the sorter keeps as much again
            "CREATE TABLE seen (id BLOB, line INTEGER)",  # no index: sorting once is five times as fast
            "BEGIN",
        ):
            self._database.execute(statement)

    def add(self, link_id: str, line: int) -> None:
        """Note a link.

        Raises:
            UsageError: There is no room for the temporary database.
            StoppedError: Told to stop.
        """
        self._batch.append((bytes.fromhex(link_id.replace("-", "")), line))
        if len(self._batch) >= _BATCH:
            self._flush()

    def find_repeated(self) -> Iterator[tuple[int, int]]:
        """Find the rows whose link stood in an earlier row: their line, and the line just before it.

        Raises:
            UsageError: There is no room for the temporary database.
            StoppedError: Told to stop.
        """
        self._flush()
        with self._telling_failures():
            sorted_rows = self._database.execute("SELECT id, line FROM seen ORDER BY id, line")
            for (before, first), (link_id, line) in pairwise(sorted_rows):
                if before == link_id:
                    yield line, first

    def close(self) -> None:
        """Let the database vanish."""
        self._database.close()

    def _flush(self) -> None:
        with self._telling_failures():
            self._database.executemany("INSERT INTO seen VALUES (?, ?)", self._batch)
        self._batch.clear()

    @contextmanager
    def _telling_failures(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            if self._stop():
                raise StoppedError(STOPPED) from None
            raise UsageError(
                f"The search for repeated links failed: {error}.",
                remedy="Make room for some 60 bytes a row, or set SQLITE_TMPDIR to a directory that has it.",
            ) from None
