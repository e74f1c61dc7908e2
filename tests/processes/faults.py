"""What is harmed, a server or a network, and what works on meanwhile: pools on event loops."""

import asyncio
import json
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final, Self, TypeVar

from attrs import define, evolve, field, frozen

from belvo_async import BelvoError, Credentials, LinkUpdate, RateLimit, SessionPool
from belvo_async.backends import Backend, ChallengeStore, Coordinator, Ledger, Moment, RecordKind
from tests.processes.judge import Judge, Received, count_overlaps, find_worst_window
from tests.processes.worker import name_link
from tests.stores.conftest import start_redis, stop_redis
from tests.stores.ports import find_free_port

R = TypeVar("R")
T = TypeVar("T")

MOST: Final = 20
LIMIT: Final = RateLimit(requests=MOST, window=1.0, margin=0.1)
SPAN: Final = LIMIT.window + LIMIT.margin
LINKS: Final = 8
_LOOK: Final = 0.02
"""Seconds between two looks at whether something is so."""
_NAP: Final = 0.05
"""Seconds after an error until who met it tries again."""
_BEAT: Final = 0.01
_PUNCTUAL: Final = 0.05
"""Seconds that a thread may come late on a machine that has a processor for it."""
_MOST: Final = 65536


@define(eq=False)
class RedisServer:
    """A Redis server on a port that it has again after a restart; it keeps nothing."""

    directory: Path
    port: int = field(factory=find_free_port)
    _process: "subprocess.Popen[bytes] | None" = field(default=None, init=False)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        self._process = start_redis(self.directory, port=self.port)

    def kill(self) -> None:
        """End it as a machine that loses its power does."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        self._process = None

    def stop(self) -> None:
        if self._process is not None:
            stop_redis(self._process)


@define(eq=False)
class Wire:
    """A network between clients and a server of this machine.

    While it is lost, connections stand and nothing comes through; what was sent arrives when it is back, as
    TCP has it, whether or not the sender still waits.
    """

    server_port: int
    _is_up: asyncio.Event = field(factory=asyncio.Event, init=False)
    _ways: set["asyncio.Task[None]"] = field(factory=set, init=False)
    _listener: asyncio.Server | None = field(default=None, init=False)

    async def __aenter__(self) -> Self:
        self._is_up.set()
        self._listener = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._listener is not None
        self._listener.close()
        for way in self._ways:
            way.cancel()
        await asyncio.gather(*self._ways, return_exceptions=True)

    @property
    def port(self) -> int:
        """Where clients find the server."""
        assert self._listener is not None
        port: int = self._listener.sockets[0].getsockname()[1]
        return port

    def lose(self) -> None:
        self._is_up.clear()

    def restore(self) -> None:
        self._is_up.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self.server_port)
        except OSError:
            writer.close()
            return
        for way in (self._pass_on(reader, server_writer), self._pass_on(server_reader, writer)):
            task = asyncio.create_task(way)
            self._ways.add(task)
            task.add_done_callback(self._ways.discard)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(OSError):
                while data := await reader.read(_MOST):
                    await self._is_up.wait()
                    writer.write(data)
                    await writer.drain()
        finally:
            writer.close()


@define(eq=False)
class Heartbeat:
    """Tells for how long an event loop has stood still although the machine had a processor for it."""

    worst: float = 0.0
    """Seconds."""
    _thread: int = field(default=0, init=False)
    _beat: tuple[float, float] = field(default=(0.0, 0.0), init=False)
    """When the event loop was seen to turn, and for how long it had waited for a processor until then."""
    _is_over: threading.Event = field(factory=threading.Event, init=False)

    async def run(self) -> None:
        """Beat on the event loop, while a thread listens, until this is cancelled."""
        listener = threading.Thread(target=self._listen, daemon=True)
        self._thread = threading.get_native_id()
        self._beat = time.monotonic(), self._look()[1]
        listener.start()
        try:
            while True:
                self._beat = time.monotonic(), self._look()[1]
                await asyncio.sleep(_BEAT)
        finally:
            self._is_over.set()

    def _listen(self) -> None:
        seen = 0
        due = time.monotonic() + _BEAT
        while not self._is_over.wait(_BEAT):
            now = time.monotonic()
            seen = seen + 1 if now - due < _PUNCTUAL else 0
            if seen > 2:  # else this thread was late itself, and so was the loop: that says nothing of it
                (at, before), (is_asleep, waited) = self._beat, self._look()
                self.worst = max(self.worst, now - at - (waited - before) if is_asleep else 0.0)
            due = time.monotonic() + _BEAT

    def _look(self) -> tuple[bool, float]:
        """Return whether the loop's thread is asleep, and how long it has waited for a processor, in seconds.

        Threads that work wait longer than one that mostly sleeps, as the listener does. Only Linux tells.
        """
        place = Path(f"/proc/self/task/{self._thread}")
        try:
            state = (place / "stat").read_text().rpartition(") ")[2][0]
            return state != "R", int((place / "schedstat").read_text().split()[1]) / 1e9
        except OSError:
            return True, 0.0


@frozen
class NextCoordinator:
    """One of the next version, as far as this one can tell: its records have a key more."""

    inner: Coordinator
    is_blocking: bool = True

    def change(self, kind: RecordKind[R], key: str, change: Callable[[R, Moment], T]) -> T:
        def dump(record: R) -> str:
            fields = json.loads(kind.dump(record))
            return json.dumps({**fields, "version": fields["version"] + 1, "mood": "sunny"})

        return self.inner.change(evolve(kind, dump=dump), key, change)

    def read_all(self, kind: RecordKind[R]) -> tuple[dict[str, R], Moment]:
        return self.inner.read_all(kind)


@define(eq=False)
class NextVersion:
    """A backend of the next version."""

    inner: Backend

    @property
    def coordinator(self) -> Coordinator:
        return NextCoordinator(self.inner.coordinator)

    @property
    def challenges(self) -> ChallengeStore:
        return self.inner.challenges

    @property
    def ledger(self) -> Ledger | None:
        return self.inner.ledger

    async def open(self) -> None:
        await self.inner.open()

    async def aclose(self) -> None:
        await self.inner.aclose()


def open_pool(judge: Judge, backend: str | Backend) -> SessionPool:
    return SessionPool(
        Credentials("id", "password"),
        environment=judge.url,
        rate_limit=LIMIT,
        backend=backend,
        observer=lambda _: None,
    )


@asynccontextmanager
async def opened(backend: str | Backend) -> AsyncIterator[None]:
    """Open and close a backend, where the pool does not."""
    if isinstance(backend, str):
        yield
        return
    await backend.open()
    try:
        yield
    finally:
        await backend.aclose()


@frozen
class Attempt:
    """One call, and what its caller was told."""

    ended_at: float
    outcome: str
    """`updated`, `read`, or the name of an error."""
    password: str | None = None
    said: str = ""
    """The error's words."""


@define(eq=False)
class Crew:
    """Pools on event loops of their own that update the same links and read them, on and on.

    To each other they are as two processes: each has its own connections, locks and threads.
    """

    judge: Judge
    attempts: list[Attempt] = field(factory=list, init=False)
    heartbeats: list[Heartbeat] = field(factory=list, init=False)
    _is_over: threading.Event = field(factory=threading.Event, init=False)

    async def work(self, name: str, backend: str | Backend, links: int | None) -> None:
        """Work with one pool until the end; each of its callers has one link after the other."""
        heartbeat = Heartbeat()
        self.heartbeats.append(heartbeat)
        async with opened(backend), open_pool(self.judge, backend) as pool:
            beating = asyncio.create_task(heartbeat.run())
            callers = [self._update_on(pool, f"{name}-{number}", number, links) for number in range(LINKS)]
            await asyncio.gather(*callers, self._read_on(pool))
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)

    def end(self) -> None:
        """Let each caller make no more calls."""
        self._is_over.set()

    def count(self, outcome: str, since: float = 0.0) -> int:
        """Return how many calls have ended so."""
        return sum(one.outcome == outcome and one.ended_at >= since for one in [*self.attempts])

    async def wait_for_each(self, patience: float = 30.0) -> None:
        """Wait until each caller has updated a link, and so holds none any more that it holds now."""
        since, callers = time.monotonic(), LINKS * len(self.heartbeats)
        await wait_until(lambda: len(self._list_updaters(since)) == callers, patience)

    def _list_updaters(self, since: float) -> set[str]:
        done = [one for one in [*self.attempts] if one.outcome == "updated" and one.ended_at >= since]
        return {str(one.password).rpartition("-")[0] for one in done}

    async def wait_for(self, outcome: str, count: int = 1, patience: float = 30.0) -> None:
        """Wait until so many more calls have ended so."""
        since = time.monotonic()
        await wait_until(lambda: self.count(outcome, since) >= count, patience)

    def list_failed(self) -> list[Attempt]:
        """Return the calls that raised something."""
        return [one for one in self.attempts if one.outcome not in ("updated", "read")]

    async def _update_on(self, pool: SessionPool, name: str, number: int, links: int | None) -> None:
        index = 0
        while not self._is_over.is_set():
            password, index = f"{name}-{index}", index + 1
            link = number + index * LINKS if links is None else (number + index) % links
            update = pool.links.update(LinkUpdate(name_link(link), password=password))
            await self._await(update, Attempt(0.0, "updated", password))

    async def _read_on(self, pool: SessionPool) -> None:
        while not self._is_over.is_set():
            await self._await(pool.links.get(name_link(0)), Attempt(0.0, "read"))

    async def _await(self, call: Awaitable[object], attempt: Attempt) -> None:
        try:
            await call
        except BelvoError as error:
            attempt = evolve(attempt, outcome=type(error).__name__, said=f"{error.message} {error.remedy}")
            await asyncio.sleep(_NAP)
        self.attempts.append(evolve(attempt, ended_at=time.monotonic()))


@asynccontextmanager
async def working(
    judge: Judge, backends: Sequence[str | Backend], *, links: int | None = LINKS
) -> AsyncIterator[Crew]:
    """Let a pool with each of the backends work, and end them; *links* is None for a new one each time."""
    crew = Crew(judge)
    pools = [
        asyncio.create_task(asyncio.to_thread(asyncio.run, crew.work(f"pool{number}", backend, links)))
        for number, backend in enumerate(backends)
    ]
    try:
        await crew.wait_for("updated", 2 * len(backends))
        for heartbeat in crew.heartbeats:
            heartbeat.worst = 0.0  # what was done for the first time took longer, and harmed nobody
        yield crew
    finally:
        crew.end()
        results = await asyncio.gather(*pools, return_exceptions=True)
    assert results == [None] * len(backends)


async def wait_until(is_so: Callable[[], bool], patience: float = 30.0) -> None:
    """Wait until something is so that happens on other threads, which wake nobody here."""
    async with asyncio.timeout(patience):
        while not is_so():  # noqa: ASYNC110 - see above
            await asyncio.sleep(_LOOK)


def check_promises(crew: Crew) -> None:
    """Check what holds whatever happens: the limit, one login for each link, and that nobody was lied to."""
    judge, failed = crew.judge, crew.list_failed()
    worst = find_worst_window(judge.arrivals, LIMIT.window)
    overlaps = count_overlaps(judge.log)
    stall = max(heartbeat.worst for heartbeat in crew.heartbeats)
    print(  # noqa: T201 - evidence
        f"{len(judge.log)} arrivals, at most {worst} of {MOST} in {LIMIT.window:g} s, {overlaps} overlaps, "
        f"{dict(Counter(one.outcome for one in crew.attempts))}, loops stood still for {stall:.3f} s"
    )
    assert worst <= MOST
    assert overlaps == 0
    assert {one.outcome for one in failed} <= {"CoordinatorError", "ChallengeStoreError"}
    assert {one.said for one in failed if "nothing was sent" not in one.said.lower()} == set()
    sent = Counter(entry.body.get("password") for entry in judge.logins)
    told = {one.password: int(one.outcome == "updated") for one in crew.attempts if one.password}
    assert [(word, sent[word]) for word, count in told.items() if sent[word] != count] == []
    assert stall < 0.2


def list_since(log: Sequence[Received], moment: float) -> list[Received]:
    """Return what has come since."""
    return [entry for entry in log if entry.at >= moment]
