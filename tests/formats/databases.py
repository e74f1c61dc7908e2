"""SQLite files as text: what a reviewer can read, with all that a reader of ours checks."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TypeAlias

Form: TypeAlias = dict[str, object]
_PRAGMAS = ("application_id", "user_version", "journal_mode")


def dump(path: Path) -> str:
    """Return a closed file as a script that makes it again."""
    with closing(sqlite3.connect(path)) as connection:
        pragmas = [f"PRAGMA {name} = {_ask(connection, name)};" for name in _PRAGMAS]
        return "\n".join([*pragmas, *connection.iterdump(), ""])


def load(script: Path, path: Path) -> Path:
    """Make the file of a script."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script.read_text("utf-8"))
    return path


def read_form(path: Path) -> Form:
    """Return the version numbers, and how each table and index is declared, white space aside."""
    with closing(sqlite3.connect(path)) as connection:
        declared = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
        pragmas = {name: _ask(connection, name) for name in _PRAGMAS}
    return pragmas | {name: " ".join(sql.split()) for name, sql in declared}


def read_rows(path: Path, table: str) -> list[dict[str, object]]:
    """Return the rows of a table by the names of their columns."""
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        rows = connection.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall()  # noqa: S608 - ours
    return [dict(row) for row in rows]


def _ask(connection: sqlite3.Connection, pragma: str) -> object:
    return connection.execute(f"PRAGMA {pragma}").fetchone()[0]
