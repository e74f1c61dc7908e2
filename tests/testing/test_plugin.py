"""Runs pytest in a process of its own, as a user's project would."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

USERS_TESTS = """
import asyncio
from datetime import UTC, datetime, timedelta
import pytest
from belvo_async import LinkUpdate

pytestmark = pytest.mark.asyncio

async def test_pool_and_sandbox_fit(belvo_sandbox, belvo_pool):
    link_id = belvo_sandbox.add_link()
    await belvo_pool.links.update(LinkUpdate(link_id, password="new"))
    assert belvo_sandbox.links[link_id].password == "new"

async def test_pool_alone(belvo_pool):
    await belvo_pool.ping()

async def test_the_real_clock_is_the_default(belvo_sandbox):
    link = belvo_sandbox.links[belvo_sandbox.add_link()]
    assert datetime.now(UTC) - link.created_at < timedelta(minutes=1)

async def test_one_clock_for_all(belvo_pool, belvo_sandbox, belvo_clock):
    link_id = belvo_sandbox.add_link(username="x_slow")
    update = asyncio.create_task(belvo_pool.links.update(LinkUpdate(link_id, password="new")))
    await belvo_clock.wait_for_sleepers()
    assert not update.done()
    await belvo_clock.advance(3600)
    assert (await update).id == link_id

async def test_what_is_in_flight_is_cut_off(belvo_pool, belvo_sandbox, belvo_clock):
    link_id = belvo_sandbox.add_link(username="x_slow")
    update = asyncio.create_task(belvo_pool.links.update(LinkUpdate(link_id, password="new")))
    update.add_done_callback(lambda task: task.exception())
    await belvo_clock.wait_for_sleepers()

async def test_the_mock_takes_the_sandboxs_place(belvo_pool, belvo_mock, request):
    link_id = "4bf5d2b6-3b8f-4c9c-a8a0-3f7e2b1d9c55"
    belvo_mock.link_updated(link_id)
    await belvo_pool.links.update(LinkUpdate(link_id, password="new"))
    assert len(belvo_mock.requests) == 1
    assert "belvo_sandbox" not in request.fixturenames

class TestFixturesOfTheUser:
    @pytest.fixture
    def time(self, belvo_clock):
        belvo_clock.automatic = True
        return belvo_clock

    async def test_a_clock_behind_another_fixture_counts(self, time, belvo_pool, belvo_sandbox):
        link_id = belvo_sandbox.add_link(username="x_slow")
        await belvo_pool.links.update(LinkUpdate(link_id, password="new"))
"""


def run(folder: Path, source: str, *options: str, mode: str = "auto") -> subprocess.CompletedProcess[str]:
    (folder / "pytest.ini").write_text(
        f"[pytest]\nasyncio_mode = {mode}\nasyncio_default_fixture_loop_scope = function\n"
        "filterwarnings = error\n"
    )
    (folder / "test_user.py").write_text(source)
    return run_python(folder, "-m", "pytest", "-p", "no:cacheprovider", "-q", *options)


def run_python(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own interpreter, our own arguments
        [sys.executable, *arguments],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("mode", ["strict", "auto"])
def test_the_fixtures_work_in_both_modes_of_pytest_asyncio(tmp_path: Path, mode: str) -> None:
    ran = run(tmp_path, USERS_TESTS, mode=mode)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "7 passed" in ran.stdout
    assert "warning" not in ran.stdout


def test_a_test_on_another_event_loop_is_told_so(tmp_path: Path) -> None:
    source = (
        "import pytest\n"
        "@pytest.mark.asyncio(loop_scope='session')\n"
        "async def test_other_loop(belvo_sandbox): ...\n"
        "def test_no_loop(belvo_sandbox): ...\n"
    )
    ran = run(tmp_path, source)
    assert "1 passed, 1 error" in ran.stdout
    assert "set asyncio_default_fixture_loop_scope = session" in ran.stdout
    same = run(tmp_path, source, "-o", "asyncio_default_fixture_loop_scope=session")
    assert "2 passed" in same.stdout


def test_without_pytest_asyncio_a_fixture_says_what_is_missing(tmp_path: Path) -> None:
    source = "def test_pool(belvo_pool): ...\ndef test_sandbox(belvo_sandbox): ...\ndef test_none(): ...\n"
    (tmp_path / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n")
    (tmp_path / "test_user.py").write_text(source)
    ran = run_python(tmp_path, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:asyncio", "-q")
    assert "1 passed, 2 errors" in ran.stdout
    assert "belvo_pool needs pytest-asyncio" in ran.stdout
    assert "belvo_sandbox needs pytest-asyncio" in ran.stdout


def test_a_script_that_was_not_played_fails_the_test(tmp_path: Path) -> None:
    ran = run(
        tmp_path,
        "def test(belvo_mock): belvo_mock.link_updated('4bf5d2b6-3b8f-4c9c-a8a0-3f7e2b1d9c55')\n",
    )
    assert ran.returncode == 1
    assert "never requested" in ran.stdout


def test_the_fixtures_are_listed_with_their_meaning(tmp_path: Path) -> None:
    listed = run(tmp_path, "", "--fixtures").stdout
    for name in ("belvo_clock", "belvo_mock", "belvo_pool", "belvo_sandbox"):
        assert f"\n{name} -- " in listed
        assert "no docstring" not in listed.partition(f"\n{name} -- ")[2].partition("\n\n")[0]


def test_a_project_that_does_not_use_it_pays_for_no_server_and_no_mock(tmp_path: Path) -> None:
    code = (
        "import sys, belvo_async.testing.plugin\n"
        "heavy = {'belvo_async.sandbox', 'aiohttp.web', 'aioresponses', 'pytest_asyncio'}\n"
        "unwanted = heavy & set(sys.modules)\n"
        "sys.exit(', '.join(unwanted) or 0)"
    )
    ran = run_python(tmp_path, "-W", "error", "-c", code)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_the_clock_needs_neither_pytest_nor_aioresponses(tmp_path: Path) -> None:
    code = (
        "import asyncio, sys\n"
        "sys.modules |= {'pytest': None, 'aioresponses': None}\n"
        "from belvo_async.testing import ManualClock, mocked_belvo\n"
        "asyncio.run(ManualClock().advance(1))\n"
        "try:\n    mocked_belvo().__enter__()\n"
        "except ImportError as error:\n    assert 'belvo-async[testing]' in str(error)\n"
        "else:\n    sys.exit('no error')"
    )
    ran = run_python(tmp_path, "-c", code)
    assert (ran.returncode, ran.stderr) == (0, "")
