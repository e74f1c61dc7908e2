"""The tables of a journal, and the version of its file."""

from typing import Final

from belvo_async.bulk._journal_owner import CLIENT_SCHEMA
from belvo_async.bulk._records import LinkState
from belvo_async.bulk._write_ahead_log import GENERATION_SCHEMA

APPLICATION_ID: Final = int.from_bytes(b"belv", "big")
VERSION: Final = 2

_STATES: Final = ", ".join(f"'{state}'" for state in LinkState)
SCHEMA: Final = (
    f"""CREATE TABLE links (
        link_id TEXT PRIMARY KEY NOT NULL,
        state TEXT NOT NULL CHECK (state IN ({_STATES})),
        at TEXT NOT NULL,
        institution TEXT,
        submitted_at TEXT,
        logins INTEGER NOT NULL DEFAULT 0,
        ticket TEXT,
        parked TEXT,
        expires_at TEXT,
        code TEXT,
        message TEXT,
        may_retry INTEGER NOT NULL DEFAULT 0,
        retry_at TEXT,
        credentials TEXT,
        refused TEXT,
        run INTEGER NOT NULL
    ) WITHOUT ROWID""",
    "CREATE UNIQUE INDEX links_by_ticket ON links (ticket) WHERE ticket IS NOT NULL",
    "CREATE INDEX links_by_expiry ON links (expires_at) WHERE state IN ('challenged', 'parked')",
    """CREATE TABLE runs (
        number INTEGER PRIMARY KEY,
        started_at TEXT NOT NULL,
        ended_at TEXT,
        reason TEXT,
        total INTEGER
    )""",
    *GENERATION_SCHEMA,
    CLIENT_SCHEMA,
    f"PRAGMA application_id = {APPLICATION_ID}",
    f"PRAGMA user_version = {VERSION}",
)
