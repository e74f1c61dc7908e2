"""The file of a coordinator: what it forgets and what it keeps, and what it refuses."""

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from belvo_async.backends import Moment, SqliteCoordinator
from belvo_async.backends._lease import LEASE, Hold, Lease
from belvo_async.errors import CoordinatorError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "belvo.sqlite-coordinator"


@pytest.fixture
def coordinator(path: Path) -> Iterator[SqliteCoordinator]:
    coordinator = SqliteCoordinator(path)
    yield coordinator
    coordinator.close()


def hold(coordinator: SqliteCoordinator, holder: str = "a") -> Hold:
    def change(lease: Lease, moment: Moment) -> Hold:
        return lease.hold(moment, holder, None, 15.0)

    return coordinator.change(LEASE, "link", change)


def find_since(coordinator: SqliteCoordinator) -> float:
    return coordinator.change(LEASE, "link", lambda _, moment: moment.since)


def write(path: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement, values)


def read_records(path: Path) -> list[tuple[str, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT * FROM records").fetchall()


def test_a_file_that_was_just_made_lets_the_first_go_at_once(coordinator: SqliteCoordinator) -> None:
    assert hold(coordinator).fence


def test_only_its_owner_may_read_the_file(coordinator: SqliteCoordinator, path: Path) -> None:
    hold(coordinator)
    assert {entry.stat().st_mode & 0o777 for entry in path.parent.iterdir()} == {0o600}


def test_what_was_noted_survives_that_the_file_is_closed(coordinator: SqliteCoordinator, path: Path) -> None:
    hold(coordinator)
    coordinator.close()
    other = SqliteCoordinator(path)
    assert not hold(other, "b").fence
    other.close()


def test_a_restart_of_the_machine_forgets_all_and_waits_for_what_may_be_under_way(
    coordinator: SqliteCoordinator, path: Path
) -> None:
    hold(coordinator)
    coordinator.close()
    write(path, "UPDATE machine SET boot = 'the one before', opened_at = 0")
    assert find_since(coordinator) == 0.0  # the clock counts from the start of the machine
    assert bool(hold(coordinator, "b").fence) == (time.monotonic() > 330.0)


def delete(path: Path) -> None:
    path.unlink()


def replace(path: Path) -> None:
    """Put another file there, as who restores a backup does."""
    other = path.with_name("backup")
    other.write_bytes(path.read_bytes())
    other.replace(path)


@pytest.mark.parametrize("lose", [delete, replace])
def test_a_file_that_is_lost_while_it_is_open_is_opened_again_and_all_wait_for_what_may_be_under_way(
    coordinator: SqliteCoordinator, path: Path, lose: Callable[[Path], None]
) -> None:
    hold(coordinator)
    lose(path)
    lost_at = time.monotonic()
    assert coordinator.read_all(LEASE)[1].since >= lost_at
    assert hold(coordinator, "b").is_forgotten
    other = SqliteCoordinator(path)
    assert hold(other, "c").is_forgotten
    other.close()


def test_who_has_made_the_lost_file_anew_waits_too_once_another_has_noticed(
    coordinator: SqliteCoordinator, path: Path
) -> None:
    hold(coordinator)
    path.unlink()
    other = SqliteCoordinator(path)
    assert find_since(other) == float("-inf")
    noticed_at = time.monotonic()
    assert find_since(coordinator) >= noticed_at
    assert find_since(other) >= noticed_at
    other.close()


def test_that_a_file_was_lost_is_not_forgotten_while_it_cannot_be_made_anew(
    coordinator: SqliteCoordinator, path: Path
) -> None:
    hold(coordinator)
    path.unlink()
    path.mkdir()
    with pytest.raises(CoordinatorError, match="is a directory"):
        hold(coordinator, "b")
    path.rmdir()
    assert hold(coordinator, "b").is_forgotten


def test_a_file_that_another_machine_uses_is_refused(coordinator: SqliteCoordinator, path: Path) -> None:
    hold(coordinator)
    coordinator.close()
    write(path, "UPDATE machine SET boot = 'elsewhere', opened_at = ?", time.time())
    with pytest.raises(CoordinatorError, match="another machine") as refused:
        hold(coordinator, "b")
    assert "Redis" in refused.value.remedy


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("PRAGMA user_version = 3", "of version 3"),
        ("PRAGMA application_id = 7", "another application's"),
        ("UPDATE records SET text = '{'", "A shared lease"),
        ("""UPDATE records SET text = replace(text, 'waiting', 'dreaming')""", "A shared lease"),
    ],
)
def test_what_cannot_be_read_is_refused_and_left_as_it_is(
    coordinator: SqliteCoordinator, path: Path, statement: str, message: str
) -> None:
    hold(coordinator)
    coordinator.close()
    write(path, statement)
    before = read_records(path)
    with pytest.raises(CoordinatorError, match=message):
        hold(coordinator, "b")
    assert read_records(path) == before


def test_the_next_version_is_served(coordinator: SqliteCoordinator, path: Path) -> None:
    """Deploys roll: for a while two versions share the file."""
    hold(coordinator)
    coordinator.close()
    write(path, "PRAGMA user_version = 2")
    assert not hold(coordinator, "b").fence


@pytest.mark.parametrize("content", [b"no database" * 100, b"x"])
def test_a_file_of_somebody_else_is_not_touched(
    coordinator: SqliteCoordinator, path: Path, content: bytes
) -> None:
    path.write_bytes(content)
    with pytest.raises(CoordinatorError, match=path.name):
        hold(coordinator)
    assert path.read_bytes() == content


def test_a_directory_that_is_missing_is_named(tmp_path: Path) -> None:
    coordinator = SqliteCoordinator(tmp_path / "missing" / "belvo.sqlite-coordinator")
    with pytest.raises(CoordinatorError, match="there is no directory"):
        hold(coordinator)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anything")
def test_a_file_that_may_not_be_written_is_refused(coordinator: SqliteCoordinator, path: Path) -> None:
    hold(coordinator)
    coordinator.close()
    path.chmod(0o400)
    with pytest.raises(CoordinatorError, match="cannot be written"):
        hold(coordinator, "b")


def fill(coordinator: SqliteCoordinator) -> None:
    for number in range(10_000):
        coordinator.change(LEASE, f"link {number}", lambda _, moment: moment)


def test_a_full_disk_is_told_and_goes_on_when_there_is_room_again(coordinator: SqliteCoordinator) -> None:
    hold(coordinator)
    connection = coordinator._file.connection
    assert connection is not None
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(CoordinatorError, match="full") as refused:
        fill(coordinator)
    assert "Free some space" in refused.value.remedy
    connection.execute("PRAGMA max_page_count = 1000000")
    assert not hold(coordinator, "b").fence
    assert coordinator.change(LEASE, "one more", lambda _, moment: moment.now) > 0
