"""Jobs on a sandbox with a real socket, on a clock whose sleepers wake at once."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from attrs import fields

from belvo_async import LinkUpdate, RetryPolicy, SessionPool
from belvo_async.backends import LinkState
from belvo_async.bulk import JobLimits, JobReport, JobRun, Outcome, list_links, refresh
from belvo_async.errors import BelvoError
from belvo_async.sandbox import Sandbox
from tests.challenges.conftest import other, store
from tests.challenges.conftest import pool as sharing
from tests.engine.conftest import clock, open_pool, pool, sandbox

__all__ = ["clock", "open_pool", "other", "pool", "sandbox", "sharing", "store"]

EREBOR = "erebor_mx_retail"
GRINGOTTS = "gringotts_mx_retail"
HEIMDALL = "heimdall_mx_retail"
PASSWORD = "correct horse battery staple"
LIMITS = {attribute.name for attribute in fields(JobLimits)}
PATIENCE = 120.0
"""Real seconds after which a job counts as stuck: 800 logins need a tenth of them where nobody else works."""

Kind = TypeVar("Kind", bound=Outcome)


@pytest.fixture
async def bank() -> AsyncIterator[Sandbox]:
    """A sandbox by the machine's own clock."""
    async with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
async def real_pool(bank: Sandbox) -> AsyncIterator[SessionPool]:
    """A pool on it that tries nothing again."""
    async with open_pool(bank, retry=RetryPolicy.never()) as pool:
        yield pool


def add_links(
    sandbox: Sandbox, number: int = 1, username: str = "user_valid", institution: str = EREBOR
) -> list[str]:
    return [sandbox.add_link(institution=institution, username=username) for _ in range(number)]


def add_updates(
    sandbox: Sandbox, number: int = 1, username: str = "user_valid", institution: str = EREBOR
) -> list[LinkUpdate]:
    """Add links, and build an update of each that names its institution."""
    return [
        LinkUpdate(link_id, password=PASSWORD, institution=institution)
        for link_id in add_links(sandbox, number, username, institution)
    ]


def add_update(sandbox: Sandbox, username: str = "user_valid", institution: str = EREBOR) -> LinkUpdate:
    return add_updates(sandbox, 1, username, institution)[0]


async def collect(run: JobRun) -> list[Outcome]:
    async with asyncio.timeout(PATIENCE):
        return [outcome async for outcome in run]


def split(settings: dict[str, Any]) -> dict[str, Any]:
    """Put the limits of a job where `refresh` takes them."""
    limits = {name: settings.pop(name) for name in LIMITS & settings.keys()}
    return {**settings, "limits": JobLimits(**limits)} if limits else settings


async def refresh_all(pool: SessionPool, updates: Any, **settings: Any) -> tuple[list[Outcome], JobReport]:
    """Run a job to its end; return its outcomes and its report."""
    async with refresh(pool, updates, **split(settings)) as run:
        outcomes = await collect(run)
    return outcomes, run.report


async def refresh_one(pool: SessionPool, update: object, **settings: Any) -> Outcome:
    outcomes, _ = await refresh_all(pool, [update], **settings)
    (outcome,) = outcomes
    return outcome


async def fail_with(
    pool: SessionPool, updates: Any, expected: type[BelvoError], **settings: Any
) -> tuple[list[Outcome], BelvoError]:
    """Run a job that has to raise; return what it gave before, and the error."""
    outcomes: list[Outcome] = []
    async with refresh(pool, updates, **split(settings)) as run:
        try:
            async with asyncio.timeout(PATIENCE):
                async for outcome in run:
                    outcomes.append(outcome)  # noqa: PERF401 - it raises in the middle
        except expected as error:
            return outcomes, error
    raise AssertionError("the job did not raise")


def pick(outcomes: Iterable[Outcome], kind: type[Kind]) -> list[Kind]:
    return [outcome for outcome in outcomes if isinstance(outcome, kind)]


def count_kinds(outcomes: Iterable[Outcome]) -> dict[str, int]:
    return dict(Counter(type(outcome).__name__ for outcome in outcomes))


def only(outcome: object, kind: type[Kind]) -> Kind:
    assert isinstance(outcome, kind)
    return outcome


def count_puts(sandbox: Sandbox) -> int:
    return sum(entry.method == "PUT" for entry in sandbox.log)


def read_states(path: Path) -> dict[str, str]:
    """Return the state of each link in a journal."""
    records = list_links(path, tuple(LinkState), limit=10**6)
    return {record.link_id: str(record.state) for record in records}


def list_strays(before: "set[asyncio.Task[Any]]") -> "set[asyncio.Task[Any]]":
    """Return the tasks that somebody has left running; the server has one for each connection."""
    tasks = {task for task in asyncio.all_tasks() if task not in before and not task.done()}
    return {task for task in tasks if "RequestHandler" not in repr(task.get_coro())}


async def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait for something that happens without time moving."""
    async with asyncio.timeout(PATIENCE):
        while not is_so():  # noqa: ASYNC110 - seen after every turn
            await asyncio.sleep(0)
