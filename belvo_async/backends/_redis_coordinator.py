"""The records of a coordinator in Redis, for many machines.

A record is read and replaced only if it is still the same, so that what is done with it is the same code as
everywhere, and not a script in another language. The moment is the server's.
"""

import math
import os
import re
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final, Self, TypeVar, cast

from attrs import define

from belvo_async.backends._coordinator import NEVER_FORGOT, Moment, RecordKind
from belvo_async.backends._redis_address import make_client
from belvo_async.backends._redis_faults import RedisFault, build_fault, explain
from belvo_async.errors import CoordinatorError

if TYPE_CHECKING:
    from redis import Redis

R = TypeVar("R")
T = TypeVar("T")

_NO_EVICTION: Final = "noeviction"
_TIMEOUT: Final = 5.0
_REST: Final = 1.0
"""Seconds for which a server that did not respond in time is not asked again: many calls share few threads,
and each would wait for its own time after the others."""
_FIT: Final = 60.0
"""Seconds for which a server that was found to be fit is taken for it."""
_TRIES: Final = 200
"""Of replacing a record: each time that it fails another process has got on."""
_RUN: Final = "local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')\n"
_SINCE: Final = f"""{_RUN}local time, epoch = redis.call('TIME'), redis.call('GET', KEYS[1])
local now = string.format('%.0f', time[1] * 1000000 + time[2])
local former, since = string.match(epoch or '', '^(%x+) (%d+)$')
if former ~= run then since = now end
"""
"""Another run of the server may miss what was written last, and what was evicted or flushed is missed
altogether: so it is written beside the records since when nothing has been forgotten."""
_LOOK: Final = f"{_SINCE}return {{run, now, since}}"
_READ: Final = f"""{_SINCE}if former ~= run then redis.call('SET', KEYS[1], run .. ' ' .. since) end
return {{run, now, since, redis.call('GET', KEYS[2]) or ''}}"""
_WRITE: Final = f"""{_RUN}
if run ~= ARGV[1] or redis.call('GET', KEYS[1]) ~= run .. ' ' .. ARGV[2] then return 0 end
if (redis.call('GET', KEYS[2]) or '') ~= ARGV[3] then return 0 end
redis.call('SET', KEYS[2], ARGV[4], 'PX', ARGV[5])
return 1"""
"""A record that was missing may be missing for another reason by now: something was forgotten in between."""
_INIT: Final = f"{_RUN}return redis.call('SET', KEYS[1], run .. ' 0')"
_MICROSECOND: Final = 1e-6
_SPECIAL: Final = re.compile(r"[\\*?\[\]]")
"""What a pattern of Redis gives a meaning to."""
_AT_ONCE: Final = 1000


class RedisCoordinator:
    """Keeps records in Redis, for all processes that reach the server. Needs the extra `redis`.

    Any thread and any event loop may use it; a forked process opens connections of its own. When the server
    was started again or emptied, or another took its place, requests wait until those that may be under way
    have ended: one window for the rate limit, and 330 s for a login.

    Args:
        url: `redis://`, `rediss://` or `unix://`.
        prefix: What all names in Redis begin with.

    Raises:
        ConfigurationError: The extra `redis` is missing, or the address makes no sense.
    """

    is_blocking = True

    def __init__(self, url: str, *, prefix: str) -> None:
        self._url: Final = url
        self._prefix: Final = f"{{{prefix}}}"
        self._epoch: Final = f"{self._prefix}:epoch"
        self._server = _RedisServer.connect(url)

    def change(self, kind: RecordKind[R], key: str, change: Callable[[R, Moment], T]) -> T:
        """Let *change* work on a record; see `Coordinator`."""
        server, names = self._find_server(), [self._epoch, f"{self._prefix}:{kind.name}:{key}"]
        for _ in range(_TRIES):
            found = cast("list[bytes]", server.run(_READ, names))
            run, now, since, text = (word.decode() for word in found)
            server.check_now_and_then(run)
            record = kind.load(text) if text else kind.create()
            result = change(record, _build_moment(now, since))
            if server.run(_WRITE, names, run, since, text, kind.dump(record), int(kind.lasts * 1000)):
                return result
        raise CoordinatorError(
            "Other processes change the same record in Redis all the time; nothing was sent.",
            remedy="Spread the work over fewer processes, or give groups of them an egress of their own.",
        )

    def read_all(self, kind: RecordKind[R]) -> tuple[dict[str, R], Moment]:
        """Return copies of all records of a kind; see `Coordinator`."""
        server, start = self._find_server(), f"{self._prefix}:{kind.name}:"
        texts = server.read_texts(start)
        _, now, since = server.look(self._epoch)
        records = {name.removeprefix(start): kind.load(text) for name, text in texts.items()}
        return records, _build_moment(now, since)

    def check(self) -> None:
        """Refuse a server that may forget what it keeps; `change` does so too.

        Raises:
            CoordinatorError: It may, or it cannot be used.
        """
        self._find_server().check()

    def init(self) -> None:
        """Note that nothing is under way that Redis should know of: the first use need not wait then.

        Raises:
            CoordinatorError: The server cannot be used.
        """
        server = self._find_server()
        server.check()
        server.run(_INIT, [self._epoch])

    def close(self) -> None:
        """Close the connections; they are opened again when they are needed."""
        if self._server.process == os.getpid():
            self._server.client.close()

    def _find_server(self) -> "_RedisServer":
        if self._server.process != os.getpid():
            self._server = _RedisServer.connect(self._url)
        return self._server


@define(eq=False)
class _RedisServer:
    """The server as one process knows it; for any of its threads."""

    process: int
    client: "Redis"
    checked: str = ""
    """The run of the server that was found to be fit."""
    fit_until: float = -math.inf
    """When it is to be checked again, by this process's monotonic clock."""
    rests_until: float = -math.inf
    """Before when it is not asked again, by the same clock."""

    @classmethod
    def connect(cls, url: str) -> Self:
        """Prepare to connect.

        Raises:
            ConfigurationError: The extra `redis` is missing, or the address makes no sense.
        """

        def build() -> "Redis":
            import redis  # noqa: PLC0415 - an extra
            from redis.backoff import NoBackoff  # noqa: PLC0415 - an extra
            from redis.retry import Retry  # noqa: PLC0415 - an extra

            return redis.Redis.from_url(
                url,
                protocol=2,  # with 3 a connection that the server has closed while idle is not noticed
                retry=Retry(NoBackoff(), 0),  # what may have been done is judged here
                socket_timeout=_TIMEOUT,
                socket_connect_timeout=_TIMEOUT,
                decode_responses=False,
            )

        return cls(os.getpid(), make_client(build))

    def run(self, script: str, names: list[str], *words: str | int) -> object:
        """Run a script.

        Raises:
            CoordinatorError: The server did not run it, or it is not known whether it did.
        """
        if time.monotonic() < self.rests_until:
            raise _refuse(build_fault("it did not respond a moment ago"))
        return self._explained(lambda: self.client.eval(script, len(names), *names, *words))

    def look(self, epoch: str) -> tuple[str, str, str]:
        """Return the run of the server, its time, and since when it has forgotten nothing.

        Raises:
            CoordinatorError: The server does not tell.
        """
        run, now, since = (word.decode() for word in cast("list[bytes]", self.run(_LOOK, [epoch])))
        return run, now, since

    def read_texts(self, start: str) -> dict[str, str]:
        """Return all texts whose names begin with *start*, by their names.

        Raises:
            CoordinatorError: The server did not do it.
        """
        names = self._explained(lambda: [*self.client.scan_iter(f"{_escape(start)}*", count=_AT_ONCE)])
        texts: dict[str, str] = {}
        for first in range(0, len(names), _AT_ONCE):
            some = names[first : first + _AT_ONCE]
            found = cast("list[bytes | None]", self._explained(partial(self.client.mget, some)))
            texts |= {
                name.decode(): text.decode()
                for name, text in zip(some, found, strict=True)
                if text is not None  # it has lasted since
            }
        return texts

    def check_now_and_then(self, run: str) -> None:
        """Do what `check` does with each run of the server, and again after a while: settings change.

        Raises:
            CoordinatorError: It may forget.
        """
        if run != self.checked or time.monotonic() >= self.fit_until:
            self.check()
            self.checked, self.fit_until = run, time.monotonic() + _FIT

    def check(self) -> None:
        """Refuse a server that may forget what it keeps.

        Raises:
            CoordinatorError: It may.
        """
        info = cast("dict[str, object]", self._explained(lambda: self.client.info("memory")))
        policy = info.get("maxmemory_policy", _NO_EVICTION)
        if policy != _NO_EVICTION:
            problem = f"may evict keys (maxmemory-policy {policy})"
            remedy = f"Set maxmemory-policy to {_NO_EVICTION}, or use another server."
            raise _refuse(RedisFault(problem, remedy, is_permanent=True))

    def _explained(self, work: Callable[[], T]) -> T:
        import redis  # noqa: PLC0415 - an extra, here already

        try:
            return work()
        except (redis.RedisError, OSError) as error:
            if isinstance(error, redis.TimeoutError | TimeoutError):
                self.rests_until = time.monotonic() + _REST
            failure = _refuse(explain(error))
            failure.__cause__ = error
        raise failure


def _build_moment(now: str, since: str) -> Moment:
    return Moment(int(now) * _MICROSECOND, int(since) * _MICROSECOND or NEVER_FORGOT)


def _escape(text: str) -> str:
    return _SPECIAL.sub(r"\\\g<0>", text)


def _refuse(fault: RedisFault) -> CoordinatorError:
    return CoordinatorError(
        f"Redis {fault.problem}; nothing was sent.", remedy=fault.remedy, is_permanent=fault.is_permanent
    )
