"""The tests that every `Coordinator` has to pass, for one of your own.

```python
import pytest

from belvo_async.backends import SqliteCoordinator
from belvo_async.testing.coordinator_suite import CoordinatorSuite


class TestMyCoordinator(CoordinatorSuite):
    @pytest.fixture
    def coordinator(self, tmp_path):
        return SqliteCoordinator(tmp_path / "coordinator.sqlite")  # yours, and empty
```

Where another connection to the same records is possible, add a fixture `other_coordinator`: two processes are
then played by the two. Needs pytest.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Final, TypeVar

import pytest
from attrs import define, evolve, field

from belvo_async.backends import Coordinator, Moment, RecordKind
from belvo_async.backends._lease import LEASE, Hold, Lease
from belvo_async.backends._window import WINDOW, Ask, Window, WindowLimit
from belvo_async.params import RateLimit

T = TypeVar("T")

_THREADS: Final = 8
_ROUNDS: Final = 25
_LIMIT: Final = WindowLimit.of(RateLimit(requests=20, window=60.0))
_ANSWER: Final = 0
"""The class for which the whole window is open."""
_A_SECOND: Final = 1.0


@define
class _Tally:
    values: list[int] = field(factory=list)


TALLY: Final = RecordKind(
    name="tally",
    create=_Tally,
    dump=lambda tally: " ".join(map(str, tally.values)),
    load=lambda text: _Tally([int(value) for value in text.split()]),
    lasts=60.0,
)
"""A kind of record for tests: numbers."""
OTHER_TALLY: Final = evolve(TALLY, name="tally of others")
BRIEF_TALLY: Final = evolve(TALLY, name="brief tally", lasts=0.01)


def add(value: int) -> Callable[[_Tally, Moment], list[int]]:
    """Build a change that adds a number, and returns all."""

    def change(tally: _Tally, _: Moment) -> list[int]:
        tally.values.append(value)
        return [*tally.values]

    return change


class CoordinatorSuite:
    """Inherit from it, and override the fixture `coordinator`."""

    @pytest.fixture
    def coordinator(self) -> Coordinator:
        """Give one without records."""
        raise NotImplementedError("override the fixture `coordinator`")

    @pytest.fixture
    def other_coordinator(self, coordinator: Coordinator) -> Coordinator:
        """Give another connection to the same records; by default the same one."""
        return coordinator

    def test_a_change_is_seen_by_the_next(
        self, coordinator: Coordinator, other_coordinator: Coordinator
    ) -> None:
        """Through either connection, and by key and kind."""
        assert coordinator.change(TALLY, "a", add(1)) == [1]
        assert other_coordinator.change(TALLY, "a", add(2)) == [1, 2]
        assert coordinator.change(TALLY, "a", add(3)) == [1, 2, 3]
        assert coordinator.change(TALLY, "b", add(4)) == [4]

    @pytest.mark.parametrize("key", ["a b", "ä|{x}'\"%", "k" * 200])
    def test_any_text_may_be_a_key(self, coordinator: Coordinator, key: str) -> None:
        """Addresses and digests are."""
        coordinator.change(TALLY, key, add(1))
        assert coordinator.change(TALLY, key, add(2)) == [1, 2]

    def test_a_change_that_raises_changes_nothing(self, coordinator: Coordinator) -> None:
        """And what it raises comes out."""

        def fail(_: _Tally, _moment: Moment) -> None:
            raise ZeroDivisionError

        coordinator.change(TALLY, "a", add(1))
        with pytest.raises(ZeroDivisionError):
            coordinator.change(TALLY, "a", fail)
        assert coordinator.change(TALLY, "a", add(2)) == [1, 2]

    def test_no_change_is_lost_among_many_at_once(
        self, coordinator: Coordinator, other_coordinator: Coordinator
    ) -> None:
        """Each sees what the one before it has made."""
        barrier = Barrier(_THREADS)

        def work(number: int) -> None:
            one = (coordinator, other_coordinator)[number % 2]
            barrier.wait()
            for value in range(_ROUNDS):
                one.change(TALLY, "a", add(number * _ROUNDS + value))

        _run(work)
        values = coordinator.change(TALLY, "a", lambda tally, _: [*tally.values])
        assert sorted(values) == list(range(_THREADS * _ROUNDS))

    def test_time_does_not_go_back(self, coordinator: Coordinator, other_coordinator: Coordinator) -> None:
        """Nor does it differ between connections by more than it takes to ask."""
        moments = [
            one.change(TALLY, "a", lambda _, moment: moment)
            for _ in range(10)
            for one in (coordinator, other_coordinator)
        ]
        times = [moment.now for moment in moments]
        assert times == sorted(times)
        assert times[-1] - times[0] < _A_SECOND
        assert all(moment.since <= moment.now for moment in moments)

    def test_all_records_of_a_kind_can_be_read(
        self, coordinator: Coordinator, other_coordinator: Coordinator
    ) -> None:
        """By their keys, through either connection, and no others."""
        assert coordinator.read_all(TALLY)[0] == {}
        keys = ["a", "", "b c:d", "ä|{x}*?[y]'\"%", "k" * 200]
        for value, key in enumerate(keys):
            (coordinator, other_coordinator)[value % 2].change(TALLY, key, add(value))
        coordinator.change(OTHER_TALLY, "a", add(99))
        for one in (coordinator, other_coordinator):
            records, _ = one.read_all(TALLY)
            assert {key: tally.values for key, tally in records.items()} == {
                key: [value] for value, key in enumerate(keys)
            }

    def test_reading_all_changes_nothing(self, coordinator: Coordinator) -> None:
        """Nor does what is done to what was read."""
        coordinator.change(TALLY, "a", add(1))
        before = coordinator.change(TALLY, "a", lambda _, moment: moment)
        records, moment = coordinator.read_all(TALLY)
        records["a"].values.append(2)
        assert coordinator.read_all(TALLY)[0]["a"].values == [1]
        after = coordinator.change(TALLY, "a", lambda _, moment: moment)
        assert before.now <= moment.now <= after.now
        assert moment.since == before.since
        assert coordinator.change(TALLY, "a", add(3)) == [1, 3]

    def test_what_has_lasted_is_not_read(self, coordinator: Coordinator) -> None:
        """It does not matter any more."""
        coordinator.change(BRIEF_TALLY, "a", add(1))
        time.sleep(5 * BRIEF_TALLY.lasts)
        assert coordinator.read_all(BRIEF_TALLY)[0] == {}

    def test_a_window_lets_no_more_start_than_it_holds(
        self, coordinator: Coordinator, other_coordinator: Coordinator
    ) -> None:
        """However many ask at once, and by whichever connection."""
        barrier = Barrier(_THREADS)

        def ask(window: Window, moment: Moment) -> int:
            return window.ask(Moment(moment.now), _LIMIT, Ask(_ANSWER, 1)).count

        def work(number: int) -> int:
            one = (coordinator, other_coordinator)[number % 2]
            barrier.wait()
            return sum(one.change(WINDOW, "a", ask) for _ in range(_ROUNDS))

        assert sum(_run(work)) == _LIMIT.size

    def test_a_lease_has_one_holder(self, coordinator: Coordinator, other_coordinator: Coordinator) -> None:
        """And each that follows has another fence, by which the one before it is refused."""
        barrier = Barrier(_THREADS)

        def hold(name: str) -> Callable[[Lease, Moment], Hold]:
            return lambda lease, moment: lease.hold(Moment(moment.now), name, None, 60.0)

        def send(fence: int) -> Callable[[Lease, Moment], bool]:
            return lambda lease, moment: lease.send(moment, fence, None)

        def work(number: int) -> Hold:
            one = (coordinator, other_coordinator)[number % 2]
            barrier.wait()
            return one.change(LEASE, "a", hold(f"holder {number}"))

        (first,) = (held for held in _run(work) if held.fence)
        coordinator.change(LEASE, "a", lambda lease, moment: lease.release(moment, first.fence))
        second = other_coordinator.change(LEASE, "a", hold("another"))
        assert second.fence > first.fence
        assert not coordinator.change(LEASE, "a", send(first.fence))
        assert coordinator.change(LEASE, "a", send(second.fence))


def _run(work: Callable[[int], T]) -> list[T]:
    with ThreadPoolExecutor(_THREADS) as threads:
        return list(threads.map(work, range(_THREADS)))
