"""Writes journals with a link in each state: one that was closed, and one whose process was killed."""

import asyncio
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from belvo_async import ClientIdentity, LinkUpdate
from belvo_async._jobs.journal import Journal
from belvo_async.backends import SqliteChallengeStore
from belvo_async.bulk import LinkState
from belvo_async.testing import ManualClock
from tests.formats.databases import dump
from tests.formats.places import HERE, write_new
from tests.formats.pools import open_pool
from tests.formats.values import ENVIRONMENT, KEYS, NOON, build_state, name_link

NEW: Final = HERE / "journal_3"
IDENTITY: Final = ClientIdentity.build(ENVIRONMENT, KEYS)
PASSWORD: Final = "correct horse battery staple"
NAMES: Final = (
    *("queued", "submitted", "challenged", "answered", "parked", "updated"),
    *("refused", "may_retry", "unsettled"),
)
EXPIRES: Final = NOON + timedelta(seconds=9000, milliseconds=500)
RETRY_AT: Final = NOON + timedelta(minutes=30)


def name(state: str) -> str:
    """Return the id of the link that is left in this state."""
    return name_link(NAMES.index(state) + 1)


def name_ticket(state: str) -> str:
    """Return the ticket of the challenge of a link."""
    return f"ticket-{state}".ljust(32, "-")


def build_update(state: str) -> LinkUpdate:
    """Return what the job sends for a link."""
    return LinkUpdate(name(state), password=PASSWORD)


async def make_closed(path: Path) -> None:
    """Run a job that stops, and closes its journal."""
    journal = Journal(path, IDENTITY, clock=ManualClock(start=NOON))
    await journal.open(total=len(NAMES))
    async with SqliteChallengeStore(path) as store, open_pool(store) as pool:
        for state in ("challenged", "parked"):
            challenge = build_state(NAMES.index(state) + 1)
            await pool.challenges.park(challenge, ticket=name_ticket(state))
    await _fill(journal)
    await journal.end_run("it was stopped")
    await journal.close()


async def make_killed(path: Path, copy: Path) -> None:
    """Run a second job on a closed journal, and copy what a kill in its midst would leave."""
    journal = Journal(path, IDENTITY, clock=ManualClock(start=NOON + timedelta(minutes=1)))
    await journal.open()
    await journal.admit([(name("queued"), None)])
    await journal.submit(name("queued"), NOON + timedelta(minutes=1))
    shutil.copyfile(path, copy)
    await journal.close()


async def _fill(journal: Journal) -> None:
    await journal.admit([(name(state), None if state == "queued" else "erebor_mx_retail") for state in NAMES])
    for state in NAMES[1:]:
        digest = IDENTITY.digest_credentials(build_update(state))
        await journal.submit(name(state), _leave(state), digest)
    for state in ("challenged", "answered"):
        await journal.challenge(name(state), ticket=name_ticket(state), expires_at=EXPIRES)
    await journal.answer(name("answered"), NOON + timedelta(seconds=1))
    await journal.park(name("parked"), ticket=name_ticket("parked"), expires_at=EXPIRES)
    await journal.finish(name("updated"), LinkState.UPDATED, institution="gringotts_mx_retail")
    said = "Invalid\ud83d credentials"  # half a character, as JSON can smuggle it in
    await journal.finish(
        name("refused"), LinkState.REFUSED, code="login_error", message=said, holds_back=True
    )
    await journal.finish(
        name("may_retry"),
        LinkState.REFUSED,
        code="institution_down",
        message="Down",
        may_retry=True,
        retry_at=RETRY_AT,
    )
    await journal.finish(
        name("unsettled"), LinkState.UNSETTLED, code="OutcomeUnknownError", message="Nobody knows"
    )


def _leave(state: str) -> datetime:
    return NOON + timedelta(microseconds=NAMES.index(state))


def write() -> None:
    """Write both."""
    with TemporaryDirectory() as directory:
        path, copy = Path(directory) / "journal.sqlite", Path(directory) / "killed.sqlite"
        asyncio.run(make_closed(path))
        write_new(NEW / "closed.sql", dump(path).encode())
        asyncio.run(make_killed(path, copy))
        write_new(NEW / "killed.sqlite", copy.read_bytes())
