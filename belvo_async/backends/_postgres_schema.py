"""The tables of a backend in PostgreSQL: who opens it first makes them.

They are in parts, each with a version of its own: a part that is new to a database is made there, and one
that this package does not know is left alone. A part of the version before gets what it lacks, and goes on
to serve processes of that version; one of the version after works. One that is further away is refused, and
nothing is changed.
"""

from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from belvo_async.backends._postgres_faults import PostgresFault, PostgresFaultError

if TYPE_CHECKING:
    import psycopg


@frozen
class Part:
    """Some tables with one version."""

    name: str
    version: int
    statements: tuple[str, ...]
    """What makes them; `{schema}` stands for where."""
    upgrade: tuple[str, ...] = ()
    """What the version before lacks."""


PARTS: Final = (
    Part(
        "coordinator",
        1,
        (
            """CREATE TABLE {schema}.records (
                kind text NOT NULL,
                key text NOT NULL,
                text text NOT NULL,
                changed_at bigint NOT NULL,
                until bigint NOT NULL,
                PRIMARY KEY (kind, key)
            ) WITH (fillfactor = 50)""",
        ),
    ),
    Part(
        "challenges",
        1,
        (
            """CREATE TABLE {schema}.challenges (
                key text PRIMARY KEY,
                owner text NOT NULL,
                link text NOT NULL,
                phase text NOT NULL,
                version bigint NOT NULL,
                expires_at bigint NOT NULL,
                keep_until bigint NOT NULL,
                record text NOT NULL
            )""",
            "CREATE INDEX challenges_by_expiry ON {schema}.challenges (owner, phase, expires_at)",
            "CREATE INDEX challenges_by_link ON {schema}.challenges (link, expires_at)",
            "CREATE INDEX challenges_by_keep ON {schema}.challenges (keep_until)",
        ),
    ),
    Part(
        "ledger",
        2,
        (
            """CREATE TABLE {schema}.jobs (
                number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                owner text NOT NULL,
                name text NOT NULL,
                environment text NOT NULL,
                runs integer NOT NULL,
                started_at bigint NOT NULL,
                ended_at bigint,
                reason text,
                total bigint,
                is_paused boolean NOT NULL DEFAULT false,
                purpose text,
                output_end bigint,
                output_digest text,
                UNIQUE (owner, name)
            )""",
            """CREATE TABLE {schema}.links (
                job bigint NOT NULL,
                link_id text NOT NULL,
                state text NOT NULL,
                version integer NOT NULL,
                at bigint NOT NULL,
                institution text,
                submitted_at bigint,
                logins integer NOT NULL DEFAULT 0,
                ticket text,
                expires_at bigint,
                code text,
                message text,
                may_retry boolean NOT NULL DEFAULT false,
                retry_at bigint,
                credentials text,
                refused text,
                run integer NOT NULL,
                PRIMARY KEY (job, link_id)
            ) WITH (fillfactor = 70)""",
            """CREATE INDEX links_unfinished ON {schema}.links (job, expires_at)
                WHERE state IN ('submitted', 'challenged', 'answered', 'parked')""",
            "CREATE INDEX links_by_id ON {schema}.links (link_id)",
        ),
        (
            "ALTER TABLE {schema}.jobs ADD COLUMN IF NOT EXISTS purpose text",
            "ALTER TABLE {schema}.jobs ADD COLUMN IF NOT EXISTS output_end bigint",
            "ALTER TABLE {schema}.jobs ADD COLUMN IF NOT EXISTS output_digest text",
        ),
    ),
)
"""Times are microseconds since 1970. Records have no index on theirs, and pages with room, so that
one that changes often does so in place."""

_FIND: Final = "SELECT to_regclass('{schema}.versions') IS NOT NULL AS is_there"
_READ: Final = "SELECT part, version FROM {schema}.versions"
_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended('belvo_async {schema}', 0))"
"""Lets those that start at once make the tables one after the other; it ends with the transaction."""
_FIND_SCHEMA: Final = "SELECT to_regnamespace('{schema}') IS NOT NULL AS is_there"
_MAKE_SCHEMA: Final = "CREATE SCHEMA {schema}"
_MAKE_VERSIONS: Final = """CREATE TABLE IF NOT EXISTS {schema}.versions (
    part text PRIMARY KEY,
    version integer NOT NULL
)"""
_NOTE: Final = """INSERT INTO {schema}.versions (part, version) VALUES (%s, %s)
    ON CONFLICT (part) DO UPDATE SET version = excluded.version"""


def prepare(connection: "psycopg.Connection[dict[str, Any]]", schema: str) -> None:  # Any: of the columns
    """Make the tables that are not there; where all are, nothing is asked for but to read.

    Raises:
        PostgresFaultError: They are of a version that this package cannot use.
    """
    if _find_missing(connection, schema):
        with connection.transaction():
            _run(connection, schema, _LOCK)
            _make(connection, schema)


def _make(connection: "psycopg.Connection[dict[str, Any]]", schema: str) -> None:
    if not _run(connection, schema, _FIND_SCHEMA)[0]["is_there"]:  # to make it again may be forbidden
        connection.execute(_fill(_MAKE_SCHEMA, schema))
    for part, statements in _find_missing(connection, schema):
        connection.execute(_fill(_MAKE_VERSIONS, schema))
        for statement in statements:
            connection.execute(_fill(statement, schema))
        connection.execute(_fill(_NOTE, schema), (part.name, part.version))


def _find_missing(
    connection: "psycopg.Connection[dict[str, Any]]", schema: str
) -> list[tuple[Part, tuple[str, ...]]]:
    """Return the parts that are not there, or of the version before, each with what makes them so."""
    is_there = _run(connection, schema, _FIND)[0]["is_there"]
    rows = _run(connection, schema, _READ) if is_there else []
    versions: dict[str, int] = {row["part"]: row["version"] for row in rows}
    return [(part, missing) for part in PARTS if (missing := _list_missing(part, versions.get(part.name)))]


def _list_missing(part: Part, found: int | None) -> tuple[str, ...]:
    if found is None:
        return part.statements
    if abs(found - part.version) > 1:
        raise PostgresFaultError(
            PostgresFault(
                f"has tables of version {found} ({part.name}), and this belvo_async uses version "
                f"{part.version}",
                "Use the version of belvo_async that made them, or another schema.",
                is_permanent=True,
            )
        )
    return part.upgrade if found < part.version else ()


def _run(
    connection: "psycopg.Connection[dict[str, Any]]", schema: str, statement: str
) -> list[dict[str, Any]]:
    return connection.execute(_fill(statement, schema)).fetchall()


def _fill(statement: str, schema: str) -> bytes:
    return statement.format(schema=schema).encode()
