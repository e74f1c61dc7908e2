"""Where the microseconds of one update go, piece by piece."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

from belvo_async import Concurrency, Credentials, LinkUpdate, RateLimit, RetryPolicy
from belvo_async._clock import SYSTEM_CLOCK
from belvo_async._engine.concurrency import ConcurrencyLimits
from belvo_async._engine.context import EngineContext
from belvo_async._engine.exchange import Exchange
from belvo_async._engine.known_links import KnownLinks
from belvo_async._engine.lifecycle import Lifecycle
from belvo_async._engine.link_lease import LinkLeases
from belvo_async._engine.link_lock import LinkLock
from belvo_async._engine.logins import LoginMemory, Logins
from belvo_async._engine.parked_challenges import ParkedChallenges
from belvo_async._engine.priority import Priority
from belvo_async._engine.rate_limiter import RateLimiter
from belvo_async._engine.retry import Retrier
from belvo_async._engine.sent_tokens import SentTokens
from belvo_async._engine.server_clock import ServerClock
from belvo_async._engine.shared_records import SharedRecords
from belvo_async._engine.single_flight import SingleFlight
from belvo_async._engine.status_check import SeenAccesses
from belvo_async._http import Request, Response
from belvo_async._wire.json import dump_json, parse_json, read_model
from belvo_async._wire.requests import build_update
from belvo_async.backends import MemoryChallengeStore, MemoryCoordinator
from belvo_async.mfa import DEFAULT_POLICY, Accepted, Submitting, advance
from belvo_async.models import Link
from belvo_async.params._keyed_digest import KeyedDigest
from belvo_async.params._transport import SendPermit
from belvo_async.resources._links import Links
from belvo_async.telemetry._events import ExchangeEnded
from belvo_async.telemetry._log import log_observation, notify
from benchmarks._clients import CONNECTIONS, PASSWORD
from benchmarks._server import SAMPLE_LINK
from benchmarks._transports import time_transports

_LINK_ID: Final = "30cb4806-6e00-48a4-91c9-ca55968576c8"
_CALLS: Final = 2_000
_REPEATS: Final = 15
_HEADERS: Final = {"content-type": "application/json", "date": "Mon, 05 Jan 2026 12:45:12 GMT"}


class _Echo:
    """A transport that answers at once: what is left is all ours."""

    async def send(self, request: Request, start: SendPermit | None = None) -> Response:
        """Answer with a link."""
        del request
        if start is not None:
            await start.wait()
            start.leave()
        return Response(status=200, headers=_HEADERS, body=SAMPLE_LINK)

    async def aclose(self) -> None:
        """Close nothing."""


def _build_traffic() -> EngineContext:
    lifecycle = Lifecycle(SYSTEM_CLOCK)
    return EngineContext(
        limits=ConcurrencyLimits(Concurrency(total=CONNECTIONS)),
        limiter=RateLimiter(RateLimit.unlimited(), SYSTEM_CLOCK, lifecycle.nap),
        deletes=RateLimiter(RateLimit.unlimited(), SYSTEM_CLOCK, lifecycle.nap),
        retrier=Retrier(RetryPolicy(), lifecycle.nap, log_observation),
        lifecycle=lifecycle,
        clock=SYSTEM_CLOCK,
        server_clock=ServerClock(SYSTEM_CLOCK),
        observer=log_observation,
        policy=DEFAULT_POLICY,
        server="",
    )


def _build_locks() -> LinkLock:
    return LinkLock(LinkLeases(SharedRecords(MemoryCoordinator()), "", SYSTEM_CLOCK.sleep))


def _time(call: Callable[[], object]) -> float:
    """Return the µs of one call: the best of several runs, as noise only ever adds."""

    def run() -> float:
        start = time.process_time()
        for _ in range(_CALLS):
            call()
        return (time.process_time() - start) / _CALLS * 1e6

    return min(run() for _ in range(_REPEATS))


async def _time_async(call: Callable[[], Awaitable[object]]) -> float:
    best = float("inf")
    for _ in range(_REPEATS):
        start = time.process_time()
        for _ in range(_CALLS):
            await call()
        best = min(best, (time.process_time() - start) / _CALLS * 1e6)
    return best


def _time_values() -> dict[str, float]:
    """Time the pieces that only compute."""
    update = LinkUpdate(_LINK_ID, password=PASSWORD)
    value = parse_json(SAMPLE_LINK)
    accepted = Accepted(read_model(value, Link))

    def observe() -> None:
        ended = ExchangeEnded(
            method="PUT", path="/", link_id=_LINK_ID, status=200, seconds=1.0, waited=0.0, server=""
        )
        notify(log_observation, ended)

    return {
        "model: check the arguments, build LinkUpdate": _time(
            lambda: LinkUpdate(_LINK_ID, password=PASSWORD)
        ),
        "request: build the PUT": _time(lambda: build_update(update)),
        "  of it JSON": _time(lambda: dump_json({"password": PASSWORD})),
        "response: build the value": _time(lambda: Response(status=200, headers=_HEADERS, body=SAMPLE_LINK)),
        "answer: parse JSON": _time(lambda: parse_json(SAMPLE_LINK)),
        "answer: read the Link": _time(lambda: read_model(value, Link)),
        "machine: Submitting to Completed": _time(lambda: advance(Submitting(), accepted)),
        "observation: tell the default observer": _time(observe),
        "clocks: four looks": _time(lambda: (SYSTEM_CLOCK.wall(), SYSTEM_CLOCK.monotonic())) * 2,
    }


async def _time_waits() -> dict[str, float]:
    """Time the pieces that may wait, where they need not."""
    context, locks = _build_traffic(), _build_locks()
    limits = context.limits

    def pass_gate() -> None:
        with context.lifecycle:
            pass

    async def lock() -> None:
        async with locks.hold(_LINK_ID):
            pass

    async def take_slot() -> None:
        async with limits.room(Priority.CALL):
            pass

    async def take_start() -> None:
        turn = await context.limiter.admit(Priority.CALL)
        await context.limiter.take(turn)
        context.limiter.passed(turn)

    return {
        "gate: enter and leave the pool": _time(pass_gate),
        "lock: one login per link": await _time_async(lock),
        "slot: a connection to spare": await _time_async(take_slot),
        "limiter: a start, without a limit": await _time_async(take_start),
    }


async def _time_call() -> float:
    """Time a whole update over a transport that answers at once."""
    context, locks = _build_traffic(), _build_locks()
    memory = LoginMemory(
        flights=SingleFlight(context, locks),
        locks=locks,
        sent_tokens=SentTokens(SYSTEM_CLOCK),
        accesses=SeenAccesses(),
        links=KnownLinks(),
    )
    exchange = Exchange(_Echo(), context)
    logins = Logins(
        exchange=exchange,
        context=context,
        memory=memory,
        parked=ParkedChallenges(MemoryChallengeStore(), context, "owner", KnownLinks(), locks.leases.let_go),
        digest=KeyedDigest(Credentials("id", "password")),
    )
    links = Links(exchange, context, logins)
    return await _time_async(lambda: links.update(LinkUpdate(_LINK_ID, password=PASSWORD)))


async def _describe(url: str, seconds: float) -> str:
    pieces = _time_values() | await _time_waits()
    whole = await _time_call()
    pieces["rest: retries, driver, coroutines"] = whole - sum(
        cost for name, cost in pieces.items() if not name.startswith(" ")
    )
    pieces["all of it"] = whole
    ways = await time_transports(url, seconds=seconds, repeats=_REPEATS)
    lines = [
        f"Above the transport, CPU µs of one update (one at a time, the best of {_REPEATS} runs):",
        *(f"  {name:48} {cost:7.2f}" for name, cost in pieces.items()),
        f"The transport, CPU µs of one PUT ({CONNECTIONS} at a time, {_REPEATS} runs in turns; medians):",
        *(f"  {name:48} {cost:7.1f} {added:+7.1f}" for name, (cost, added) in ways.items()),
        "In a full run both share the caches, which are warm here, and together cost more than their sum.",
    ]
    return "\n".join(lines)


def describe_breakdown(url: str, seconds: float) -> str:
    """Measure the pieces, and return them as a table."""
    return asyncio.run(_describe(url, seconds))
