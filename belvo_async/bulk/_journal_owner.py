"""A journal belongs to one Belvo client in one environment: another's links are not its links."""

import sqlite3
from pathlib import Path
from typing import Final

from belvo_async.errors import JournalMismatchError
from belvo_async.params import ClientIdentity

CLIENT_SCHEMA: Final = "CREATE TABLE client (digest TEXT NOT NULL, environment TEXT NOT NULL)"
_READ: Final = "SELECT digest, environment FROM client"
_WRITE: Final = "INSERT INTO client VALUES (?, ?)"


def find_environment(connection: sqlite3.Connection) -> str | None:
    """Return the base address of the environment that a journal belongs to; None before its first run."""
    row = connection.execute(_READ).fetchone()
    return None if row is None else str(row["environment"])


def check_client(connection: sqlite3.Connection, path: Path, identity: ClientIdentity | None) -> None:
    """Refuse another client's journal; one that nobody has used yet, or no identity, passes.

    Raises:
        JournalMismatchError: It belongs to other keys, or to another environment.
    """
    row = connection.execute(_READ).fetchone()
    if row is None or identity is None or row["digest"] == identity.digest:
        return
    if row["environment"] == identity.environment:
        problem = "belongs to another Belvo client: it was begun with keys of another id"
    else:
        problem = f"belongs to {row['environment']}, and these keys are used on {identity.environment}"
    raise JournalMismatchError(
        f"The journal {path} {problem}.",
        remedy="Set the keys and the environment that it was begun with, or name another journal.",
    )


def bind(connection: sqlite3.Connection, identity: ClientIdentity | None) -> None:
    """Write down whose journal this is, if nobody has."""
    if identity is not None and connection.execute(_READ).fetchone() is None:
        connection.execute(_WRITE, (identity.digest, identity.environment))
