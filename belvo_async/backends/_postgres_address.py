"""The address of a PostgreSQL server, and the name of what is ours there."""

import re
from typing import Final

from belvo_async.errors import ConfigurationError

_SCHEMA: Final = re.compile(r"(?!pg_)[a-z_][a-z0-9_]{0,62}")


def read_address(dsn: str, schema: object) -> str:
    """Check both, and return the address with what we set where it sets nothing.

    Raises:
        ConfigurationError: The extra `postgres` is missing, or one of them makes no sense.
    """
    if not isinstance(schema, str) or not _SCHEMA.fullmatch(schema):
        raise ConfigurationError(
            "schema is no name of a schema in PostgreSQL.",
            remedy="Pass a name of lower-case letters, digits and underscores, such as belvo.",
        )
    conninfo: str | None = None
    try:
        from belvo_async.backends._postgres_connections import build_conninfo  # noqa: PLC0415 - an extra

        conninfo = build_conninfo(dsn)
    except ImportError as error:
        raise ConfigurationError(
            "psycopg or psycopg_pool is not installed.", remedy='Run: pip install "belvo-async[postgres]".'
        ) from error
    except (ValueError, TypeError, AttributeError):
        pass
    if conninfo is None:  # what was raised may quote the address, and it the password
        raise ConfigurationError(
            "The address of PostgreSQL makes no sense.",
            remedy="Write it as postgresql://user:password@host:5432/database.",
        )
    return conninfo
