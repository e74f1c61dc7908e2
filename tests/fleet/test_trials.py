"""Jobs on both engines, whose workers and database fail: a link has one login, one token and one outcome.

The bank's log decides, and a trigger in the database, which knows nothing of this package's code.
"""

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Final

import psycopg
import pytest
from attrs import define

from belvo_async import SessionPool
from belvo_async.backends import LinkState, PostgresBackend
from belvo_async.errors import LedgerError
from belvo_async.sandbox import Sandbox, SandboxOptions
from tests.fleet.conftest import HEIMDALL, add_links, read_states
from tests.fleet.crew import Crew, Member, wait_until
from tests.fleet.engines import Engine, find, opening_engine
from tests.fleet.trial_worker import JOB, PASSWORD, PLACES, TOKEN, Where
from tests.stores.postgres import PostgresServer, running_postgres

pytestmark = pytest.mark.slow

WORKERS, LINKS, ASKED = 3, 600, 60
LOGIN_SECONDS = 2.0
LOGINS = ("PUT", "PATCH")
NAIVE = 150
PATIENCE = 240.0
"""Real seconds: on an idle machine a trial takes a tenth of that."""
_NOTE_ENDS: Final = """
    CREATE TABLE outcomes (link_id text, state text);
    CREATE FUNCTION note_end() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN INSERT INTO outcomes VALUES (NEW.link_id, NEW.state); RETURN NULL; END $$;
    CREATE TRIGGER note_end AFTER UPDATE OF state ON belvo.links FOR EACH ROW
        WHEN (NEW.state IN ('updated', 'refused', 'unsettled')) EXECUTE FUNCTION note_end();
"""


@define(eq=False)
class Trial:
    """A job under way, and its judges."""

    bank: Sandbox
    pool: SessionPool
    engine: Engine
    crew: Crew
    links: list[str]
    dsn: str

    @property
    def logins(self) -> Counter[str | None]:
        return Counter(entry.link_id for entry in self.bank.log if entry.method == "PUT")

    @property
    def tokens(self) -> Counter[str | None]:
        return Counter(entry.link_id for entry in self.bank.log if entry.method == "PATCH")

    @property
    def accepted(self) -> set[str | None]:
        """The links whose login or token has succeeded, so that a look at the link shows it."""
        return {entry.link_id for entry in self.bank.log if entry.method in LOGINS and entry.status == 200}

    async def start(self, *, times: int = 1) -> list[Member]:
        """Enqueue the links while the workers start."""
        workers = [await self.crew.start() for _ in range(WORKERS)]
        await self.engine.enqueue(self.pool, self.links, times=times)
        return workers

    async def wait_for_logins(self, share: float) -> None:
        await wait_until(lambda: self.bank.logins() >= share * LINKS)

    async def wait_for_places(self, worker: Member) -> None:
        """Wait until a worker has begun as much as it can at once."""
        await wait_until(lambda: len(worker.took) >= PLACES)

    async def wait_for_end(self, links: Collection[str] | None = None) -> dict[str, LinkState]:
        wanted = set(self.links if links is None else links)
        while True:
            with suppress(LedgerError):  # a pool leaves a server alone for a second that let nobody in
                states = await read_states(self.pool, JOB)
                if all(states[link_id].is_result for link_id in wanted):
                    return states
            await asyncio.sleep(0.5)

    async def judge(
        self, *, heard_alone: Collection[str] = (), shown: Collection[str | None] | None = None
    ) -> set[str]:
        """Wait for the end and judge; return the links in doubt, which must be *heard_alone*.

        None of them may be among those that have *shown* a success, by default to the end.
        """
        states = await self.wait_for_end()
        with psycopg.connect(self.dsn) as connection:
            ends = connection.execute("SELECT link_id, state FROM outcomes").fetchall()
        assert find_repeated(Counter(link_id for link_id, _ in ends)) == {}
        assert dict(ends) == states
        assert set(states) == set(self.links)
        assert find_repeated(self.logins) == {}
        assert find_repeated(self.tokens) == {}
        assert self.bank.overlapping_logins == 0
        unsettled = {link_id for link_id, state in states.items() if state is LinkState.UNSETTLED}
        assert {link_id for link_id in self.links if states[link_id] is not LinkState.UPDATED} == unsettled
        assert unsettled - set(heard_alone) == set()
        assert unsettled & set(self.accepted if shown is None else shown) == set()
        await self.engine.check_ends({link_id: states[link_id] for link_id in self.links[-2 * ASKED :]})
        assert set(self.tokens) | unsettled >= set(self.links[-ASKED:])
        print(f"{self.logins.total()} logins, {self.tokens.total()} tokens, {len(unsettled)} unsettled")  # noqa: T201 - -rP shows it
        return unsettled


def find_repeated(counts: Counter[str | None]) -> dict[str | None, int]:
    return {link_id: number for link_id, number in counts.items() if number > 1}


@pytest.fixture(params=["procrastinate", "temporal"])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def address(name: str, request: pytest.FixtureRequest) -> str:
    """That of Temporal, where it is needed."""
    return str(request.getfixturevalue("temporal")) if name == "temporal" else ""


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """A PostgreSQL server that a trial may kill."""
    with running_postgres("fsync=off", "full_page_writes=off", "max_connections=200") as server:
        yield server


@asynccontextmanager
async def opening(server: PostgresServer, address: str, *, is_naive: bool = False) -> AsyncIterator[Trial]:
    dsn = server.make_database()
    async with Sandbox(options=SandboxOptions(login_seconds=LOGIN_SECONDS)) as bank:
        where = Where(dsn, bank.url, bank.secret_id, bank.secret_password, address)
        links = add_links(bank, LINKS - ASKED) + add_links(bank, ASKED, "mfa_numeric", HEIMDALL)
        async with asyncio.timeout(PATIENCE), where.open_pool() as pool, opening_engine(where) as engine:
            assert isinstance(pool.backend, PostgresBackend)
            await pool.backend.init()
            with psycopg.connect(dsn) as connection:
                connection.execute(_NOTE_ENDS)
            crew = Crew(engine, where, pool, is_naive=is_naive)
            try:
                yield Trial(bank, pool, engine, crew, links, dsn)
            finally:
                await crew.end()


@pytest.fixture
async def trial(server: PostgresServer, address: str) -> AsyncIterator[Trial]:
    async with opening(server, address) as trial:
        yield trial


async def test_a_worker_killed_for_good_costs_no_second_login_and_no_link(trial: Trial) -> None:
    killed, *_ = await trial.start()
    await trial.wait_for_places(killed)
    await trial.wait_for_logins(0.2)
    killed.send(signal.SIGKILL)
    unsettled = await trial.judge(heard_alone=killed.took)
    assert len(unsettled) <= PLACES
    cells = await trial.engine.dump(trial.links)
    assert [link_id for link_id in trial.links if not find(link_id, cells)] == []
    secrets = (PASSWORD, TOKEN, trial.bank.secret_password)
    assert [secret for secret in secrets if find(secret, cells)] == []


async def test_a_worker_that_sleeps_past_the_login_limit_repeats_nothing_when_it_wakes(trial: Trial) -> None:
    asleep, *_ = await trial.start()
    await trial.wait_for_places(asleep)
    asleep.send(signal.SIGSTOP)
    await trial.wait_for_end(asleep.took)
    shown = trial.accepted  # one that fell asleep with its first byte in hand sends it when it wakes
    asleep.send(signal.SIGCONT)
    assert len(await trial.judge(heard_alone=asleep.took, shown=shown)) <= PLACES


async def test_a_rolling_deploy_leaves_no_link_in_doubt(trial: Trial) -> None:
    old = await trial.start()
    for number, worker in enumerate(old, 1):
        await trial.wait_for_logins(number * 0.2)
        await trial.crew.start()
        await worker.leave()
    assert await trial.judge() == set()


async def test_a_database_that_is_killed_and_restarted_costs_no_second_login_and_no_link(
    trial: Trial, server: PostgresServer
) -> None:
    await trial.start()
    await trial.wait_for_logins(0.3)
    ended = trial.accepted
    await asyncio.to_thread(server.kill)
    await asyncio.to_thread(server.start)
    unsettled = await trial.judge(heard_alone=set(trial.links) - ended)
    assert len(unsettled) <= WORKERS * PLACES


async def test_a_link_that_two_workers_are_given_at_once_is_logged_in_once(trial: Trial) -> None:
    await trial.start(times=2)
    assert await trial.judge() == set()


async def test_the_same_kill_without_a_ledger_doubles_logins(server: PostgresServer, address: str) -> None:
    """The control: else the trials would show nothing."""
    async with opening(server, address, is_naive=True) as trial:
        await trial.engine.enqueue_naively(trial.links[:NAIVE])
        killed, *_ = [await trial.crew.start() for _ in range(WORKERS)]
        await wait_until(lambda: len(killed.took) >= PLACES // 2)
        killed.send(signal.SIGKILL)
        await wait_until(lambda: bool(find_repeated(trial.logins)))
