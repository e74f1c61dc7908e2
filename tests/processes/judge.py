"""The bank's side: takes requests of any client, and tells when each came and how long its login ran.

It knows HTTP and links, and nothing of `belvo_async`: what it has seen is the only evidence that counts.
"""

import asyncio
import json
import math
import socket
import ssl
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from http import HTTPStatus
from itertools import groupby
from random import Random
from typing import Final, Self

from attrs import Factory, define, field

from tests.processes.arrival import Relay, ask_kernel

_COLLECTION: Final = "/api/links/"
_BEAT: Final = 0.01
"""Seconds between two looks at how punctual the judge itself is."""


@define(eq=False)
class Received:
    """One request, from its first byte to the departure of its reply."""

    at: float
    """By `time.monotonic()`."""
    method: str = ""
    """Empty until all of the request has come: a client may die before."""
    path: str = ""
    body: Mapping[str, object] = field(factory=dict)
    left_at: float = math.inf
    """A login goes on at the bank until then, whether or not its client is still there."""

    @property
    def link_id(self) -> str:
        return self.path.removeprefix(_COLLECTION).strip("/") if self.path.startswith(_COLLECTION) else ""

    @property
    def is_login(self) -> bool:
        return self.method == "PUT"


def find_worst_window(arrivals: Sequence[float], window: float) -> int:
    """Return the most arrivals in any half-open window: one at its start counts, one at its end does not."""
    ordered = sorted(arrivals)
    worst = first = 0
    for count, last in enumerate(ordered, start=1):
        while last - ordered[first] >= window:
            first += 1
        worst = max(worst, count - first)
    return worst


def measure_goodput(arrivals: Sequence[float], limit: int, window: float, margin: float) -> float:
    """Return how much of what is allowed was used while there was work, from 0 to about 1.

    The first *limit* arrivals do not count: they may come at once, whoever sends them.

    Raises:
        ValueError: There are too few to tell.
    """
    counted = sorted(arrivals)[limit:]
    if len(counted) < 2:
        raise ValueError(f"{len(arrivals)} arrivals say nothing about a limit of {limit}")
    pace = (len(counted) - 1) / (counted[-1] - counted[0])
    return pace * (window + margin) / limit


def count_overlaps(log: Sequence[Received]) -> int:
    """Return how many logins began while another one of their link ran."""
    logins = sorted((entry for entry in log if entry.is_login), key=_sort_key)
    overlaps = 0
    for _, group in groupby(logins, key=_find_link):
        runs_until = -math.inf
        for login in group:
            overlaps += login.at < runs_until
            runs_until = max(runs_until, login.left_at)
    return overlaps


def _sort_key(entry: Received) -> tuple[str, float]:
    return entry.link_id, entry.at


def _find_link(entry: Received) -> str:
    return entry.link_id


def _draw(judge: "Judge") -> Random:
    return Random(judge.seed)  # noqa: S311 - the pace of banks


def _listen() -> socket.socket:
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    listener.setblocking(False)
    return listener


@define(eq=False)
class Judge:
    """An HTTP/1.1 server on a free port of this machine that notes everything and refuses nothing.

    A plain connection stands as soon as the kernel has made it, before any program can delay it. So a slow
    handshake takes a certificate: TLS begins when the judge says so.
    """

    login_seconds: float = 0.0
    """How long a login takes: each takes half of it to one and a half times as long."""
    seed: int = 0
    certificate: ssl.SSLContext | None = None
    handshake_seconds: float = 0.0
    """Seconds that every second connection or so waits for its TLS handshake: a delay that all have alike
    changes nothing between them."""
    log: list[Received] = field(factory=list, init=False)
    lag: float = field(default=0.0, init=False)
    """The most seconds that the judge itself came too late since the first request.

    Where the kernel tells when a request came, on Linux, that does no harm.
    """
    _random: Random = field(init=False, default=Factory(_draw, takes_self=True))
    _accessed: dict[str, datetime] = field(factory=dict, init=False)
    _changed: asyncio.Event = field(factory=asyncio.Event, init=False)
    _tasks: set["asyncio.Task[None]"] = field(factory=set, init=False)
    _listener: socket.socket = field(init=False, factory=_listen)

    async def __aenter__(self) -> Self:
        await ask_kernel(self._listener)
        self._start(self._accept())
        self._start(self._watch_itself())
        return self

    async def __aexit__(self, *_: object) -> None:
        tasks = [*self._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._listener.close()

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    @property
    def url(self) -> str:
        host = "http://127.0.0.1" if self.certificate is None else "https://localhost"
        return f"{host}:{self.port}"

    @property
    def arrivals(self) -> list[float]:
        """When each request came, whatever it wanted: that is how Belvo counts."""
        return [entry.at for entry in self.log]

    @property
    def logins(self) -> list[Received]:
        return [entry for entry in self.log if entry.is_login]

    def is_logging_in(self, link_id: str) -> bool:
        """Whether a login of the link runs at the bank now."""
        return any(entry.link_id == link_id and math.isinf(entry.left_at) for entry in self.logins)

    async def wait_until(self, is_so: Callable[[], bool]) -> None:
        """Wait until something is so; it is looked at whenever a request comes or a reply leaves."""
        while not is_so():
            self._changed.clear()
            await self._changed.wait()

    def _start(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _watch_itself(self) -> None:
        while True:
            due = time.monotonic() + _BEAT
            await asyncio.sleep(_BEAT)
            if self.log:
                self.lag = max(self.lag, time.monotonic() - due)

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            connection, _ = await loop.sock_accept(self._listener)
            self._start(self._serve(connection))

    async def _serve(self, connection: socket.socket) -> None:
        ours, theirs = socket.socketpair()
        relay = Relay(connection, theirs)
        with connection, ours, theirs:
            await asyncio.sleep(self.handshake_seconds * self._random.randint(0, 1))
            passing = asyncio.create_task(relay.run())
            try:
                await self._talk(ours, relay)
            except (asyncio.IncompleteReadError, OSError):  # SSLError is one: the client has left
                pass
            finally:
                passing.cancel()
                await asyncio.gather(passing, return_exceptions=True)

    async def _talk(self, connection: socket.socket, relay: Relay) -> None:
        reader, loop = asyncio.StreamReader(), asyncio.get_running_loop()
        transport, protocol = await loop.connect_accepted_socket(
            lambda: asyncio.StreamReaderProtocol(reader), connection, ssl=self.certificate
        )
        writer = asyncio.StreamWriter(transport, protocol, reader, loop)
        try:
            while True:
                await self._take_one(reader, writer, relay)
        finally:
            transport.abort()

    async def _take_one(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, relay: Relay
    ) -> None:
        first = await reader.readexactly(1)
        entry = Received(relay.heard_at)
        self.log.append(entry)
        self._changed.set()
        head = first + await reader.readuntil(b"\r\n\r\n")
        body = await reader.readexactly(_find_length(head))
        entry.body = json.loads(body) if body else {}
        entry.method, entry.path, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
        reply = await self._reply(entry)
        entry.left_at = time.monotonic()
        self._changed.set()
        writer.write(reply)
        await writer.drain()

    async def _reply(self, entry: Received) -> bytes:
        if entry.is_login:
            await asyncio.sleep(self.login_seconds * self._random.uniform(0.5, 1.5))
            self._accessed[entry.link_id] = datetime.now(UTC)
        if entry.link_id and entry.method in ("PUT", "GET"):
            return _build_reply(HTTPStatus.OK, self._show(entry.link_id))
        return _build_reply(HTTPStatus.NOT_FOUND, [{"code": "not_found", "message": "Not found"}])

    def _show(self, link_id: str) -> dict[str, object]:
        """Build a link as Belvo shows it; a client may look at it to learn how a login ended."""
        accessed_at = self._accessed.get(link_id)
        return {
            "id": link_id,
            "institution": "erebor_mx_retail",
            "access_mode": "single",
            "status": "valid",
            "last_accessed_at": None if accessed_at is None else accessed_at.isoformat(),
            "created_at": "2025-01-01T00:00:00.000000Z",
            "created_by": "00000000-0000-0000-0000-000000000001",
            "refresh_rate": None,
            "external_id": None,
            "institution_user_id": None,
            "credentials_storage": "365d",
        }


def _find_length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def _build_reply(status: HTTPStatus, value: object) -> bytes:
    body = json.dumps(value).encode()
    lines = (
        f"HTTP/1.1 {status} {status.phrase}",
        f"Date: {format_datetime(datetime.now(UTC), usegmt=True)}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body
