"""What may be wrong with a PostgreSQL server, in our words: its own may name its address and user."""

import re
from typing import TYPE_CHECKING, Final

from attrs import frozen

if TYPE_CHECKING:
    import psycopg


@frozen
class PostgresFault:
    """What is wrong, and what to do about it."""

    problem: str
    """The end of a sentence that begins with "PostgreSQL"."""
    remedy: str
    is_permanent: bool = False
    """Whether it stays so until something is changed."""


class PostgresFaultError(Exception):
    """The server cannot be used; whoever asked for it says so in an error of its own."""

    def __init__(self, fault: PostgresFault) -> None:
        super().__init__(fault.problem)
        self.fault: Final = fault


SILENT: Final = PostgresFault(
    "did not respond in time", "Check that the server runs, is not overloaded, and can be reached."
)
BUSY: Final = PostgresFault(
    "had no connection for this call in time", "Spread the work over fewer threads, or look for a slow disk."
)
READ_ONLY: Final = PostgresFault(
    "is read-only",
    "Use the primary server: name all hosts and add target_session_attrs=read-write to the address; or see "
    "why it refuses to write.",
)
_FULL: Final = PostgresFault(
    "has no connection left", "Raise max_connections, or put a pooler such as PgBouncer in front of it."
)
_CREDENTIALS: Final = PostgresFault(
    "refuses this user or its password",
    "Correct user and password in the address, or pg_hba.conf.",
    is_permanent=True,
)
_DATABASE: Final = PostgresFault(
    "has no such database", "Create it, or correct its name in the address.", is_permanent=True
)
_TRUST: Final = PostgresFault(
    "is not trusted, or speaks no TLS",
    "Correct sslmode and sslrootcert in the address, or the certificate.",
    is_permanent=True,
)
_STARTING: Final = PostgresFault("is starting or stopping", "Try again when it runs.")
_UNREACHABLE: Final = PostgresFault(
    "cannot be reached", "Check that the server runs, and host and port in the address."
)
_PERMISSION: Final = PostgresFault(
    "refuses what its user may not do",
    "Run `belvo-async backend init` as a user who may create tables, and grant this one the use of them.",
    is_permanent=True,
)
_NO_SPACE: Final = PostgresFault("has no space left", "Free some space on its disk.")
_NO_TABLES: Final = PostgresFault(
    "has lost its tables",
    "Run `belvo-async backend init`, which makes them; it forgets nothing that is there.",
    is_permanent=True,
)
_REFUSALS: Final = (
    ("too many (clients|connections)|connection slots", _FULL),
    (r"authentication failed|no password|pg_hba\.conf|role .* (not exist|not permitted)", _CREDENTIALS),
    ("database .* does not exist", _DATABASE),
    ("permission denied for database", _PERMISSION),
    ("SSL|certificate", _TRUST),
    ("starting up|shutting down|in recovery mode|not yet accepting", _STARTING),
    ("read-only|read-write|recovery", READ_ONLY),
    ("timeout|timed out", SILENT),
)
"""How a server or its library words a refusal to connect: there is no code."""
_STATES: Final = {
    "25006": READ_ONLY,
    "42501": _PERMISSION,
    "3F000": _NO_TABLES,
    "42P01": _NO_TABLES,
    "53100": _NO_SPACE,
    "53300": _FULL,
    "55000": READ_ONLY,
    "57P01": _STARTING,
    "57P02": _STARTING,
    "57P03": _STARTING,
}
"""By SQLSTATE."""


def explain_refusal(error: Exception) -> PostgresFault:
    """Return why there is no connection; *error* and its text are dropped, as they hold the address."""
    text = str(error)
    return next((fault for sign, fault in _REFUSALS if re.search(sign, text)), _UNREACHABLE)


def explain(error: "psycopg.Error") -> PostgresFault:
    """Return why a statement failed."""
    known = _STATES.get(error.sqlstate or "")
    if known is not None:
        return known
    code = f", {error.sqlstate}" if error.sqlstate else ""
    return PostgresFault(
        f"could not do its work ({type(error).__name__}{code})",
        "Check that the server runs and is writable, and look at its log.",
    )
