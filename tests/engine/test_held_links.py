"""A link is held exactly while a login may run: a walk over calls, cancels, losses, checks and time."""

import asyncio
import json
from contextlib import AsyncExitStack, suppress
from datetime import datetime
from email.utils import format_datetime
from typing import Final

import pytest
from attrs import define, field
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from belvo_async import Link, LinkUpdate, RetryPolicy, SessionPool
from belvo_async.errors import BelvoError, LinkBusyError, OutcomeUnknownError, PoolClosedError
from belvo_async.testing import ManualClock, link_body
from tests.engine.servers import KEYS, Wire, build_answer, serve

pytestmark = pytest.mark.slow

LINK_ID: Final = "30cb4806-6e00-48a4-91c9-ca55968576c8"
LIMIT: Final = 330.0
CHECKS: Final = (0.0, 3.0, 6.0, 12.0, 24.0, 48.0, 96.0, 192.0)
"""Seconds before each status check after a lost response; the last one is at the limit."""


@define(eq=False)
class Login:
    """One PUT at the bank."""

    password: str
    writer: asyncio.StreamWriter
    sent_at: float
    done: asyncio.Event = field(factory=asyncio.Event)
    keeps_open: bool = True
    is_over: bool = False
    """Whether the bank has ended it."""
    lost_at: float | None = None
    succeeded_at: float | None = None

    def find_release(self, now: float) -> float | None:
        """Return when the pool may free the link, if it may by now: at the check that shows the success."""
        if self.lost_at is None:
            return self.sent_at if self.is_over else None
        end, moment = self.sent_at + LIMIT, self.lost_at
        for seconds in CHECKS:
            moment = min(moment + seconds, end)
            if self.succeeded_at is not None and self.succeeded_at <= moment <= now:
                return moment
        return end if end <= now else None


class Walk(RuleBasedStateMachine):
    """The bank ends logins, or cuts them off; the model knows from when on the link may be free."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.clock = ManualClock()
        self.stack = AsyncExitStack()
        self.logins: list[Login] = []
        self.calls: list[tuple[str, asyncio.Task[Link]]] = []
        self.accessed_at: datetime | None = None

    @initialize()
    def start(self) -> None:
        self.runner.run(self._start())

    async def _start(self) -> None:
        self.wire = await self.stack.enter_async_context(serve(self._reply))
        self.pool = SessionPool(
            KEYS,
            environment=self.wire.url,
            clock=self.clock,
            retry=RetryPolicy.never(),
            close_grace=0.0,
            observer=lambda _: None,
        )

    async def _reply(self, wire: Wire, writer: asyncio.StreamWriter) -> bool:
        request = wire.requests[-1]
        if request.startswith(b"PUT"):
            password = json.loads(request.split(b"\r\n\r\n", 1)[1])["password"]
            login = Login(password, writer, self.clock.monotonic())
            assert self.newest is None or self.newest.find_release(self.clock.monotonic()) is not None
            self.logins.append(login)
            await login.done.wait()
            if not login.keeps_open:
                return False
        at = None if self.accessed_at is None else self.accessed_at.isoformat()
        body = json.dumps(link_body(LINK_ID, last_accessed_at=at)).encode()
        date = format_datetime(self.clock.wall(), usegmt=True)
        writer.write(build_answer(body, headers=f"Date: {date}\r\n"))
        return True

    @property
    def newest(self) -> Login | None:
        return self.logins[-1] if self.logins else None

    @property
    def may_run(self) -> bool:
        return self.newest is not None and self.newest.find_release(self.clock.monotonic()) is None

    def _settle(self, seconds: float = 0.0) -> None:
        self.runner.run(self.clock.advance(seconds))

    @rule(password=st.sampled_from("ab"), when_busy=st.sampled_from(["join", "wait"]))
    def call(self, password: str, when_busy: str) -> None:
        async def begin() -> None:
            update = LinkUpdate(LINK_ID, password=password)
            task = asyncio.create_task(self.pool.links.update(update, when_busy=when_busy))  # type: ignore[arg-type] # drawn
            self.calls.append((password, task))

        self.runner.run(begin())
        self._settle()

    @rule()
    def call_and_refuse_to_wait(self) -> None:
        is_busy = self.may_run or any(not task.done() for _, task in self.calls)

        async def begin() -> None:
            update = LinkUpdate(LINK_ID, password="c")
            self.calls.append(("c", asyncio.create_task(self.pool.links.update(update, when_busy="refuse"))))

        self.runner.run(begin())
        self._settle()
        _, task = self.calls[-1]
        assert (task.done() and isinstance(task.exception(), LinkBusyError)) is is_busy

    @precondition(lambda self: any(not task.done() for _, task in self.calls))
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        _, task = data.draw(st.sampled_from([call for call in self.calls if not call[1].done()]))

        async def end() -> None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

        self.runner.run(end())
        self._settle()

    @precondition(lambda self: self.newest is not None and not self.newest.is_over)
    @rule(is_heard=st.booleans(), succeeds=st.booleans(), stays_at_bank=st.booleans())
    def end_login(self, *, is_heard: bool, succeeds: bool, stays_at_bank: bool) -> None:
        """Answer a login, or cut it off; then it may go on at the bank, and succeed later or never."""
        self._settle(0.1)  # a login takes some time: an access at its very departure is no proof
        login = self.newest
        assert login is not None
        login.is_over, login.keeps_open = True, is_heard
        if not is_heard:
            login.lost_at = self.clock.monotonic()
        if is_heard or (succeeds and not stays_at_bank):
            self._succeed(login)

        async def end() -> None:
            login.done.set()

        self.runner.run(end())
        self._settle()

    @precondition(lambda self: self.may_run and self.newest is not None and self.newest.lost_at is not None)
    @rule()
    def succeed_late(self) -> None:
        self._settle(0.1)  # after the check that was made at this very moment
        login = self.newest
        assert login is not None
        if login.succeeded_at is None and self.may_run:
            self._succeed(login)

    def _succeed(self, login: Login) -> None:
        if self.clock.monotonic() < login.sent_at + LIMIT:  # no login takes longer
            login.succeeded_at = self.clock.monotonic()
            self.accessed_at = self.clock.wall()

    @rule(seconds=st.sampled_from([0.5, 3.0, 10.0, 30.0, 100.0, 331.0]))
    def wait(self, seconds: float) -> None:
        self._settle(seconds)

    @invariant()
    def the_link_is_held_exactly_while_a_login_may_run(self) -> None:
        if not hasattr(self, "pool"):
            return
        running = sum(not login.is_over for login in self.logins)
        assert running <= 1
        waiting = any(not task.done() for _, task in self.calls)
        assert (len(self.pool._engine.memory.locks) > 0) is (self.may_run or waiting)

    @invariant()
    def whoever_is_told_of_a_success_has_one(self) -> None:
        for password, task in self.calls:
            if task.done() and not task.cancelled() and task.exception() is None:
                assert any(login.password == password and login.is_over for login in self.logins)

    def teardown(self) -> None:
        try:
            self.runner.run(self._end())
        finally:
            self.runner.close()

    async def _end(self) -> None:
        if hasattr(self, "pool"):
            await self.pool.aclose()
            results = await asyncio.gather(*(task for _, task in self.calls), return_exceptions=True)
            for result in results:
                assert isinstance(result, Link | BelvoError | asyncio.CancelledError), repr(result)
                if isinstance(result, BelvoError):
                    assert isinstance(result, LinkBusyError | OutcomeUnknownError | PoolClosedError)
            assert (len(self.pool._engine.memory.flights), len(self.pool._engine.memory.locks)) == (0, 0)
        for login in self.logins:
            login.done.set()
        await self.stack.aclose()


TestHeldLinks = Walk.TestCase
TestHeldLinks.settings = settings(max_examples=200, stateful_step_count=25)
