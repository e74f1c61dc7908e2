"""Two pools, one store, and everything that may happen in any order: a walk against a model."""

import asyncio
from collections.abc import Awaitable
from contextlib import AsyncExitStack
from datetime import datetime
from typing import Final

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from belvo_async import Link, SessionPool
from belvo_async.backends import ChallengeRow, MemoryBackend, MemoryChallengeStore
from belvo_async.errors import (
    BelvoError,
    ChallengeAnsweredError,
    ChallengeDeclinedError,
    ChallengeExpiredError,
    ChallengeStoreError,
    InvalidTokenError,
    TokenRequiredError,
    TooManyRoundsError,
    UnknownTicketError,
)
from belvo_async.models import ChallengePhase
from belvo_async.sandbox import Sandbox, SandboxOptions
from belvo_async.testing import ManualClock
from tests.challenges.conftest import open_pool, park
from tests.challenges.parked import RIGHT, WRONG, find_doubles, read_all, turn
from tests.challenges.stores import TroubledStore

pytestmark = pytest.mark.slow

P: Final = ChallengePhase
ARROWS: Final = {
    P.OPEN: {P.CLAIMED, P.DECLINED},
    P.CLAIMED: {P.CLAIMED, P.OPEN, P.ANSWERED, P.DECLINED},
    P.ANSWERED: {P.OPEN, P.UPDATED, P.REFUSED, P.UNSETTLED},
    P.UNSETTLED: {P.UPDATED, P.REFUSED, P.OPEN},
}
PEOPLE: Final = ("x_mfa_numeric", "x_mfa_two_step", "x_mfa_short", "x_mfa_expired", "x_mfa_text")
LEASE: Final = 60.0
workers = st.sampled_from([0, 1])


class WatchedStore(MemoryChallengeStore):
    """Notes every way that a phase goes, and refuses to talk to the dead."""

    def __init__(self) -> None:
        super().__init__()
        self.ways: set[tuple[ChallengePhase, ChallengePhase]] = set()

    async def replace(self, row: ChallengeRow) -> bool:
        former = self._shelf.rows.get(row.key)
        is_replaced = await super().replace(row)
        if is_replaced and former is not None:
            self.ways.add((former.phase, row.phase))
        return is_replaced


class Walk(RuleBasedStateMachine):
    """The model knows of each ticket whether it is open, and until when; what was killed it looks up."""

    tickets = Bundle("tickets")

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.open: dict[str, datetime] = {}
        self.clock = ManualClock(automatic=True)
        self.store = WatchedStore()
        self.stack = AsyncExitStack()
        self.stores: list[TroubledStore] = []
        self.pools: list[SessionPool] = []
        self.runner.run(self._start())

    async def _start(self) -> None:
        options = SandboxOptions(login_seconds=1.0, new_session_on_wrong_token=True, short_expiry=30)
        self.sandbox = await self.stack.enter_async_context(Sandbox(clock=self.clock, options=options))
        for _ in range(2):
            self._open_pool()

    def _open_pool(self) -> None:
        self.stores.append(TroubledStore(self.store))
        self.pools.append(open_pool(self.sandbox, backend=MemoryBackend(self.stores[-1])))

    def run(self, work: Awaitable[object]) -> object:
        async def call() -> object:
            try:
                return await work
            except BelvoError as error:
                return error

        return self.runner.run(call())

    def look_up(self, ticket: str) -> ChallengePhase:
        """Let the model learn what is kept, and by which phase it goes now."""
        shown = self.runner.run(self.pools[0].challenges.get(ticket))
        self.open.pop(ticket, None)
        if shown.phase is P.OPEN:
            self.open[ticket] = shown.expires_at
        return shown.phase

    def is_forgotten(self, ticket: str) -> bool:
        return ticket not in {kept.ticket for kept in read_all(self.store)}

    @rule(target=tickets, worker=workers, person=st.sampled_from(PEOPLE))
    def park(self, worker: int, person: str) -> str:
        ticket = self.runner.run(park(self.sandbox, self.pools[worker], person))
        assert self.look_up(ticket) is P.OPEN or person == "x_mfa_expired"
        return ticket

    @rule(ticket=tickets, worker=workers, token=st.sampled_from([RIGHT, WRONG, "", None]))
    def resume(self, ticket: str, worker: int, token: str | None) -> None:
        expiry = self.open.get(ticket)
        is_open = expiry is not None and self.clock.wall() < expiry
        result = self.run(self.pools[worker].challenges.resume(ticket, token))
        if not is_open:
            refused = (
                ChallengeAnsweredError | ChallengeDeclinedError | ChallengeExpiredError | UnknownTicketError
            )
            assert isinstance(result, refused), result
            return
        match result:
            case Link():
                assert self.look_up(ticket) is P.UPDATED
            case TokenRequiredError():
                assert self.look_up(ticket) is P.OPEN
            case InvalidTokenError():
                assert not token
                assert self.look_up(ticket) is P.OPEN
            case TooManyRoundsError():
                assert self.look_up(ticket) is P.REFUSED
            case BelvoError(code="session_expired"):
                assert self.look_up(ticket) is P.REFUSED
            case _:
                raise AssertionError(result)

    @rule(ticket=tickets, token=st.sampled_from([RIGHT, WRONG]))
    def resume_in_both(self, ticket: str, token: str) -> None:
        async def both() -> list[object]:
            calls = (pool.challenges.resume(ticket, token) for pool in self.pools)
            return await asyncio.gather(*calls, return_exceptions=True)

        results = self.runner.run(both())
        assert any(isinstance(result, BelvoError) for result in results)
        assert sum(isinstance(result, Link | TokenRequiredError) for result in results) <= 1
        if not self.is_forgotten(ticket):
            self.look_up(ticket)

    @rule(ticket=tickets, worker=workers)
    def decline(self, ticket: str, worker: int) -> None:
        expiry = self.open.get(ticket)
        is_open = expiry is not None and self.clock.wall() < expiry
        result = self.run(self.pools[worker].challenges.decline(ticket))
        assert (result is None) == is_open
        if is_open:
            assert self.look_up(ticket) is P.DECLINED

    @rule(ticket=tickets, worker=workers, token=st.sampled_from([RIGHT, WRONG]), steps=st.integers(0, 60))
    def cancel(self, ticket: str, worker: int, token: str, steps: int) -> None:
        self.runner.run(self._cancel(self.pools[worker], ticket, token, steps))
        if not self.is_forgotten(ticket):
            assert self.look_up(ticket) is not P.CLAIMED

    async def _cancel(self, pool: SessionPool, ticket: str, token: str, steps: int) -> None:
        call = asyncio.create_task(pool.challenges.resume(ticket, token))
        for _ in range(steps):
            await asyncio.sleep(0)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        await turn()

    @rule(ticket=tickets, worker=workers, token=st.sampled_from([RIGHT, WRONG]), calls=st.integers(1, 5))
    def kill(self, ticket: str, worker: int, token: str, calls: int) -> None:
        """Let a process vanish before one of its calls of the store, and start another."""
        store, pool = self.stores.pop(worker), self.pools.pop(worker)
        self.runner.run(self._kill(pool, store, ticket, token, calls))
        self._open_pool()
        if not self.is_forgotten(ticket):
            self.run(self.clock.sleep(LEASE))  # a claim of the dead lapses
            assert self.look_up(ticket) is not P.CLAIMED

    async def _kill(
        self, pool: SessionPool, store: TroubledStore, ticket: str, token: str, calls: int
    ) -> None:
        last = store.calls + calls

        async def die(number: int, _: str) -> None:
            if number >= last:
                raise ChallengeStoreError("there is nobody who could write")

        store.before = die
        await asyncio.gather(pool.challenges.resume(ticket, token), return_exceptions=True)
        await pool.aclose(0)

    @rule(seconds=st.sampled_from([1.0, 61.0, 331.0, 9600.0]))
    def advance(self, seconds: float) -> None:
        self.run(self.clock.sleep(seconds))

    @rule(ticket=tickets, worker=workers)
    def settle(self, ticket: str, worker: int) -> None:
        result = self.run(self.pools[worker].challenges.settle(ticket))
        assert isinstance(result, UnknownTicketError) == self.is_forgotten(ticket)

    @rule(worker=workers)
    def sweep(self, worker: int) -> None:
        assert isinstance(self.run(self.pools[worker].challenges.sweep()), int)

    @rule()
    def wait_a_day(self) -> None:
        self.run(self.clock.sleep(86400.0 + 9600.0))
        self.run(self.pools[0].challenges.sweep())
        assert len(self.store) == 0
        self.open.clear()

    @invariant()
    def no_challenge_is_answered_twice(self) -> None:
        assert find_doubles(self.sandbox) == []

    @invariant()
    def phases_go_the_ways_they_may(self) -> None:
        assert [way for way in self.store.ways if way[1] not in ARROWS.get(way[0], ())] == []

    @invariant()
    def the_list_is_what_is_open(self) -> None:
        now = self.clock.wall()
        expected = {ticket for ticket, expiry in self.open.items() if now < expiry}
        for pool in self.pools:
            listed = self.runner.run(pool.challenges.list(limit=1000))
            assert {shown.ticket for shown in listed} == expected
            assert [shown.expires_at for shown in listed] == sorted(shown.expires_at for shown in listed)

    @invariant()
    def each_link_finds_what_is_open(self) -> None:
        now = self.clock.wall()
        for ticket, expiry in self.open.items():
            if now < expiry:
                link_id = self.runner.run(self.pools[0].challenges.get(ticket)).link_id
                found = self.runner.run(self.pools[1].challenges.find(link_id))
                assert found is not None
                assert (found.ticket, found.phase) == (ticket, P.OPEN)

    def teardown(self) -> None:
        for pool in self.pools:
            self.runner.run(pool.aclose())
        self.runner.run(self.stack.aclose())
        self.runner.close()


TestWalk = Walk.TestCase
TestWalk.settings = settings(stateful_step_count=30)
