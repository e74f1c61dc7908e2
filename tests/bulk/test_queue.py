"""Which link is next: places, turns, and institutions that rest."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from belvo_async import Concurrency, LinkUpdate
from belvo_async._jobs.records import Job
from belvo_async.bulk._queue import FairQueue
from belvo_async.testing import ManualClock

A_LINK = "30cb4806-6e00-48a4-91c9-ca55968576c8"


def open_window(
    total: int = 100, each: int = 20, size: int = 1000, clock: ManualClock | None = None
) -> FairQueue:
    return FairQueue(Concurrency(total=total, per_institution=each), size, clock or ManualClock())


def fill(window: FairQueue, institution: str | None, number: int) -> list[Job]:
    jobs = [Job(f"{institution}-{place}", institution) for place in range(number)]
    for job in jobs:
        window.add(job)
    return jobs


def drain(window: FairQueue) -> list[Job]:
    picked = []
    while (job := window.pick()) is not None:
        picked.append(job)
    return picked


def test_links_of_one_institution_keep_their_order() -> None:
    window = open_window()
    jobs = fill(window, "a", 5)
    assert drain(window) == jobs
    assert (len(window), window.running) == (0, 5)


def test_no_more_places_are_taken_than_there_are() -> None:
    window = open_window(total=3)
    fill(window, None, 5)
    jobs = drain(window)
    assert (len(jobs), window.running, len(window)) == (3, 3, 2)
    window.leave(jobs[0])
    assert len(drain(window)) == 1


def test_an_institution_gets_no_more_than_its_own_places() -> None:
    window = open_window(each=2)
    fill(window, "a", 5)
    fill(window, "b", 1)
    picked = drain(window)
    assert [job.institution for job in picked] == ["a", "b", "a"]
    window.leave(picked[0])
    assert [job.institution for job in drain(window)] == ["a"]


def test_links_without_an_institution_share_no_bound_of_their_own() -> None:
    window = open_window(total=10, each=2)
    fill(window, None, 20)
    assert len(drain(window)) == 10


def test_institutions_take_turns_whatever_the_order_of_their_links() -> None:
    window = open_window(total=6)
    for name in ("a", "b", "c"):
        fill(window, name, 50)
    assert Counter(job.institution for job in drain(window)) == {"a": 2, "b": 2, "c": 2}


def test_a_newer_value_takes_the_place_of_one_that_waits() -> None:
    window = open_window()
    fill(window, "a", 2)
    update = LinkUpdate(A_LINK, password="new")
    assert window.replace(Job("a-1", "a", update))
    assert not window.replace(Job("a-2", "a"))
    assert [job.update for job in drain(window)] == [None, update]


def test_there_is_room_for_so_many_that_wait() -> None:
    window = open_window(size=3)
    fill(window, "a", 2)
    assert window.room == 1
    fill(window, "b", 2)
    assert window.room == 0
    window.pick()
    assert (len(window), window.room) == (3, 0)
    assert {job.link_id for job in drain(window)} == {"a-1", "b-0", "b-1"}


def test_a_link_may_stop_waiting() -> None:
    window = open_window()
    fill(window, "a", 3)
    window.discard("a-1")
    window.discard("a-1")
    assert len(window) == 2
    assert [job.link_id for job in drain(window)] == ["a-0", "a-2"]


def complain(window: FairQueue, name: str, job: Job, *, enough: int = 1) -> float | None:
    window.leave(job)
    return window.complain(name, enough=enough)


async def test_an_institution_that_is_down_rests_twice_as_long_each_time_with_one_probe_between() -> None:
    clock = ManualClock()
    window = open_window(clock=clock)
    fill(window, "a", 20)
    fill(window, "b", 1)
    first = window.pick()
    assert first is not None
    rests = [complain(window, "a", first)]
    assert [job.institution for job in drain(window)] == ["b"]
    for _ in range(5):
        assert window.find_next_start() == rests[-1]
        await clock.advance((rests[-1] or 0.0) - 0.1)
        assert window.pick() is None
        await clock.advance(0.1)
        (probe,) = drain(window)
        assert window.find_next_start() is None
        rests.append(complain(window, "a", probe))
    assert rests == [60.0, 120.0, 240.0, 480.0, 900.0, 900.0]


async def test_a_probe_that_passes_ends_the_rest_for_all() -> None:
    clock = ManualClock()
    window = open_window(clock=clock, each=4)
    fill(window, "a", 20)
    job = window.pick()
    assert job is not None
    complain(window, "a", job)
    await clock.advance(60.0)
    (probe,) = drain(window)
    window.leave(probe)
    window.praise("a")
    assert len(drain(window)) == 4


async def test_after_a_success_the_next_rest_is_short_again() -> None:
    clock = ManualClock()
    window = open_window(clock=clock)
    fill(window, "a", 1)
    window.complain("a")
    await clock.advance(60.0)
    assert window.complain("a") == 120.0
    window.praise("a")
    assert window.complain("a") == 60.0


def test_complaints_while_it_rests_do_not_make_the_rest_longer() -> None:
    window = open_window()
    assert [window.complain("a") for _ in range(20)] == [60.0] + [None] * 19


def test_a_busy_institution_rests_only_after_so_many_complaints_in_a_row() -> None:
    window = open_window()
    fill(window, "a", 1)
    assert [window.complain("a", enough=3) for _ in range(2)] == [None, None]
    window.praise("a")
    assert [window.complain("a", enough=3) for _ in range(3)] == [None, None, 60.0]


def test_nobody_rests_whose_name_is_not_known() -> None:
    window = open_window()
    fill(window, None, 2)
    assert window.complain(None) is None
    assert len(drain(window)) == 2


async def test_an_institution_that_rests_again_takes_no_more_than_half_of_the_window() -> None:
    clock = ManualClock()
    window = open_window(size=10, clock=clock)
    jobs = fill(window, "a", 8)
    await clock.advance(window.complain("a") or 0.0)
    assert window.drop_excess("a") == []
    window.complain("a")
    assert {job.link_id for job in window.drop_excess("a")} == {job.link_id for job in jobs[5:]}
    assert len(window) == 5


@pytest.mark.parametrize(("rests", "kept"), [(4, 4), (5, 0)])
async def test_after_five_rests_in_a_row_there_is_no_hope(rests: int, kept: int) -> None:
    clock = ManualClock()
    window = open_window(clock=clock)
    fill(window, "a", 4)
    for _ in range(rests):
        await clock.advance(window.complain("a") or 0.0)
    window.drop_excess("a")
    assert len(window) == kept


def test_what_is_done_with_is_forgotten() -> None:
    window = open_window(total=10**6)
    for number in range(1000):
        (job,) = fill(window, f"bank {number}", 1)
        window.pick()
        window.leave(job)
        window.praise(f"bank {number}")
    assert not window._banks


def test_praise_of_a_stranger_changes_nothing() -> None:
    window = open_window()
    window.praise("a")
    assert (window.pick(), window.running) == (None, 0)


@given(
    st.lists(st.tuples(st.sampled_from([None, "a", "b", "c"]), st.sampled_from(["add", "pick", "leave"]))),
    st.integers(1, 5),
    st.integers(1, 3),
)
def test_no_order_of_events_breaks_the_bounds(
    events: list[tuple[str | None, str]], total: int, each: int
) -> None:
    window = open_window(total=total, each=each)
    running: list[Job] = []
    added = 0
    for institution, event in events:
        if event == "add":
            window.add(Job(str(added), institution))
            added += 1
        elif event == "pick" and (job := window.pick()) is not None:
            running.append(job)
        elif event == "leave" and running:
            window.leave(running.pop(0))
        assert window.running == len(running) <= total
        banks = Counter(job.institution for job in running)
        assert all(number <= each for name, number in banks.items() if name)
        assert all(bank.running == banks[name] for name, bank in window._banks.items())
