"""Writes journals with a link in each state: one that was closed, and one whose process was killed."""

import asyncio
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from belvo_async import ClientIdentity, LinkUpdate
from belvo_async._jobs.job_ledger import JobLedger
from belvo_async._jobs.opening import find_ledger
from belvo_async.backends import LinkState, SqliteChallengeStore
from belvo_async.testing import ManualClock
from tests.formats.databases import dump
from tests.formats.places import HERE, write_new
from tests.formats.pools import open_pool
from tests.formats.values import ENVIRONMENT, KEYS, NOON, build_state, name_link

NEW: Final = HERE / "journal_5"
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
    async with SqliteChallengeStore(path) as store, open_pool(store) as pool:
        for state in ("challenged", "parked"):
            challenge = build_state(NAMES.index(state) + 1)
            await pool.challenges.park(challenge, ticket=name_ticket(state))
        ledger = find_ledger(pool, job=None, journal=path, dry_run=False)
        await ledger.open()
        await ledger.begin(total=len(NAMES))
        await _fill(ledger)
        await ledger.end_run("it was stopped")
        await ledger.close()


async def make_killed(path: Path, copy: Path) -> None:
    """Run a second job on a closed journal, and copy what a kill in its midst would leave."""
    async with open_pool(clock=ManualClock(start=NOON + timedelta(minutes=1))) as pool:
        ledger = find_ledger(pool, job=None, journal=path, dry_run=False)
        await ledger.open()
        await ledger.begin()
        ((row, _),) = await ledger.admit([(name("queued"), None)])
        await ledger.write(row).submit(NOON + timedelta(minutes=1))
        shutil.copyfile(path, copy)
        await ledger.close()


async def _fill(ledger: JobLedger) -> None:
    rows = await ledger.admit(
        [(name(state), None if state == "queued" else "erebor_mx_retail") for state in NAMES]
    )
    steps = {state: ledger.write(row) for state, (row, _) in zip(NAMES, rows, strict=True)}
    for state in NAMES[1:]:
        digest = IDENTITY.digest_credentials(build_update(state))
        await steps[state].submit(_leave(state), digest)
    for state in ("challenged", "answered"):
        await steps[state].challenge(ticket=name_ticket(state), expires_at=EXPIRES)
    await steps["answered"].answer(NOON + timedelta(seconds=1))
    await steps["parked"].park(ticket=name_ticket("parked"), expires_at=EXPIRES)
    await steps["updated"].finish(LinkState.UPDATED, institution="gringotts_mx_retail")
    said = "Invalid\ud83d credentials"  # half a character, as JSON can smuggle it in
    await steps["refused"].finish(LinkState.REFUSED, code="login_error", message=said, holds_back=True)
    await steps["may_retry"].finish(
        LinkState.REFUSED, code="institution_down", message="Down", may_retry=True, retry_at=RETRY_AT
    )
    await steps["unsettled"].finish(LinkState.UNSETTLED, code="OutcomeUnknownError", message="Nobody knows")


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
