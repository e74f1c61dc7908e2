"""A journal belongs to one Belvo client in one environment: another's links are not its links."""

import os
import sqlite3
from typing import Final

from belvo_async.errors import JournalMismatchError
from belvo_async.params import ClientIdentity

_READ: Final = "SELECT digest, environment FROM client"
_WRITE: Final = "INSERT INTO client VALUES (?, ?)"


def find_environment(connection: sqlite3.Connection) -> str | None:
    """Return the base address of the environment that a journal belongs to; None before its first run."""
    row = connection.execute(_READ).fetchone()
    return None if row is None else str(row["environment"])


def bind(
    connection: sqlite3.Connection, path: str | os.PathLike[str] | None, identity: ClientIdentity
) -> None:
    """Write down whose journal this is, or refuse another client's.

    Raises:
        JournalMismatchError: It belongs to other keys, or to another environment.
    """
    row = connection.execute(_READ).fetchone()
    if row is None:
        connection.execute(_WRITE, (identity.digest, identity.environment))
    elif row["digest"] != identity.digest:
        if row["environment"] == identity.environment:
            problem = "belongs to another Belvo client: it was begun with keys of another id"
        else:
            problem = f"belongs to {row['environment']}, and these keys are used on {identity.environment}"
        raise JournalMismatchError(
            f"The journal {path} {problem}.",
            remedy="Set the keys and the environment that it was begun with, or name another journal.",
        )
