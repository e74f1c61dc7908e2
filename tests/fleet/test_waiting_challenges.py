"""Ten thousand challenges wait for a day: nothing is held for them, and each is answered once."""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final, TypeVar

import pytest

from belvo_async import Concurrency, Credentials, RateLimit, SessionPool
from belvo_async.backends import LinkState, MemoryBackend
from belvo_async.backends._lease import LEASE, LeasePhase
from belvo_async.fleet import CheckLater, Ended, NeedsToken, NextStep, advance
from belvo_async.params import HttpRequest, HttpResponse, SendPermit
from belvo_async.testing import ManualClock, link_body
from tests.fleet.conftest import HEIMDALL, JOB, read_vault

NUMBER, AT_ONCE = 10_000, 20
TWICE = 10
"""One challenge of so many is answered by two machines at once, the others by their tickets."""
DAY = 86_400
TOKEN = "111111"

T = TypeVar("T")


class Bank:
    """Asks for a token at each login, and counts: a sandbox would take minutes for as many."""

    def __init__(self) -> None:
        self.logins: Final[Counter[str]] = Counter()
        self.tokens: Final[Counter[str]] = Counter()
        self.under_way = 0

    async def send(self, request: HttpRequest, permit: SendPermit) -> HttpResponse:
        self.under_way += 1
        await permit.wait()
        permit.leave()
        self.under_way -= 1
        body = json.loads(request.body or b"{}")
        if request.method == "PUT":
            link_id = request.path.split("/")[-2]
            self.logins[link_id] += 1
            return self._reply(428, [_build_challenge(link_id)])
        if request.method == "PATCH":
            self.tokens[body["link"]] += 1
            return self._reply(200, link_body(body["link"], institution=HEIMDALL))
        return self._reply(200, link_body(request.path.split("/")[-2], institution=HEIMDALL))

    def _reply(self, status: int, body: object) -> HttpResponse:
        headers = {"content-type": "application/json"}
        return HttpResponse(status=status, headers=headers, body=json.dumps(body).encode())

    async def aclose(self) -> None:
        """It has no connections."""


def _build_challenge(link_id: str) -> dict[str, object]:
    return {
        "code": "token_required",
        "message": "A token is required",
        "request_id": link_id.replace("-", ""),
        "session": f"session of {link_id}",
        "expiry": 2 * DAY,
        "link": link_id,
        "token_generation_data": {"instructions": "Use your app", "type": "numeric", "value": "12345"},
    }


def open_machine(bank: Bank, clock: ManualClock, backend: MemoryBackend) -> SessionPool:
    return SessionPool(
        Credentials("secret-id", "secret-password"),
        environment="https://belvo.example/",
        transport=bank,
        clock=clock,
        backend=backend,
        rate_limit=RateLimit.unlimited(),
        concurrency=Concurrency(total=AT_ONCE),
    )


async def do_all(work: Callable[[str], Awaitable[T]], links: Sequence[str]) -> list[T]:
    """Do as many at once as a worker has places."""
    found: list[T] = []
    for start in range(0, len(links), AT_ONCE):
        found += await asyncio.gather(*map(work, links[start : start + AT_ONCE]))
    return found


def list_held(pool: SessionPool, backend: MemoryBackend, clock: ManualClock) -> list[object]:
    """Return what is held for a link by anybody: leases, places in the queues, sleeping tasks."""
    leases, _ = backend.coordinator.read_all(LEASE)
    held = [lease.link_id for lease in leases.values() if lease.phase is not LeasePhase.FREE]
    waiting = pool.load.answers.waiting + pool.load.calls.waiting + pool.load.jobs.waiting
    return [*held, *range(waiting), *range(clock.sleepers)]


async def step(pool: SessionPool, link_id: str, token: str | None = None) -> NextStep:
    return await advance(pool, job=JOB, link_id=link_id, credentials=read_vault, token=token)


async def ask(pool: SessionPool, link_id: str) -> NeedsToken:
    needs = await step(pool, link_id)
    assert isinstance(needs, NeedsToken)
    return needs


async def answer_twice(pool: SessionPool, other: SessionPool, link_id: str) -> tuple[NextStep, NextStep]:
    """Let two machines answer at the same time."""
    return await asyncio.gather(step(pool, link_id, TOKEN), step(other, link_id, TOKEN))


@pytest.mark.slow
async def test_ten_thousand_challenges_hold_nothing_for_a_day_and_each_is_answered_once() -> None:
    clock = ManualClock()
    bank, backend = Bank(), MemoryBackend(clock=clock)
    links = [f"30cb4806-6e00-48a4-91c9-{number:012x}" for number in range(NUMBER)]
    async with open_machine(bank, clock, backend) as pool, open_machine(bank, clock, backend) as other:
        before = asyncio.all_tasks()
        asked = await do_all(lambda link_id: ask(pool, link_id), links)
        for seconds in (0, DAY):
            await clock.advance(seconds)
            assert (asyncio.all_tasks(), bank.under_way, list_held(pool, backend, clock)) == (before, 0, [])
        assert await do_all(lambda link_id: ask(other, link_id), links[:AT_ONCE]) == asked[:AT_ONCE]
        twice = await do_all(partial(answer_twice, pool, other), links[::TWICE])
        assert {frozenset(map(type, pair)) for pair in twice} <= {frozenset({Ended, CheckLater})}
        tickets = [needs.ticket for number, needs in enumerate(asked) if number % TWICE]
        await do_all(lambda ticket: pool.challenges.resume(ticket, TOKEN), tickets)
        ended = {link_id: await step(other, link_id) for link_id in links[:AT_ONCE]}
        assert {one.state for one in ended.values() if isinstance(one, Ended)} == {LinkState.UPDATED}
        assert (bank.logins, bank.tokens) == (Counter(links), Counter(links))
        assert (asyncio.all_tasks(), list_held(pool, backend, clock)) == (before, [])
