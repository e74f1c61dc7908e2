"""The four coordinators pass the suite that others may run on theirs, and broken ones do not."""

import inspect
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import pytest

from belvo_async.backends import (
    MemoryCoordinator,
    Moment,
    PostgresCoordinator,
    RecordKind,
    RedisCoordinator,
    SqliteCoordinator,
)
from belvo_async.testing.coordinator_suite import CoordinatorSuite
from tests.stores.postgres import PostgresServer

R = TypeVar("R")
T = TypeVar("T")


class TestMemory(CoordinatorSuite):
    @pytest.fixture
    def coordinator(self) -> MemoryCoordinator:
        return MemoryCoordinator()


class TestSqlite(CoordinatorSuite):
    @pytest.fixture
    def coordinator(self, tmp_path: Path) -> Iterator[SqliteCoordinator]:
        coordinator = SqliteCoordinator(tmp_path / "coordinator.sqlite")
        yield coordinator
        coordinator.close()

    @pytest.fixture
    def other_coordinator(self, tmp_path: Path) -> Iterator[SqliteCoordinator]:
        coordinator = SqliteCoordinator(tmp_path / "coordinator.sqlite")
        yield coordinator
        coordinator.close()


class TestRedis(CoordinatorSuite):
    @pytest.fixture
    def prefix(self) -> str:
        return str(uuid4())

    @pytest.fixture
    def coordinator(self, redis_url: str, prefix: str) -> Iterator[RedisCoordinator]:
        coordinator = RedisCoordinator(redis_url, prefix=prefix)
        yield coordinator
        coordinator.close()

    @pytest.fixture
    def other_coordinator(self, redis_url: str, prefix: str) -> Iterator[RedisCoordinator]:
        coordinator = RedisCoordinator(redis_url, prefix=prefix)
        yield coordinator
        coordinator.close()


class TestPostgres(CoordinatorSuite):
    @pytest.fixture
    def coordinator(self, postgres: PostgresServer, schema: str) -> Iterator[PostgresCoordinator]:
        coordinator = PostgresCoordinator(postgres.dsn, schema=schema)
        yield coordinator
        coordinator.close()

    @pytest.fixture
    def other_coordinator(self, postgres: PostgresServer, schema: str) -> Iterator[PostgresCoordinator]:
        coordinator = PostgresCoordinator(postgres.dsn, schema=schema)
        yield coordinator
        coordinator.close()


class Careless:
    """Reads and writes in two steps, so that changes are lost, starts given twice, and leases too."""

    is_blocking = True

    def __init__(self) -> None:
        self.texts: dict[tuple[str, str], str] = {}

    def change(self, kind: RecordKind[R], key: str, change: Callable[[R, Moment], T]) -> T:
        text = self.texts.get((kind.name, key))
        record = kind.create() if text is None else kind.load(text)
        time.sleep(0.001)
        result = change(record, Moment(time.monotonic()))
        self.texts[kind.name, key] = kind.dump(record)
        return result

    def read_all(self, kind: RecordKind[R]) -> tuple[dict[str, R], Moment]:
        texts = {key: text for (name, key), text in self.texts.items() if name == kind.name}
        return {key: kind.load(text) for key, text in texts.items()}, Moment(time.monotonic())


class Forgetful(Careless):
    """Keeps nothing."""

    def change(self, kind: RecordKind[R], key: str, change: Callable[[R, Moment], T]) -> T:
        result = super().change(kind, key, change)
        self.texts.clear()
        return result


class Backwards(Careless):
    """Has a clock that goes back."""

    def change(self, kind: RecordKind[R], key: str, change: Callable[[R, Moment], T]) -> T:
        return super().change(kind, key, lambda record, moment: change(record, Moment(-moment.now)))


class Undiscerning(Careless):
    """Reads all records, of whichever kind."""

    def read_all(self, kind: RecordKind[R]) -> tuple[dict[str, R], Moment]:
        texts = {key: text for (_, key), text in self.texts.items()}
        return {key: kind.load(text) for key, text in texts.items()}, Moment(time.monotonic())


class Exposed(Careless):
    """Lets whoever reads its records change them."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: dict[tuple[str, str], Any] = {}  # of any kind

    def read_all(self, kind: RecordKind[R]) -> tuple[dict[str, R], Moment]:
        records, moment = super().read_all(kind)
        return {key: self.shown.setdefault((kind.name, key), one) for key, one in records.items()}, moment


@pytest.mark.parametrize(
    ("broken", "name"),
    [
        (Careless, "test_no_change_is_lost_among_many_at_once"),
        (Careless, "test_a_window_lets_no_more_start_than_it_holds"),
        (Careless, "test_a_lease_has_one_holder"),
        (Forgetful, "test_a_change_is_seen_by_the_next"),
        (Forgetful, "test_a_lease_has_one_holder"),
        (Backwards, "test_time_does_not_go_back"),
        (Undiscerning, "test_all_records_of_a_kind_can_be_read"),
        (Forgetful, "test_all_records_of_a_kind_can_be_read"),
        (Exposed, "test_reading_all_changes_nothing"),
        (Careless, "test_what_has_lasted_is_not_read"),
    ],
)
def test_a_broken_one_fails_the_suite(broken: type[Careless], name: str) -> None:
    coordinator = broken()
    # Any: a test of the suite takes one or two.
    test: Callable[..., Any] = getattr(CoordinatorSuite(), name)
    with pytest.raises((AssertionError, ValueError)):
        test(*[coordinator] * len(inspect.signature(test).parameters))
