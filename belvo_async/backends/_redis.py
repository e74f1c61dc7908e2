"""Parked challenges in Redis."""

import builtins
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from itertools import chain
from types import TracebackType
from typing import Final, Protocol, Self, runtime_checkable

from belvo_async._clock import SYSTEM_CLOCK, Clock
from belvo_async._event_loop import LoopBinding, finish
from belvo_async.backends._challenge_store import ChallengeRow, write_time
from belvo_async.backends._redis_address import make_client
from belvo_async.backends._redis_faults import explain, is_fault
from belvo_async.backends._redis_scripts import ADD, FIND, FORGET, LIST, REPLACE
from belvo_async.errors import ChallengeStoreError, ConfigurationError, DamagedStateError
from belvo_async.models import ChallengePhase
from belvo_async.params._validators import check_setting

_PHASES: Final = tuple(phase.value for phase in ChallengePhase)
_FORGOTTEN_AT_ONCE: Final = 500
_TIMEOUT: Final = 5.0
_CONNECTIONS: Final = 16
_PATIENCE: Final = 30.0
"""Seconds that a command waits for a connection, where hundreds are sent at once."""
_MILLISECOND: Final = timedelta(milliseconds=1)


@runtime_checkable
class RedisClient(Protocol):
    """The part of `redis.asyncio.Redis` that is used."""

    def execute_command(self, *words: str | int) -> Awaitable[object]:
        """Send one command and return its answer."""
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...


class RedisChallengeStore:
    """Keeps parked challenges in Redis, for all processes that reach the server.

    Needs the extra `redis`. Rows are forgotten by their time to live. What is written survives what the
    server's persistence survives: with `appendfsync always` a loss of power too, by default up to a second is
    lost; do not let the server evict keys (`maxmemory-policy noeviction`).

    A store belongs to the event loop and the process in which it is first used, as its connections do, and
    raises `WrongEventLoopError` in every other.

    Args:
        client: A `redis.asyncio.Redis`, which is not closed. It should not repeat commands by itself: a
            repeated claim looks like somebody else's, and the token is then not sent.
        prefix: What all names in Redis begin with; stores with different prefixes do not see each other.
        clock: Tells how long a row is still to live.

    Raises:
        ConfigurationError: An argument makes no sense.
    """

    def __init__(
        self, client: RedisClient, *, prefix: str = "belvo:challenges", clock: Clock = SYSTEM_CLOCK
    ) -> None:
        check_setting("client", client, RedisClient)
        if not _is_prefix(prefix):
            raise ConfigurationError(
                "prefix is empty, or has braces or spaces.", remedy="Pass a name such as belvo:challenges."
            )
        check_setting("clock", clock, Clock)
        self._client: Final = client
        self._clock: Final = clock
        self._rows: Final = f"{{{prefix}}}:row:"
        self._queues: Final = f"{{{prefix}}}:queue:"
        self._links: Final = f"{{{prefix}}}:link:"
        self._keep: Final = f"{{{prefix}}}:keep"
        self._is_owned = False
        self._binding: Final = LoopBinding("challenge store", "with a client of its own")

    @classmethod
    def from_url(
        cls, url: str, *, prefix: str = "belvo:challenges", clock: Clock = SYSTEM_CLOCK
    ) -> "RedisChallengeStore":
        """Make a store with a client of its own, closed at the end of the `async with` block.

        Args:
            url: `redis://`, `rediss://` or `unix://`, as `redis.asyncio.Redis.from_url` takes it.
            prefix: See the class.
            clock: See the class.

        Raises:
            ConfigurationError: The extra `redis` is missing, or the address makes no sense.
        """

        def build() -> RedisClient:
            from redis.asyncio import BlockingConnectionPool, Redis  # noqa: PLC0415 - an extra
            from redis.asyncio.retry import Retry  # noqa: PLC0415 - an extra
            from redis.backoff import NoBackoff  # noqa: PLC0415 - an extra

            pool = BlockingConnectionPool.from_url(
                url,
                protocol=2,  # with 3 a connection that the server has closed while idle is not noticed
                retry=Retry(NoBackoff(), 0),  # a claim that is repeated looks like somebody else's
                max_connections=_CONNECTIONS,
                timeout=_PATIENCE,
                socket_timeout=_TIMEOUT,
                socket_connect_timeout=_TIMEOUT,
            )
            return Redis.from_pool(pool)

        store = cls(make_client(build), prefix=prefix, clock=clock)
        store._is_owned = True
        return store

    async def __aenter__(self) -> Self:
        """Check that the server answers.

        Raises:
            ChallengeStoreError: It does not.
        """
        try:
            self._binding.bind()
            with _explained("; nothing was sent"):
                await self._client.execute_command("PING")
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the client, if it is the store's own."""
        await self._close()

    async def _close(self) -> None:
        self._binding.check()
        if self._is_owned:
            await finish(self._client.aclose())

    def check_loop(self) -> None:
        """Refuse every event loop but its own; see `ChallengeStore`."""
        self._binding.check()

    async def add(self, row: ChallengeRow) -> bool:
        """Keep a new row; see `ChallengeStore`."""
        return await self._put(ADD, row) == 1

    async def read(self, key: str) -> ChallengeRow | None:
        """Return the row of this key; see `ChallengeStore`."""
        cells = _pair(await self._run("HGETALL", self._rows + key))
        return ChallengeRow.read_cells(cells) if cells else None

    async def replace(self, row: ChallengeRow) -> bool:
        """Put the next version of a row in its place; see `ChallengeStore`."""
        return await self._put(REPLACE, row, row.version - 1) == 1

    async def list(
        self, owner: str, phase: ChallengePhase, *, after: datetime, limit: int
    ) -> builtins.list[ChallengeRow]:
        """Return the rows that expire soonest; see `ChallengeStore`."""
        queue = f"{self._queues}{owner}:{phase.value}"
        found = await self._run("EVAL", LIST, 1, queue, self._rows, write_time(after), limit)
        stand_in = partial(ChallengeRow.stand_in, owner=owner, phase=phase)
        return [_read(entry, stand_in) for entry in _listed(found)]

    async def find(self, link: str, *, after: datetime, limit: int) -> builtins.list[ChallengeRow]:
        """Return the ongoing rows of a link; see `ChallengeStore`."""
        found = await self._run("EVAL", FIND, 1, self._links + link, self._rows, write_time(after), limit)
        return [_read(entry, partial(ChallengeRow.stand_in, link=link)) for entry in _listed(found)]

    async def forget(self, before: datetime) -> int:
        """Remove rows that are over, and what points to rows that are gone; see `ChallengeStore`."""
        count, last = 0, _FORGOTTEN_AT_ONCE
        while last == _FORGOTTEN_AT_ONCE:
            names = (self._rows, self._queues, self._links)
            words = (*names, write_time(before), _FORGOTTEN_AT_ONCE, *_PHASES)
            last = int(str(await self._run("EVAL", FORGET, 1, self._keep, *words)))
            count += last
        return count

    async def _put(self, script: str, row: ChallengeRow, *more: int) -> object:
        cells = row.write_cells()
        names = [self._rows + row.key, self._keep, self._links + row.link]
        names += [f"{self._queues}{row.owner}:{phase}" for phase in _PHASES]
        milliseconds = max(1, (row.keep_until - self._clock.wall()) // _MILLISECOND)
        values = (
            *(row.key, f"{row.owner} {row.key}", _PHASES.index(row.phase.value) + 1, milliseconds),
            *(cells["expires_at"], cells["keep_until"], int(row.phase.is_ongoing), self._rows),
            *chain.from_iterable(cells.items()),
        )
        return await self._run("EVAL", script, len(names), *names, *values, *more)

    async def _run(self, *words: str | int) -> object:
        self._binding.bind()
        with _explained():
            return await self._client.execute_command(*words)


def _is_prefix(value: object) -> bool:
    return isinstance(value, str) and value != "" and not set(value) & set("{} ")


@contextmanager
def _explained(assurance: str = "") -> Iterator[None]:
    try:
        yield
    except Exception as error:
        if not is_fault(error):
            raise
        fault = explain(error)
        raise ChallengeStoreError(f"Redis {fault.problem}{assurance}.", remedy=fault.remedy) from error


def _pair(answer: object) -> dict[str, object]:
    """Return the fields of a hash, whichever way the protocol and the client write them."""
    if isinstance(answer, dict):
        return {_text(name): _text(value) for name, value in answer.items()}
    flat = _listed(answer)
    return {_text(name): _text(value) for name, value in zip(flat[::2], flat[1::2], strict=False)}


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _listed(answer: object) -> Sequence[object]:
    return answer if isinstance(answer, list) else []


def _read(entry: object, stand_in: Callable[[str], ChallengeRow]) -> ChallengeRow:
    key, cells = _listed(entry)
    try:
        return ChallengeRow.read_cells(_pair(cells))
    except DamagedStateError:
        return stand_in(_text(key))
