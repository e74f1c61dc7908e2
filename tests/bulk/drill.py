"""The kill drill: a job on a sandbox full of faults, killed at moments that a seed draws, and resumed."""

import asyncio
import json
import sys
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Final

from attrs import define, evolve, field, frozen

from belvo_async import Credentials, RateLimit, SessionPool
from belvo_async.backends import LinkRow, LinkState
from belvo_async.bulk import list_links
from belvo_async.sandbox import Fault, FaultKind, Sandbox, SandboxOptions, StoredLink
from tests.bulk.drill_clock import FastClock
from tests.bulk.drill_job import Order
from tests.bulk.drill_judge import Evidence, count_missed, find_changed

ROOT: Final = Path(__file__).parents[2]
INSTITUTIONS: Final = ("erebor_mx_retail", "erebor_co_retail", "gringotts_br_retail", "heimdall_mx_retail")
CHALLENGED: Final = ("x_mfa_numeric", "x_mfa_text", "x_mfa_qr", "x_mfa_inputless", "x_mfa_two_step")
LOGIN_SECONDS: Final = 1.5
LOGIN_LIMIT: Final = 30.0
POLL: Final = 0.002
PATIENCE: Final = 300.0
"""Seconds that a run which is not killed may take."""


@frozen(kw_only=True)
class Plan:
    """One drill. The same seed draws the same links, faults and moments; the machine's pace is its own."""

    links: int = 300
    kills: int = 6
    seed: int = 1
    speed: float = 4.0
    """How much faster than the machine's the clock of all processes is."""
    concurrency: int = 20
    reads_fail: bool = False
    """Whether reads meet the faults too, and not only logins."""
    challenged: float = 0.1
    """The share of links whose bank asks for a token."""
    retries: bool = False
    """Whether some runs try again what has ended unsettled, refused or parked."""
    retrieves: bool = False
    """Whether the job retrieves data into a file."""


def build_faults(login: str, *, reads_fail: bool) -> list[Fault]:
    """Build the faults of the acceptance, and some late answers, for each kind of request."""
    kinds = (
        Fault(kind=FaultKind.RESET_BEFORE, probability=0.05),
        Fault(kind=FaultKind.RESET_AFTER, probability=0.05),
        Fault(kind=FaultKind.TRUNCATE, probability=0.02),
        Fault(kind=FaultKind.HTML, status=502, probability=0.015),
        Fault(kind=FaultKind.HTML, status=502, probability=0.015, reaches_bank=True),
        Fault(kind=FaultKind.HTML, status=403, probability=0.01, headers={"Retry-After": "1"}),
        Fault(kind=FaultKind.LATENCY, seconds=10.0, probability=0.01),
    )
    methods = (login, "PATCH", "GET") if reads_fail else (login, "PATCH")
    return [evolve(fault, method=method) for fault in kinds for method in methods]


@frozen(kw_only=True)
class Moment:
    """When one run is killed: at the first of three things, and a little later."""

    requests: int = 10**6
    """So many more requests have come."""
    answers: int = 10**6
    """So many of them were answers to challenges."""
    seconds: float = PATIENCE
    """So much time of the machine has passed."""
    later: float
    """Seconds of the drill's clock from then on: a login or a commit may be in the middle."""
    asking: int
    """How many people are asked at once; the others' challenges are parked."""

    @classmethod
    def draw(cls, random: Random, share: int) -> "Moment":
        """Draw a moment for a run that should do *share* links or so."""
        later = random.uniform(0.0, 2 * LOGIN_SECONDS)
        asking = random.choice((1000, 2, 0))
        match random.choice(("requests", "answers", "answers", "seconds")):
            case "requests":
                return cls(requests=random.randint(1, 2 * share), later=later, asking=asking)
            case "answers":
                answers = random.randint(1, 3)
                return cls(answers=answers, requests=3 * share, later=later, asking=asking or 1)
            case _:
                return cls(seconds=random.uniform(0.0, 1.5), requests=3 * share, later=later, asking=asking)


@define
class Drill:
    """A sandbox, a job on it, and what was seen."""

    plan: Plan
    place: Path
    sandbox: Sandbox
    clock: FastClock
    origin: float
    random: Random
    successes: list[tuple[str, datetime]] = field(factory=list)
    killed: int = 0
    offences: list[str] = field(factory=list)
    """What was seen between the runs: outcomes that changed, processes that complained."""
    reports: list[dict[str, object]] = field(factory=list)
    seconds: float = 0.0

    @property
    def login(self) -> str:
        return "POST" if self.plan.retrieves else "PUT"

    @property
    def output(self) -> Path:
        return self.place / "rows.jsonl"

    @property
    def journal(self) -> Path:
        return self.place / "night.sqlite"

    @property
    def outcomes(self) -> Path:
        return self.place / "outcomes"

    async def run(self) -> Evidence:
        """Kill and resume the job as often as planned, let it end, and return the evidence."""
        began = time.monotonic()
        self._add_links()
        watch_successes(self.sandbox, self.successes)
        self.sandbox.faults.add(*build_faults(self.login, reads_fail=self.plan.reads_fail))
        for number in range(self.plan.kills):
            await self._run_and_kill(self.plan.kills - number)
        if self.plan.retries:
            await self._run_once(1000, ("parked", "unsettled", "refused"), None)
        await self._run_once(2, (), None)
        await self._wait_for_the_banks()
        self.seconds = time.monotonic() - began
        return evolve(self.collect(), stored=await self._list_stored() if self.plan.retrieves else {})

    def _add_links(self) -> None:
        lines = []
        for number in range(self.plan.links):
            institution = self.random.choice(INSTITUTIONS)
            is_challenged = self.random.random() < self.plan.challenged
            person = self.random.choice(CHALLENGED) if is_challenged else f"user_{number}"
            link_id = self.sandbox.add_link(institution=institution, username=person)
            self.sandbox.links[link_id].last_accessed_at = self.clock.wall() - timedelta(days=1)
            lines.append(f"{link_id} {institution}\n")
        (self.place / "links").write_text("".join(lines))

    async def _run_and_kill(self, kills_left: int) -> None:
        before = self.read_records()
        ended = sum(record.state.is_final for record in before)
        share = max(1, (self.plan.links - ended) // (kills_left + 1))
        retry = self._draw_retry()
        moment = Moment.draw(self.random, share)
        await self._run_once(moment.asking, retry, moment)
        if not retry:
            self.offences += find_changed(before, self.read_records())

    def _draw_retry(self) -> tuple[str, ...]:
        if not self.plan.retries:
            return ()
        return self.random.choice(((), ("parked",), ("unsettled", "refused"), ("parked", "unsettled")))

    async def _run_once(self, asking: int, retry: tuple[str, ...], moment: Moment | None) -> None:
        """Run the job; kill it at its moment, unless it has ended by then."""
        order = self.place / "order.json"
        self._build_order(asking, retry).write(order)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-W", "error", "-m", "tests.bulk.drill_job", order),
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        ending = asyncio.ensure_future(process.communicate())
        try:
            if moment is not None:
                await self._wait_for(moment, ending)
            else:
                await asyncio.wait([ending], timeout=PATIENCE)
        finally:
            if not ending.done():
                self.killed += moment is not None
                process.kill()
            output, errors = await ending
        if errors:
            self.offences.append(errors.decode())
        if output:
            self.reports.append(json.loads(output))
        elif moment is None:
            self.offences.append(f"the last run did not end by itself: {process.returncode}")

    def _build_order(self, asking: int, retry: tuple[str, ...]) -> Order:
        return Order(
            url=self.sandbox.url,
            keys=(self.sandbox.secret_id, self.sandbox.secret_password),
            links=str(self.place / "links"),
            journal=str(self.journal),
            outcomes=str(self.outcomes),
            speed=self.plan.speed,
            origin=self.origin,
            concurrency=self.plan.concurrency,
            login_limit=LOGIN_LIMIT,
            asking=asking,
            retry=retry,
            output=str(self.output) if self.plan.retrieves else None,
        )

    async def _wait_for(self, moment: Moment, ending: "asyncio.Future[tuple[bytes, bytes]]") -> None:
        began, seen = time.monotonic(), len(self.sandbox.log)
        while not ending.done() and time.monotonic() < began + moment.seconds:
            new = self.sandbox.log[seen:]
            answers = sum(entry.method == "PATCH" for entry in new)
            if len(new) >= moment.requests or answers >= moment.answers:
                break
            await asyncio.sleep(POLL)
        await asyncio.wait([ending], timeout=moment.later / self.plan.speed)

    async def _wait_for_the_banks(self) -> None:
        """Wait until each request that came has been dealt with: a login outlives who asked for it."""
        async with asyncio.timeout(PATIENCE):
            while any(  # noqa: ASYNC110 - the sandbox has no event for it
                entry.status is None and entry.fault is None for entry in self.sandbox.log
            ):
                await asyncio.sleep(POLL)

    def read_records(self) -> list[LinkRow]:
        if not self.journal.exists() or not self.journal.stat().st_size:
            return []
        return list_links(self.journal, tuple(LinkState), limit=10 * self.plan.links)

    def collect(self) -> Evidence:
        lines = self.outcomes.read_text().splitlines() if self.outcomes.exists() else []
        return Evidence(
            links=frozenset(self.sandbox.links),
            log=self.sandbox.log,
            successes=self.successes,
            overlaps=self.sandbox.overlapping_logins,
            records=self.read_records(),
            delivered=[(link_id, state) for link_id, state in map(str.split, lines)],
            is_retried=self.plan.retries,
            login=self.login,
            done=LinkState.RETRIEVED if self.plan.retrieves else LinkState.UPDATED,
            output=self.read_output() if self.plan.retrieves else None,
        )

    def read_output(self) -> dict[str, list[str]]:
        """Return the ids of the rows in the output by their links; a line that is no row raises."""
        rows = defaultdict[str, list[str]](list)
        with self.output.open() as lines:
            for line in lines:
                row = json.loads(line)
                rows[row["link"]].append(row["id"])
        return rows

    async def _list_stored(self) -> dict[str, list[str]]:
        self.sandbox.faults.clear()
        keys = Credentials(self.sandbox.secret_id, self.sandbox.secret_password)
        async with SessionPool(keys, environment=self.sandbox.url, rate_limit=RateLimit.unlimited()) as pool:
            return {
                link_id: [str(row.id) async for row in pool.transactions.list(link=link_id, page_size=1000)]
                for link_id in self.sandbox.links
            }

    def describe(self, evidence: Evidence) -> str:
        """Return the numbers of the drill in one line."""
        states = Counter(str(record.state) for record in evidence.records)
        logins = Counter(self.sandbox.logins(link_id) for link_id in self.sandbox.links)
        faults = Counter(entry.fault for entry in evidence.log if entry.fault)
        codes = Counter(record.code for record in evidence.records if record.code)
        return (
            f"{self.plan}: {self.seconds:.1f} s, {self.killed} kills, {dict(states)}, "
            f"{count_missed(evidence)} unsettled that a look could have told, {len(evidence.log)} requests, "
            f"logins per link {dict(sorted(logins.items()))}, "
            f"answers {sum(entry.method == 'PATCH' for entry in evidence.log)}, "
            f"faults {dict(faults)}, codes {dict(codes)}"
        )


@asynccontextmanager
async def drilled(plan: Plan, place: Path) -> AsyncIterator[Drill]:
    """Put up the sandbox of a drill."""
    origin = time.time()
    clock = FastClock(plan.speed, origin)
    options = SandboxOptions(login_seconds=LOGIN_SECONDS, new_session_on_wrong_token=True)
    async with Sandbox(options=options, clock=clock, seed=plan.seed) as sandbox:
        yield Drill(plan, place, sandbox, clock, origin, Random(plan.seed))  # noqa: S311 - repeatable


def watch_successes(sandbox: Sandbox, successes: list[tuple[str, datetime]]) -> None:
    """Note each login that succeeds at a bank: the log does not tell where the answer was cut off."""
    bank = sandbox._bank
    store = bank.store

    def store_and_note(link: StoredLink) -> None:
        store(link)
        if link.last_accessed_at is not None:
            successes.append((link.id, link.last_accessed_at))

    bank.store = store_and_note  # type: ignore[method-assign]
