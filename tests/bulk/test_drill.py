"""A job among faults, killed with SIGKILL at random moments and resumed: nobody is logged in twice.

Here 300 links and 6 kills. The full drill has 2,000 links and 30 kills, of several seeds, and takes minutes:
`BELVO_DRILL=full pytest tests/bulk/test_drill.py`, or `make drill`.
"""

import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from attrs import evolve

from belvo_async.backends import LinkRow, LinkState
from belvo_async.sandbox import Received
from tests.bulk.drill import Plan, drilled
from tests.bulk.drill_judge import Evidence, count_missed, find_changed, judge

pytestmark = pytest.mark.slow

SMALL = (
    Plan(seed=1),
    Plan(seed=2, links=100, kills=3, reads_fail=True),
    Plan(seed=3, links=100, kills=3, retries=True),
    Plan(seed=4, links=200, kills=5, retrieves=True),
    Plan(seed=5, links=100, kills=3, retrieves=True, reads_fail=True),
)
FULL = (
    *(Plan(links=2000, kills=30, concurrency=60, seed=seed) for seed in (1, 2, 3)),
    Plan(links=2000, kills=30, concurrency=60, seed=4, reads_fail=True),
    Plan(links=2000, kills=30, concurrency=60, seed=5, retries=True),
    Plan(links=2000, kills=10, concurrency=60, seed=6, retrieves=True),
    Plan(links=2000, kills=10, concurrency=60, seed=7, retrieves=True, reads_fail=True),
)
PLANS = FULL if os.environ.get("BELVO_DRILL") == "full" else SMALL

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
ONE, TWO = "30cb4806-6e00-48a4-91c9-000000000001", "30cb4806-6e00-48a4-91c9-000000000002"


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: f"seed-{plan.seed}")
async def test_a_job_that_is_killed_and_resumed_logs_nobody_in_twice(plan: Plan, tmp_path: Path) -> None:
    async with drilled(plan, tmp_path) as drill:
        evidence = await drill.run()
    print(drill.describe(evidence))  # noqa: T201 - shown by `make drill`, and where the test fails
    assert drill.killed == plan.kills
    assert drill.offences == []
    assert judge(evidence) == []
    done = sum(record.state is evidence.done for record in evidence.records)
    lost = plan.kills * plan.concurrency if plan.retrieves else 0  # data that a kill has cut off
    assert done >= 0.7 * (plan.links - lost)
    if not (plan.reads_fail or plan.retrieves):
        assert count_missed(evidence) == 0


def receive(method: str, link_id: str = ONE, *, at: float = 0.0, **seen: object) -> Received:
    seen = {"status": 200, "login": True, "body": None, **seen}
    moment = NOON + timedelta(seconds=at)
    return Received(method=method, path="/api/links/", at=moment, link_id=link_id, **seen)  # type: ignore[arg-type]


def answer(session: str, token: str, *, at: float = 0.0) -> Received:
    return receive("PATCH", at=at, status=428, body={"session": session, "token": token})


def keep(link_id: str, state: LinkState) -> LinkRow:
    return LinkRow(link_id=link_id, state=state, at=NOON, logins=1)


GOOD = Evidence(
    links=frozenset({ONE, TWO}),
    log=[receive("PUT", ONE, at=1.0), receive("PUT", TWO, at=2.0, status=None, fault="reset_before")],
    successes=[(ONE, NOON + timedelta(seconds=3.0))],
    overlaps=0,
    records=[keep(ONE, LinkState.UPDATED), keep(TWO, LinkState.UNSETTLED)],
    delivered=[(ONE, "updated"), (TWO, "unsettled")],
)


def test_the_judge_finds_nothing_where_nothing_is_wrong() -> None:
    assert judge(GOOD) == []


def test_a_login_that_the_edge_refused_may_be_repeated() -> None:
    refused = receive("PUT", status=403, fault="html", login=False)
    records = [evolve(record, logins=2) for record in GOOD.records]
    assert judge(evolve(GOOD, log=[refused, *GOOD.log], records=records)) == []


def with_log(*entries: Received) -> Callable[[Evidence], Evidence]:
    def spoil(evidence: Evidence) -> Evidence:
        records = [evolve(record, logins=5) for record in evidence.records]
        return evolve(evidence, log=[*evidence.log, *entries], records=records)

    return spoil


def with_states(one: LinkState, two: LinkState) -> Callable[[Evidence], Evidence]:
    records = [keep(ONE, one), keep(TWO, two)]
    return lambda evidence: evolve(evidence, records=records, delivered=[])


@pytest.mark.parametrize(
    ("spoil", "offence"),
    [
        (with_log(receive("PUT", TWO, at=9.0)), "another login after reset_before"),
        (with_log(receive("PUT", ONE, at=2.0)), "another login after 200"),
        (with_log(receive("PUT", ONE, at=9.0)), "PUT after a success"),
        (with_log(receive("PUT", "somebody")), "a stranger was logged in"),
        (with_log(receive("GET", status=None)), "judged too early"),
        (with_log(answer("s", "1"), answer("s", "2")), "answered 2 times"),
        (with_log(answer("s", "1"), answer("s", "1")), "token ('s', '1'): sent 2 times"),
        (with_log(answer("s", "wrong-1"), answer("t", "wrong-1")), "token wrong-1: sent 2 times"),
        (lambda good: evolve(good, overlaps=1), "1 logins overlapped"),
        (lambda good: evolve(good, successes=[*good.successes, *good.successes]), "2 logins succeeded"),
        (lambda good: evolve(good, records=good.records[:1]), "no row"),
        (lambda good: evolve(good, records=[*good.records, keep("x", LinkState.UPDATED)]), "a row too many"),
        (lambda good: evolve(good, records=[*good.records, good.records[0]]), "2 rows"),
        (
            lambda good: evolve(good, records=[evolve(record, logins=0) for record in good.records]),
            "1 logins, 0 announced",
        ),
        (with_states(LinkState.UPDATED, LinkState.SUBMITTED), "still submitted"),
        (with_states(LinkState.UPDATED, LinkState.UPDATED), "no bank knows of it"),
        (with_states(LinkState.REFUSED, LinkState.UNSETTLED), "refused, but its login succeeded"),
        (with_states(LinkState.PARKED, LinkState.UNSETTLED), "parked, but its login succeeded"),
        (lambda good: evolve(good, delivered=[*good.delivered, (ONE, "updated")]), "handed out as"),
        (lambda good: evolve(good, delivered=[(ONE, "refused")]), "but it is updated"),
        (lambda good: evolve(good, output={}, stored={ONE: ["a"]}), "than the bank has given"),
        (
            lambda good: evolve(good, output={ONE: ["a", "a"]}, stored={ONE: ["a"]}),
            "other rows in the output",
        ),
        (lambda good: evolve(good, output={TWO: ["b"]}), "in the output, and it is not done"),
    ],
)
def test_the_judge_finds_each_offence(spoil: Callable[[Evidence], Evidence], offence: str) -> None:
    assert any(offence in found for found in judge(spoil(GOOD)))


def test_a_success_that_a_look_could_have_told_is_counted() -> None:
    records = [keep(ONE, LinkState.UNSETTLED), keep(TWO, LinkState.UNSETTLED)]
    assert (count_missed(GOOD), count_missed(evolve(GOOD, records=records))) == (0, 1)


def test_an_outcome_that_changes_between_two_runs_is_found() -> None:
    later = [keep(ONE, LinkState.UPDATED), keep(TWO, LinkState.UPDATED)]
    assert find_changed(GOOD.records, GOOD.records) == []
    assert find_changed(GOOD.records, later) == [f"{TWO}: was unsettled, then updated"]
    assert find_changed(GOOD.records, []) != []
