"""How a backend stands: whether it can be used, and what gates requests and logins now."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Final, TypeVar

from attrs import frozen

from belvo_async._clock import SYSTEM_CLOCK, Clock
from belvo_async.backends._backend import Backend
from belvo_async.backends._coordinator import Coordinator, RecordKind
from belvo_async.backends._job_lock import JOB_LOCK, write_key
from belvo_async.backends._job_status import JobStatus, build_status, find_since
from belvo_async.backends._lease import LEASE, LOGIN_LIMIT, Lease, LeasePhase
from belvo_async.backends._window import WINDOW, Window
from belvo_async.backends._window_key import WindowKey

T = TypeVar("T")

_TRIAL: Final = RecordKind(name="trial", create=str, dump=str, load=str, lasts=0.01)
"""A record that says nothing."""


@frozen(kw_only=True)
class WindowStatus:
    """How the window of a rate limit stands: that of one server, as seen from one egress address."""

    counted: str
    """What counts: `requests`, or `deletes`, which have a limit of their own."""
    server: str
    """The server's address."""
    egress: str
    """What `SessionPool(egress=…)` calls the address that requests leave from."""
    starts: int
    """How many have started within `span`."""
    size: int | None
    """How many may; None where nobody has named a limit."""
    span: float
    """Seconds for which a start counts, the margin included."""
    waiting: int
    """How many wait in line: each process once for its answers, its calls and its jobs, however many."""
    pause: float | None
    """Seconds until the next request may leave, after a refusal by the server; None where no pause is on."""


@frozen(kw_only=True)
class LeaseStatus:
    """A link, or a user of an institution, at which only one process may log in now."""

    link_id: str | None
    """None where it is held by the name of its user, as links of one user wait for each other."""
    phase: LeasePhase
    """Whether the login waits for its turn, was sent, or has led to a question to a person."""
    seconds: float
    """After how many seconds it is free, unless it is held for longer or released earlier."""


@frozen(kw_only=True)
class BackendStatus:
    """What gates requests and logins now, whichever process they come from."""

    windows: tuple[WindowStatus, ...]
    """Those that were used within the last hour."""
    leases: tuple[LeaseStatus, ...]
    """Those that are held; the first to be free comes first."""
    quarantine: float
    """Seconds for which logins wait, as records of those under way may have been lost; 0.0: none were."""


async def check_backend(backend: Backend) -> None:
    """Check that an open backend can be used: change a record that nobody needs, as a login would.

    Raises:
        CoordinatorError: It cannot be used; says why.
    """
    await _work(backend, partial(backend.coordinator.change, _TRIAL, "", lambda _, _moment: None))


async def read_status(backend: Backend) -> BackendStatus:
    """Return how a backend stands, for whoever watches; nothing is changed, and nobody waits for it.

    Raises:
        CoordinatorError: It cannot be read.
    """
    return await _work(backend, partial(_read, backend.coordinator))


async def read_jobs(
    backend: Backend, name: str | None = None, *, clock: Clock = SYSTEM_CLOCK
) -> tuple[JobStatus, ...]:
    """Return how the jobs of an open backend stand, or those of one name, that first which began last.

    It is slow in proportion to their links.

    Raises:
        CoordinatorError: It cannot be told which are running.
        LedgerError: They cannot be read.
    """
    ledger, now = backend.ledger, clock.wall()
    if ledger is None:
        return ()
    rows = [row for row in await ledger.list_jobs() if name in (None, row.key.name)]
    running = await _work(backend, partial(_find_running, backend.coordinator))
    found = []
    for row in rows:
        counts = await ledger.count(row.key, since=find_since(row, now))
        found.append(build_status(row, counts, now, is_running=write_key(row.key) in running))
    return tuple(found)


def _find_running(coordinator: Coordinator) -> set[str]:
    locks, moment = coordinator.read_all(JOB_LOCK)
    return {key for key, lock in locks.items() if lock.is_held(moment)}


async def _work(backend: Backend, work: Callable[[], T]) -> T:
    """Let a coordinator do something without blocking the event loop."""
    return await asyncio.to_thread(work) if backend.coordinator.is_blocking else work()


def _read(coordinator: Coordinator) -> BackendStatus:
    windows, _ = coordinator.read_all(WINDOW)
    leases, moment = coordinator.read_all(LEASE)
    return BackendStatus(
        windows=_list_windows(windows, moment.now),
        leases=_list_leases(leases.values(), moment.now),
        quarantine=max(0.0, moment.since + LOGIN_LIMIT - moment.now),
    )


def _list_windows(windows: Mapping[str, Window], now: float) -> tuple[WindowStatus, ...]:
    keys = {text: key for text in sorted(windows) if (key := WindowKey.read(text)) is not None}
    return tuple(_build_window(key, windows[text], now) for text, key in keys.items())


def _build_window(key: WindowKey, window: Window, now: float) -> WindowStatus:
    return WindowStatus(
        counted=key.counted,
        server=key.server,
        egress=key.egress,
        starts=window.count_starts(now),
        size=window.size,
        span=window.span,
        waiting=window.count_places(now),
        pause=window.pause.find_seconds(now),
    )


def _list_leases(leases: Iterable[Lease], now: float) -> tuple[LeaseStatus, ...]:
    held = [lease for lease in leases if lease.phase is not LeasePhase.FREE and lease.until > now]
    return tuple(
        LeaseStatus(link_id=lease.link_id, phase=lease.phase, seconds=lease.until - now)
        for lease in sorted(held, key=lambda lease: lease.until)
    )
