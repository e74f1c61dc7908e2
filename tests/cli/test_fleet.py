"""A job of many machines is stopped, goes on, and is tried again, at the command line."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from belvo_async import LinkUpdate, SessionPool, fleet
from belvo_async.sandbox import Sandbox
from tests.cli.command import Result, run_command
from tests.cli.test_backend import redis_url, server

__all__ = ["redis_url", "server"]

JOB = "november"
T = TypeVar("T")


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The backend that the environment names."""
    path = tmp_path / "fleet.sqlite"
    monkeypatch.setenv("BELVO_BACKEND", str(path))
    return path


def use_pool(use: Callable[[SessionPool], Awaitable[T]]) -> T:
    async def run() -> T:
        async with SessionPool() as pool:
            return await use(pool)

    return asyncio.run(run())


async def collect(batches: AsyncIterator[list[str]]) -> list[str]:
    return [link_id async for batch in batches for link_id in batch]


def admit(sandbox: Sandbox, number: int = 1) -> list[str]:
    links = [sandbox.add_link() for _ in range(number)]
    return use_pool(lambda pool: collect(fleet.admit(pool, links, job=JOB)))


def advance(link_id: str, password: str = "new") -> fleet.NextStep:
    def read(link_id: str) -> LinkUpdate:
        return LinkUpdate(link_id, password=password)

    return use_pool(lambda pool: fleet.advance(pool, job=JOB, link_id=link_id, credentials=read))


def run(*arguments: str) -> Result:
    return run_command("fleet", *arguments)


@pytest.mark.usefixtures("path")
def test_a_job_is_paused_and_goes_on(sandbox: Sandbox) -> None:
    (link_id,) = admit(sandbox)
    paused = run("pause", "--job", JOB)
    assert (paused.exit_code, paused.stdout) == (0, "")
    assert "No login of the job begins" in paused.stderr
    assert isinstance(advance(link_id), fleet.CheckLater)
    assert "is paused: no login begins" in run_command("status", "--job", JOB).stdout
    assert json.loads(run_command("status", "--job", JOB, "--json").stdout)["is_paused"] is True
    resumed = run("resume", "--job", JOB)
    assert (resumed.exit_code, "begin again" in resumed.stderr) == (0, True)
    assert "is paused" not in run_command("status", "--job", JOB).stdout
    assert isinstance(advance(link_id), fleet.Ended)


@pytest.mark.usefixtures("path")
def test_refused_links_are_put_back_and_their_ids_are_lines(sandbox: Sandbox) -> None:
    good, bad = admit(sandbox, 2)
    advance(good)
    advance(bad, "pass_invalid")
    result = run("retry", "--job", JOB)
    assert (result.exit_code, result.stdout) == (0, f"{bad}\n")
    assert "1 link is back at the start" in result.stderr
    again = run("retry", "--job", JOB, "--state", "refused", "--state", "unsettled")
    assert (again.exit_code, again.stdout, "0 links are" in again.stderr) == (0, "", True)


@pytest.mark.parametrize("command", ["pause", "resume", "retry"])
@pytest.mark.usefixtures("path")
def test_a_job_that_there_is_not_is_told(sandbox: Sandbox, command: str) -> None:
    admit(sandbox)
    result = run(command, "--job", "novembre")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "names no job" in result.stderr
    assert "belvo-async status" in result.stderr


@pytest.mark.usefixtures("sandbox")
def test_a_file_that_there_is_not_is_not_made(path: Path) -> None:
    result = run("pause", "--job", JOB)
    assert (result.exit_code, "there is no file" in result.stderr, path.exists()) == (2, True, False)


@pytest.mark.usefixtures("sandbox")
def test_a_backend_without_jobs_is_told(redis_url: str) -> None:
    result = run("pause", "--job", JOB, "--backend", redis_url)
    assert (result.exit_code, "A RedisBackend keeps no jobs" in result.stderr) == (2, True)
