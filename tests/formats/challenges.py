"""Plays parked challenges into each phase, and writes the fixtures of the stores."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, TypeAlias

from attrs import evolve

from belvo_async import BelvoError, LinkUpdate, SessionPool
from belvo_async.backends import ChallengeRow, MemoryChallengeStore, SqliteChallengeStore
from belvo_async.errors import ChallengeStoreError
from belvo_async.models import ChallengePhase
from belvo_async.testing import BelvoMock, ManualClock, mocked_belvo
from tests.challenges.stores import TroubledStore
from tests.formats.databases import dump
from tests.formats.places import HERE, write_new
from tests.formats.pools import open_pool
from tests.formats.values import NOON, build_state, name_link

Cells: TypeAlias = dict[str, str | int]
ROWS: Final = HERE / "rows_3" / "rows.json"
SQLITE: Final = HERE / "sqlite_5" / "store.sql"
LOGIN_LIMIT: Final = 331.0
"""Seconds after which a login has surely ended."""
NUMBERS: Final = {"unsettled": 1, "open": 2, "claimed": 3, "answered": 4, "updated": 5, "refused": 6}
NUMBERS_OF_OTHERS: Final = {"declined": 7, "asked_again": 8, "superseded": 9}
ALL: Final = NUMBERS | NUMBERS_OF_OTHERS


def name_ticket(name: str) -> str:
    """Return the ticket of the challenge that is to come to this end."""
    return name.ljust(32, "-")


async def play_rows() -> list[ChallengeRow]:
    """Return a row in each phase that is ever stored, as a store gets them from `challenges`."""
    store, clock = MemoryChallengeStore(), ManualClock(start=NOON)
    troubled = TroubledStore(store)
    with mocked_belvo() as belvo:
        async with open_pool(troubled, clock) as pool:
            await _play(pool, belvo, clock, troubled)
            owner = pool.identity.digest
    found = [await store.list(owner, phase, after=NOON, limit=10) for phase in ChallengePhase]
    return sorted((row for rows in found for row in rows), key=lambda row: row.key)


async def _play(pool: SessionPool, belvo: BelvoMock, clock: ManualClock, store: TroubledStore) -> None:
    """End what has to be settled first: a claim is young only at the end."""
    await _park(pool, clock, "unsettled")
    await _answer_and_die(pool, belvo, store, "unsettled")
    await clock.advance(LOGIN_LIMIT)
    belvo.link_read(name_link(ALL["unsettled"]))
    await pool.challenges.settle(name_ticket("unsettled"))
    for name in list(ALL)[1:]:
        await _park(pool, clock, name)
    belvo.link_updated(name_link(ALL["updated"]))
    await pool.challenges.resume(name_ticket("updated"), "111111")
    belvo.error(name_link(ALL["refused"]), 400, "login_error", "Invalid credentials")
    await _fail(pool, "refused")
    belvo.challenge(name_link(ALL["asked_again"]), "text", session="session-again", expiry=600)
    await _fail(pool, "asked_again")
    await pool.challenges.decline(name_ticket("declined"))
    belvo.link_updated(name_link(ALL["superseded"]))
    await pool.links.update(LinkUpdate(name_link(ALL["superseded"]), password="new"))
    await _answer_and_die(pool, belvo, store, "answered")
    store.after = _fail_from("replace claimed")
    await _fail(pool, "claimed")


async def _park(pool: SessionPool, clock: ManualClock, name: str) -> None:
    state = evolve(build_state(ALL[name]), deadline=clock.monotonic() + 9000.5)
    notes = {"institution": "heimdall_mx_retail", "reference": "user 7"} if name == "open" else {}
    await pool.challenges.park(state, ticket=name_ticket(name), **notes)


async def _answer_and_die(pool: SessionPool, belvo: BelvoMock, store: TroubledStore, name: str) -> None:
    belvo.link_updated(name_link(ALL[name]))
    store.before = _fail_from("replace updated")
    await pool.challenges.resume(name_ticket(name), "111111")
    store.heal()


async def _fail(pool: SessionPool, name: str) -> None:
    try:
        await pool.challenges.resume(name_ticket(name), "111111")
    except BelvoError:
        return
    raise AssertionError(name)


def _fail_from(first: str) -> Callable[[int, str], Awaitable[None]]:
    """Build the trouble of a store that is gone from this call on, as after a kill."""
    gone: list[str] = []

    async def fail(_: int, name: str) -> None:
        if name == first or gone:
            gone.append(name)
            raise ChallengeStoreError("the store is gone")

    return fail


async def make_sqlite(path: Path, rows: list[ChallengeRow]) -> None:
    """Make a file with these rows."""
    async with SqliteChallengeStore(path) as store:
        for row in rows:
            assert await store.add(row)


def read_rows_of(path: Path) -> list[ChallengeRow]:
    """Return the rows whose cells a file holds."""
    cells: list[Cells] = json.loads(path.read_text("utf-8"))
    return [ChallengeRow.read_cells(one) for one in cells]


def write() -> None:
    """Write the cells of the rows, and the SQLite file that holds them."""
    rows = asyncio.run(play_rows())
    write_new(ROWS, (json.dumps([row.write_cells() for row in rows], indent=1) + "\n").encode())
    with TemporaryDirectory() as directory:
        path = Path(directory) / "store.sqlite"
        asyncio.run(make_sqlite(path, rows))
        write_new(SQLITE, dump(path).encode())
