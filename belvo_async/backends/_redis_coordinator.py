"""The records of a coordinator in Redis, for many machines.

A record is read and replaced only if it is still the same, so that what is done with it is the same code as
everywhere, and not a script in another language. The moment is the server's.
"""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Self, TypeVar, cast

from attrs import define

from belvo_async.backends._coordinator import NEVER_FORGOT, Moment, RecordKind
from belvo_async.errors import ConfigurationError, CoordinatorError

if TYPE_CHECKING:
    from redis import Redis
    from redis.connection import Connection

R = TypeVar("R")
T = TypeVar("T")

_NO_EVICTION: Final = "noeviction"
_TIMEOUT: Final = 5.0
_TRIES: Final = 200
"""Of replacing a record: each time that it fails another process has got on."""
_READ: Final = """local time, epoch = redis.call('TIME'), redis.call('GET', KEYS[2])
local now = time[1] * 1000000 + time[2]
local run, since = string.match(epoch or '', '^([^ ]*) (%-?%d+)$')
if run ~= ARGV[1] then
  since = string.format('%.0f', now)
  redis.call('SET', KEYS[2], ARGV[1] .. ' ' .. since)
end
return {string.format('%.0f', now), since, redis.call('GET', KEYS[1]) or ''}"""
"""What is read of another run of the server may miss what was written last, and what was evicted or flushed
is missed altogether: since when nothing has been forgotten is written beside the records."""
_WRITE: Final = """if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1"""
_INIT: Final = "return redis.call('SET', KEYS[1], ARGV[1] .. ' 0')"
_MICROSECOND: Final = 1e-6


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
        self._server = _Server.connect(url)

    def change(self, kind: RecordKind[R], key: str, change: Callable[[R, Moment], T]) -> T:
        """Let *change* work on a record; see `Coordinator`."""
        server, name = self._find_server(), f"{self._prefix}:{kind.name}:{key}"
        losses = 0
        for _ in range(_TRIES):
            connections = server.connections
            try:
                moment, text = self._read(server, name)
                record = kind.create() if text == "" else kind.load(text)
                result = change(record, moment)
                written = server.run(_WRITE, [name], text, kind.dump(record), int(kind.lasts * 1000))
            except _LostError as error:  # what may have been written is of no effect: nobody acts on it
                losses += 1
                if losses > 1:
                    raise _explain(error) from error.__cause__
                continue
            if written and connections == server.connections:  # else it may be another server's by now
                return result
        raise CoordinatorError(
            "Other processes change the same record in Redis all the time; nothing was sent.",
            remedy="Spread the work over fewer processes, or give groups of them an egress of their own.",
        )

    def init(self) -> None:
        """Note that nothing is under way that Redis should know of: the first use need not wait then.

        Raises:
            CoordinatorError: The server cannot be used.
        """
        server = self._find_server()
        try:
            server.run(_INIT, [f"{self._prefix}:epoch"], server.find_run())
        except _LostError as error:
            raise _explain(error) from error.__cause__

    def close(self) -> None:
        """Close the connections; they are opened again when they are needed."""
        if self._server.process == os.getpid():
            self._server.client.close()

    def _read(self, server: "_Server", name: str) -> tuple[Moment, str]:
        found = server.run(_READ, [name, f"{self._prefix}:epoch"], server.find_run())
        now, since, text = (word.decode() for word in cast("list[bytes]", found))
        began = int(since) * _MICROSECOND
        return Moment(int(now) * _MICROSECOND, began or NEVER_FORGOT), text

    def _find_server(self) -> "_Server":
        if self._server.process != os.getpid():
            self._server = _Server.connect(self._url)
        return self._server


class _LostError(Exception):
    """The connection was lost: what was asked for may have been done."""


@define(eq=False)
class _Server:
    """The server as one process knows it; for any of its threads."""

    process: int
    client: "Redis"
    run_id: str | None = None
    """Of the server to which the connections lead, once it was asked."""
    connections: int = 0
    """How many were made so far: each may lead to another server."""

    @classmethod
    def connect(cls, url: str) -> Self:
        """Prepare to connect.

        Raises:
            ConfigurationError: The extra `redis` is missing, or the address makes no sense.
        """
        try:
            import redis  # noqa: PLC0415 - an extra
            from redis.backoff import NoBackoff  # noqa: PLC0415 - an extra
            from redis.retry import Retry  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise ConfigurationError(
                "redis is not installed.", remedy='Run: pip install "belvo-async[redis]".'
            ) from error
        try:
            client = redis.Redis.from_url(
                url,
                protocol=2,  # with 3 a connection that the server has closed while idle is not noticed
                retry=Retry(NoBackoff(), 0),  # what may have been done is judged here
                socket_timeout=_TIMEOUT,
                socket_connect_timeout=_TIMEOUT,
                decode_responses=False,
            )
        except (ValueError, TypeError, AttributeError):
            client = None
        if client is None:  # what was raised may quote the address, and it the password
            raise ConfigurationError(
                "The address of Redis makes no sense.", remedy="Write it as redis://host:6379/0."
            )
        server = cls(os.getpid(), client)
        client.connection_pool.connection_kwargs["redis_connect_func"] = server._note_connection
        return server

    def run(self, script: str, names: list[str], *words: str | int) -> object:
        """Run a script.

        Raises:
            CoordinatorError: The server refused it, or did not respond in time.
        """
        return self._explained(lambda: self.client.eval(script, len(names), *names, *words))

    def find_run(self) -> str:
        """Return what names the run of the server.

        Raises:
            ConfigurationError: It may evict what it keeps.
        """
        if self.run_id is None:
            info = cast("dict[str, object]", self._explained(self.client.info))
            policy = info.get("maxmemory_policy", _NO_EVICTION)
            if policy != _NO_EVICTION:
                raise ConfigurationError(
                    f"Redis may evict keys (maxmemory-policy {policy}): then logins could be repeated.",
                    remedy=f"Set maxmemory-policy to {_NO_EVICTION}, or use another server.",
                )
            self.run_id = str(info["run_id"])
        return self.run_id

    def _note_connection(self, connection: "Connection") -> None:
        connection.on_connect()  # type: ignore[no-untyped-call]  # redis gives it no types
        self.connections += 1
        self.run_id = None

    @staticmethod
    def _explained(work: Callable[[], T]) -> T:
        import redis  # noqa: PLC0415 - an extra, here already

        try:
            return work()
        except redis.TimeoutError as error:
            failure: Exception = _explain(error)
        except (redis.ConnectionError, OSError) as error:
            failure = _LostError(type(error).__name__)
            failure.__cause__ = error
        except redis.RedisError as error:
            failure = _explain(error)
        raise failure


def _explain(error: Exception) -> CoordinatorError:
    cause = error.__cause__ if isinstance(error, _LostError) else error
    return CoordinatorError(
        f"Redis could not do its work ({type(cause).__name__}); nothing was sent.",
        remedy="Check that the server runs and is writable, and its address, password and memory.",
    )
