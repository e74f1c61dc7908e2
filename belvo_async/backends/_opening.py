"""One setting for whichever backend."""

import os
import re
from typing import Final

from belvo_async.backends._backend import RedisBackend, SqliteBackend
from belvo_async.backends._postgres_backend import PostgresBackend
from belvo_async.errors import ConfigurationError

_REDIS: Final = ("redis://", "rediss://", "unix://")
_POSTGRES: Final = ("postgresql://", "postgres://")
_SQLITE: Final = "sqlite:///"
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
"""Two letters at least: one is a drive of Windows."""
_REMEDY: Final = (
    "Pass a path, sqlite:///path, redis://host:6379/0, rediss://host:6379/0 or postgresql://host/database."
)


def make_backend(where: str | os.PathLike[str]) -> SqliteBackend | RedisBackend | PostgresBackend:
    """Make the backend that a setting names, to be used as `async with`.

    Args:
        where: The path of an SQLite file, `sqlite:///` and such a path, an address of Redis (`redis://`,
            `rediss://`, `unix://`), or one of PostgreSQL (`postgresql://`, `postgres://`).

    Raises:
        ConfigurationError: It is none of these, or the extra `redis` or `postgres` is missing. The message
            never shows the value, which may hold a password.

    Example:
        >>> from belvo_async.backends import make_backend
        >>> type(make_backend("sqlite:///jobs/belvo.sqlite")).__name__
        'SqliteBackend'
    """
    text = os.fspath(where)
    if not text.strip():
        raise ConfigurationError("The backend is missing, or no text.", remedy=_REMEDY)
    if text != text.strip() or text[0] in "\"'`\ufeff" or not text.isprintable():
        raise ConfigurationError(
            "The backend begins or ends with blanks or quotes, or holds signs that cannot be printed.",
            remedy="Pass the path or address alone, without quotes around it.",
        )
    if text.lower().startswith(_REDIS):
        return RedisBackend(text)
    if text.lower().startswith(_POSTGRES):
        return PostgresBackend(text)
    if text.lower().startswith(_SQLITE):
        return SqliteBackend(_check_path(text[len(_SQLITE) :]))
    if isinstance(where, str) and _SCHEME.match(text):
        raise ConfigurationError("The backend is of a kind that is not known.", remedy=_REMEDY)
    return SqliteBackend(_check_path(text))


def _check_path(path: str) -> str:
    if not path or path.startswith(("//", "\\\\")):
        raise ConfigurationError(
            "The backend's file has no path, or is on a network drive.",
            remedy="Pass the path of a file on a drive of this machine, or use Redis or PostgreSQL.",
        )
    return path
