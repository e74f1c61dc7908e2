"""`belvo-async backend`: prepare and check what processes share."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from rich.console import Console

from belvo_async import SessionPool
from belvo_async.backends import (
    BackendStatus,
    PostgresBackend,
    RedisBackend,
    SqliteBackend,
    check_backend,
    purge,
    read_status,
)
from belvo_async.cli._console import write_prose
from belvo_async.cli._exit_codes import ExitCode

OwnBackend: TypeAlias = SqliteBackend | RedisBackend | PostgresBackend
"""What a setting can name."""


async def init(backend: OwnBackend, output: Console) -> ExitCode:
    """Make a backend ready for its first use."""
    async with backend:
        is_new = await backend.init()
    told = "is ready for its first use" if is_new else "is in use already; nothing was changed"
    write_prose(output, f"{name_backend(backend)} {told}.")
    return ExitCode.OK


async def check(backend: OwnBackend, output: Console) -> ExitCode:
    """Tell whether a backend can be used."""
    async with backend:
        await check_backend(backend)
    write_prose(output, f"{name_backend(backend)} can be used.")
    return ExitCode.OK


async def run_purge(backend: OwnBackend, days: int, output: Console) -> ExitCode:
    """Remove what is over for some days, and tell how much it was."""
    async with backend:
        purged = await purge(backend, before=datetime.now(UTC) - timedelta(days=days))
    write_prose(output, f"Removed: {purged.jobs} jobs, {purged.challenges} challenges.")
    return ExitCode.OK


async def run_erase(
    pool: SessionPool, link_id: str | None, reference: str | None, output: Console
) -> ExitCode:
    """Erase what is kept about a link or a person, and tell how much it was."""
    async with pool:
        erased = await pool.erase(link_id, reference=reference)
    write_prose(
        output,
        f"Erased: {erased.rows} rows of jobs, {erased.challenges} challenges, of links: {len(erased.links)}.",
    )
    return ExitCode.OK


def name_backend(backend: OwnBackend) -> str:
    """Return what a backend is called; an address is not shown, as it may hold a password."""
    match backend:
        case RedisBackend():
            return "Redis"
        case PostgresBackend():
            return "PostgreSQL"
        case SqliteBackend():
            return str(backend.path)


async def tell_waits(pool: SessionPool, say: Callable[[str], None]) -> None:
    """Tell before a job begins whether its logins have to wait; see `list_waits`."""
    for line in list_waits(await read_status(pool.backend)):
        say(line)


def list_waits(status: BackendStatus) -> Iterator[str]:
    """Tell for how long no login begins, as those under way may have been forgotten."""
    if status.quarantine:
        yield f"Logins wait for another {status.quarantine:.0f} s: what is noted of others may be incomplete."
