"""The window of the rate limit as a record: whatever processes ask of it, it never holds too many starts."""

from bisect import bisect_left
from collections.abc import Sequence

import pytest
from attrs import define, field, frozen
from hypothesis import given
from hypothesis import strategies as st

from belvo_async import RateLimit
from belvo_async.backends import Moment
from belvo_async.backends._window import WINDOW, Ask, Grant, Window, WindowLimit
from belvo_async.errors import CoordinatorError

ANSWER, CALL, JOB = 0, 1, 2
BELVO = WindowLimit.of(RateLimit())
SPAN = 30.3


@define
class Address:
    """One window, and the time by whoever keeps it."""

    limit: WindowLimit = BELVO
    window: Window = field(factory=Window)
    now: float = 1000.0
    since: float = float("-inf")

    def ask(self, rank: int, count: int = 1, number: int | None = None) -> Grant:
        """Ask as a process does that has read the record, and writes it back."""
        self.window = WINDOW.load(WINDOW.dump(self.window))
        return self.window.ask(Moment(self.now, self.since), self.limit, Ask(rank, count, number))

    def fill(self) -> None:
        """Use the whole window at once."""
        while self.ask(ANSWER).count:
            pass
        self.window.places.clear()


def count_worst(starts: Sequence[float], span: float) -> int:
    """Return the most starts in any half-open span."""
    return max((bisect_left(starts, start + span) - index for index, start in enumerate(starts)), default=0)


def test_calls_leave_a_tenth_for_answers() -> None:
    address = Address()
    assert address.ask(CALL, 100).count == 72
    assert address.ask(ANSWER, 100).count == 8
    assert address.ask(ANSWER).seconds == pytest.approx(SPAN)


def test_jobs_start_one_by_one() -> None:
    grant = Address().ask(JOB, 100)
    assert grant.count == 1
    assert grant.seconds == pytest.approx(SPAN / 80 / 1.25)


def test_who_came_first_goes_first_whichever_process_asks_first() -> None:
    address = Address()
    address.ask(JOB)
    first, second = address.ask(JOB), address.ask(JOB)
    assert first.seconds is not None
    assert second.seconds is not None
    assert second.seconds > first.seconds
    address.now += first.seconds
    late = address.ask(JOB, number=second.number)
    assert late.count == 0
    assert address.ask(JOB, number=first.number).count == 1


def test_a_place_that_nobody_takes_holds_up_the_next_for_a_second() -> None:
    address = Address()
    address.ask(JOB)
    dead, living = address.ask(JOB), address.ask(JOB)
    address.now += (dead.seconds or 0.0) + 1.001
    assert address.ask(JOB, number=living.number).count == 1


def test_answers_do_not_queue_behind_places_of_others() -> None:
    address = Address()
    for _ in range(20):
        address.ask(JOB)
    assert address.ask(ANSWER).count == 1


def test_what_is_given_back_goes_to_the_next() -> None:
    address = Address()
    address.fill()
    waiting = address.ask(ANSWER)
    assert waiting.count == 0
    address.window.give_back(address.window.starts[3])
    assert (address.ask(ANSWER, number=waiting.number).count, len(address.window.starts)) == (1, 80)


def test_a_start_that_leaves_late_counts_from_then() -> None:
    address = Address(limit=WindowLimit.of(RateLimit(requests=1, window=10.0, margin=0.0)))
    grant = address.ask(ANSWER)
    address.now += 4.0
    confirmed = address.window.confirm(Moment(address.now), address.limit, grant.moment, grant.epoch)
    assert confirmed == address.now
    address.now += 6.0
    assert address.ask(ANSWER).seconds == 4.0


def test_a_start_is_no_longer_good_once_a_pause_has_begun() -> None:
    address = Address()
    early, refused = address.ask(CALL), address.ask(CALL)
    assert address.window.pause.refused(refused.epoch, address.now, None, is_page=True) == 30.0
    confirmed = address.window.confirm(Moment(address.now), address.limit, early.moment, early.epoch)
    assert confirmed is None


def test_one_probe_goes_ahead_of_all_processes_after_a_pause() -> None:
    address = Address()
    refused = address.ask(CALL)
    address.window.pause.refused(refused.epoch, address.now, None, is_page=True)
    waiting = [address.ask(CALL) for _ in range(3)]
    assert [grant.seconds for grant in waiting] == sorted(grant.seconds or 0.0 for grant in waiting)
    assert waiting[0].seconds == 30.0
    address.now += 31.0
    asked = [address.ask(CALL, number=grant.number) for grant in waiting]
    assert [grant.count for grant in asked] == [1, 0, 0]
    address.window.pause.passed(asked[0].epoch)
    address.now += 0.5
    assert address.ask(CALL, number=asked[1].number).count == 1


def test_what_was_forgotten_is_waited_for() -> None:
    """After a restart of who keeps the window, a whole one may have been used right before."""
    address = Address(since=1000.0)
    assert address.ask(ANSWER).seconds == pytest.approx(SPAN)
    address.now += SPAN
    assert address.ask(ANSWER).count == 1


def test_the_smaller_limit_holds_where_processes_differ() -> None:
    address = Address(limit=WindowLimit.of(RateLimit(requests=10)))
    address.fill()
    address.limit = BELVO
    waiting = address.ask(ANSWER)
    assert waiting.count == 0
    address.now += SPAN
    assert address.ask(ANSWER, 100, waiting.number).count == 80


def test_a_clock_that_was_set_back_lets_nobody_wait_for_longer_than_a_window() -> None:
    address = Address()
    address.fill()
    address.now -= 3600.0
    assert address.ask(ANSWER).seconds == pytest.approx(SPAN)


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"version":"1"}', '{"version":1,"starts":5}', '{"version":9}']
)
def test_what_is_no_window_is_refused(text: str) -> None:
    with pytest.raises(CoordinatorError, match="nothing was sent"):
        WINDOW.load(text)


def test_the_next_version_may_add_what_this_one_does_not_know() -> None:
    window = Window(starts=[1.0])
    text = WINDOW.dump(window).replace('"version":1', '"version":2,"colour":"red"')
    assert WINDOW.load(text) == window


@frozen
class Step:
    """What one process does, some time after the step before."""

    after: float
    process: int
    rank: int
    count: int
    does: str


STEPS = st.builds(
    Step,
    st.sampled_from([0.0, 0.0, 0.01, 0.1, 0.3, 1.0, 2.0, 9.9, 10.0, 31.0]),
    st.integers(0, 3),
    st.sampled_from([ANSWER, CALL, JOB]),
    st.integers(1, 5),
    st.sampled_from(["ask", "ask", "ask", "ask late", "give back", "refused", "passed", "dropped"]),
)


@define
class Walk:
    """Several processes before one window: what has left, and when a pause was on."""

    address: Address
    places: dict[tuple[int, int], int | None] = field(factory=dict)
    left: list[float] = field(factory=list)
    pauses: list[tuple[float, float]] = field(factory=list)
    last: Grant | None = None

    def take(self, step: Step) -> None:
        self.address.now += step.after
        if step.does.startswith("ask"):
            self.ask(step)
        elif self.last is not None:
            self.report(step.does, self.last)

    def ask(self, step: Step) -> None:
        address, key = self.address, (step.process, step.rank)
        grant = address.ask(step.rank, step.count, self.places.get(key))
        self.places[key] = grant.number
        assert (grant.seconds is None) == (grant.count == step.count)
        assert grant.seconds is None or grant.seconds > 0
        if grant.count:
            self.last = grant
        if step.does == "ask late":
            address.now += 0.5
            for _ in range(grant.count):
                moment = Moment(address.now)
                assert address.window.confirm(moment, address.limit, grant.moment, grant.epoch)
        self.left += [address.now] * grant.count

    def report(self, what: str, last: Grant) -> None:
        window, now = self.address.window, self.address.now
        match what:
            case "give back" if self.left and self.left[-1] == last.moment:
                window.give_back(self.left.pop())
            case "refused":
                seconds = window.pause.refused(last.epoch, now, None, is_page=False)
                if seconds is not None:
                    self.pauses.append((now, now + seconds))
            case "passed":
                window.pause.passed(last.epoch)
            case "dropped":
                window.pause.dropped(last.epoch)
            case _:
                pass


@given(st.lists(STEPS, max_size=120), st.sampled_from([1, 3, 10]), st.sampled_from([0.0, 0.3]))
def test_whatever_processes_do_the_window_is_kept_and_pauses_are(
    steps: list[Step], requests: int, margin: float
) -> None:
    limit = RateLimit(requests=requests, window=10.0, margin=margin)
    walk = Walk(Address(limit=WindowLimit.of(limit)))
    for step in steps:
        walk.take(step)
    assert count_worst(walk.left, 10.0 + margin) <= requests
    for begin, end in walk.pauses:
        assert not any(begin < start < end for start in walk.left)
