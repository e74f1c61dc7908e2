"""The one form of our files, for the links of jobs and for parked challenges, and how earlier ones get it."""

import sqlite3
from collections.abc import Callable, Mapping
from typing import Final

from attrs import frozen

APPLICATION_ID: Final = int.from_bytes(b"belv", "big")
VERSION: Final = 5
_STORE_ID: Final = int.from_bytes(b"belc", "big")
"""Of a file of challenges, while journals and stores had forms of their own."""
_HEADER: Final = """SELECT application_id, user_version, (SELECT count(*) FROM sqlite_master)
    FROM pragma_application_id, pragma_user_version"""
"""One statement, so that a file that another process makes meanwhile is seen before or after, not half."""
_LINKS: Final = (
    """CREATE TABLE links (
        job INTEGER NOT NULL,
        link_id TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('queued', 'submitted', 'challenged', 'answered', 'parked',
            'updated', 'retrieved', 'refused', 'unsettled')),
        version INTEGER NOT NULL,
        at TEXT NOT NULL,
        institution TEXT,
        submitted_at TEXT,
        logins INTEGER NOT NULL DEFAULT 0,
        ticket TEXT,
        expires_at TEXT,
        code TEXT,
        message TEXT,
        may_retry INTEGER NOT NULL DEFAULT 0,
        retry_at TEXT,
        credentials TEXT,
        refused TEXT,
        run INTEGER NOT NULL,
        PRIMARY KEY (job, link_id)
    ) WITHOUT ROWID""",
    """CREATE INDEX links_by_expiry ON links (job, expires_at)
        WHERE state IN ('challenged', 'parked')""",
    "CREATE INDEX links_by_id ON links (link_id)",
)
_JOBS: Final = (
    """CREATE TABLE jobs (
        number INTEGER PRIMARY KEY,
        owner TEXT NOT NULL,
        name TEXT NOT NULL,
        environment TEXT NOT NULL,
        runs INTEGER NOT NULL,
        started_at TEXT NOT NULL,
        ended_at TEXT,
        reason TEXT,
        total INTEGER,
        is_paused INTEGER NOT NULL DEFAULT 0,
        purpose TEXT,
        output_end INTEGER,
        output_digest TEXT,
        UNIQUE (owner, name)
    )""",
    *_LINKS,
)
_LINK_COLUMNS: Final = (
    "at, institution, submitted_at, logins, ticket, expires_at, code, message, may_retry, retry_at, "
    "credentials, refused, run"
)
JOURNAL_JOB: Final = "journal"
"""The name of the one job of a journal."""
_OUTPUT_COLUMNS: Final = ("purpose TEXT", "output_end INTEGER", "output_digest TEXT")
_ADD_OUTPUT: Final = (
    *(f"ALTER TABLE jobs ADD COLUMN {column}" for column in _OUTPUT_COLUMNS),
    "ALTER TABLE links RENAME TO earlier",
    "DROP INDEX links_by_expiry",
    "DROP INDEX links_by_id",
    *_LINKS,
    f"""INSERT INTO links (job, link_id, state, version, {_LINK_COLUMNS})
        SELECT job, link_id, state, version, {_LINK_COLUMNS} FROM earlier""",  # noqa: S608 - ours
    "DROP TABLE earlier",
)
"""Until version 4 jobs updated links, and had no output."""
_MOVE_JOB: Final = (
    "ALTER TABLE links RENAME TO earlier",
    "DROP INDEX links_by_expiry",
    *_JOBS,
    f"""INSERT INTO jobs (number, owner, name, environment, runs, started_at, ended_at, reason, total)
        SELECT 1, digest, '{JOURNAL_JOB}', environment, number, started_at, ended_at, reason, total
        FROM client, runs ORDER BY number DESC LIMIT 1""",  # noqa: S608 - ours
    f"""INSERT INTO links (job, link_id, state, version, {_LINK_COLUMNS})
        SELECT 1, link_id, state, 1, {_LINK_COLUMNS} FROM earlier""",  # noqa: S608 - ours
    "DROP TABLE earlier",
    "DROP TABLE runs",
    "DROP TABLE client",
)
"""Until version 3 a file had one job, without a name."""
_CHALLENGES: Final = (
    """CREATE TABLE challenges (
        key TEXT PRIMARY KEY NOT NULL,
        owner TEXT NOT NULL,
        link TEXT NOT NULL,
        phase TEXT NOT NULL,
        version INTEGER NOT NULL,
        expires_at INTEGER NOT NULL,
        keep_until INTEGER NOT NULL,
        record TEXT NOT NULL
    )""",
    "CREATE INDEX challenges_by_expiry ON challenges (owner, phase, expires_at)",
    "CREATE INDEX challenges_by_link ON challenges (link, expires_at)",
    "CREATE INDEX challenges_by_keep ON challenges (keep_until)",
)
_COLUMNS: Final = ("key", "owner", "link", "phase", "version", "expires_at", "keep_until", "record")
_TAKE_CHALLENGES: Final = f"""INSERT INTO challenges ({", ".join(_COLUMNS)})
    SELECT {", ".join(f"json_extract(cells, '$.{name}')" for name in _COLUMNS)}
    FROM (SELECT park(digest, link_id, institution, ticket, parked, at, expires_at) AS cells
        FROM links, client WHERE parked IS NOT NULL AND state IN ('challenged', 'parked'))"""  # noqa: S608 - the names of our own columns
"""The journal of a job kept its challenges itself; those whose token may have left stay away from others."""


def _rebuild(link: str) -> tuple[str, ...]:
    """Return what moves the challenges of a store into a table of today's form; *link* names their link."""
    return (
        "ALTER TABLE challenges RENAME TO earlier",
        *(f"DROP INDEX IF EXISTS challenges_by_{name}" for name in ("expiry", "keep", "link")),
        *_CHALLENGES,
        f"""INSERT INTO challenges
            SELECT key, owner, {link}, phase, version, expires_at, keep_until, record FROM earlier""",  # noqa: S608 - ours
        "DROP TABLE earlier",
    )


_NAME: Final = (
    f"PRAGMA application_id = {APPLICATION_ID}",
    f"PRAGMA user_version = {VERSION}",
)
_UPGRADES: Final[dict[tuple[int, int], tuple[str, ...]]] = {
    (APPLICATION_ID, 2): (
        "DROP TABLE generation",
        *_CHALLENGES,
        _TAKE_CHALLENGES,
        "DROP INDEX links_by_ticket",
        "ALTER TABLE links DROP COLUMN parked",
        *_MOVE_JOB,
    ),
    (APPLICATION_ID, 3): _MOVE_JOB,
    (APPLICATION_ID, 4): _ADD_OUTPUT,
    (_STORE_ID, 1): (*_rebuild("find_link(owner, record)"), *_JOBS),
    (_STORE_ID, 2): (*_rebuild("link"), *_JOBS),
}
"""What an earlier form lacks, by its application and version."""


@frozen
class FileHeader:
    """What a file says that it is."""

    application: int
    version: int
    tables: int

    @property
    def is_empty(self) -> bool:
        """Whether nobody has written anything, so that it may become a file of ours."""
        return not (self.application or self.version or self.tables)

    @property
    def is_current(self) -> bool:
        """Whether it has the form of today."""
        return (self.application, self.version) == (APPLICATION_ID, VERSION)

    @property
    def is_logged_journal(self) -> bool:
        """Whether it is a journal of version 2, whose newest states may stand in a log beside it."""
        return (self.application, self.version) == (APPLICATION_ID, 2)

    def find_problem(self) -> str | None:
        """Return why it can be neither read nor upgraded, or None."""
        kind = (self.application, self.version)
        if self.is_empty or self.is_current or kind in _UPGRADES:
            return None
        if self.application in (APPLICATION_ID, _STORE_ID):
            return f"is of version {self.version} (user_version), which this belvo_async cannot read"
        return f"is a database of another application (application_id {self.application})"


def read_header(connection: sqlite3.Connection) -> FileHeader:
    """Read what a file says that it is."""
    return FileHeader(*connection.execute(_HEADER).fetchone())


def upgrade(
    connection: sqlite3.Connection, header: FileHeader, functions: Mapping[str, Callable[..., str]]
) -> None:
    """Give an empty or earlier file the form of today, in the transaction of the caller.

    It calls *functions*, by their names in SQL.
    """
    for name, function in functions.items():
        connection.create_function(name, -1, function)
    missing = _UPGRADES.get((header.application, header.version), (*_JOBS, *_CHALLENGES))
    for statement in (*missing, *_NAME):
        connection.execute(statement)
