"""The demo's killed job: a double login, which has to be told, can only be made up inside it."""

import io
from pathlib import Path

import pytest
from attrs import evolve
from rich.console import Console

from belvo_async.backends import LinkState
from belvo_async.bulk import read_status
from belvo_async.cli._demo import killed_job
from belvo_async.cli._demo.killed_job import KilledJob, run_killed_job
from belvo_async.cli._interrupt import Interrupt
from belvo_async.sandbox import Received, Sandbox

pytestmark = pytest.mark.slow

LINKS = 150


def open_console() -> tuple[Console, io.StringIO]:
    file = io.StringIO()
    return Console(file=file, width=200, markup=False), file


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(killed_job, "_LOOK_SECONDS", 0.02)


async def test_a_job_that_is_killed_in_the_middle_ends_safe() -> None:
    console, file = open_console()
    code = await run_killed_job(console, links=LINKS, seed=1, interrupt=Interrupt(), plain=True)
    text = file.getvalue()
    assert code == 0, text
    assert text.count("$ belvo-async refresh") == 2
    assert "killed, with" in text
    assert f"Safe. Each of {LINKS} links has one outcome" in text
    assert "0 links logged in twice" in text


async def test_a_link_that_was_logged_in_twice_is_not_safe(tmp_path: Path) -> None:
    console, file = open_console()
    async with Sandbox() as sandbox:
        job = KilledJob(console, sandbox, tmp_path, 20)
        job.write_links()
        code = await job.run(Interrupt())
        assert job.judge(code) == 0
        twice = next(entry for entry in sandbox.log if entry.login)
        double = _Double(sandbox, [*sandbox.log, evolve(twice)])
        spoilt = KilledJob(console, double, tmp_path, 20)  # type: ignore[arg-type]  # a log is enough
        assert spoilt.judge(code) == 1
        assert "1 links logged in twice" in file.getvalue()
        assert evolve(job, links=21).judge(code) == 1
        assert job.judge(130) == 1
    assert file.getvalue().count("NOT SAFE") == 3


class _Double:
    def __init__(self, sandbox: Sandbox, log: list[Received]) -> None:
        self.log = log
        self.url = sandbox.url


async def test_an_interrupted_demo_lets_its_job_end_and_says_so(tmp_path: Path) -> None:
    console, file = open_console()
    interrupt = Interrupt()
    interrupt.note()
    async with Sandbox() as sandbox:
        job = KilledJob(console, sandbox, tmp_path, 20)
        job.write_links()
        assert await job.run(interrupt, kill_at=1) == 1  # one of the links is refused
    assert read_status(tmp_path / "night.sqlite").counts.by_state[LinkState.SUBMITTED] == 0
    code = await run_killed_job(console, links=20, seed=1, interrupt=interrupt, plain=True)
    assert code == 130
    assert "killed, with" not in file.getvalue()


async def test_a_job_that_ends_before_it_is_killed_is_told_as_it_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(killed_job, "_LOOK_SECONDS", 30.0)  # the first look comes when it has ended
    console, file = open_console()
    code = await run_killed_job(console, links=5, seed=1, interrupt=Interrupt(), plain=True)
    assert code == 0, file.getvalue()
    assert "killed, with" not in file.getvalue()
