import io
import sqlite3
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from belvo_async.cli._rows import _duplicates
from belvo_async.cli._rows._check import ROWS_A_STEP, check_rows, list_problems
from belvo_async.cli._rows._duplicates import SeenLinks
from belvo_async.cli._rows._lines import Stop, StoppedError
from belvo_async.cli._rows._reader import read_updates
from belvo_async.cli._rows._source import StreamSource, open_rows
from belvo_async.errors import UsageError


def link_id(number: int) -> str:
    return f"{number * 7919 % 2**32:08x}-0000-4000-8000-{number:012x}"


def source_of(content: str) -> StreamSource:
    return StreamSource("links", None, lambda _stop: io.BytesIO(content.encode()))


class Generated(io.RawIOBase):
    """A stream of rows that are made as they are read."""

    def __init__(self, rows: Iterator[bytes]) -> None:
        self._rows = rows
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        while len(self._rest) < len(buffer) and (row := next(self._rows, b"")):
            self._rest += row
        taken, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(taken)] = taken
        return len(taken)


class UnheldSource(StreamSource):
    """A stream in the place of a file: it is not held in memory."""

    def hold(self, stop: Stop) -> None:
        pass


def test_good_rows_are_counted_and_bad_ones_are_told_in_order() -> None:
    content = f"id,password\n{link_id(1)},a\nx,b\n{link_id(2)},c\n{link_id(1)},d\ny,e\n{link_id(1)},f\n"
    source = source_of(content)
    checked = check_rows(source)
    assert (checked.total, checked.bad_count, checked.repeated_count, checked.problem_count) == (4, 2, 2, 4)
    assert [(row.line, row.problem) for row in checked.bad] == [
        (3, "is not a UUID"),
        (5, "is the same link as in line 2"),
        (6, "is not a UUID"),
        (7, "is the same link as in line 5"),
    ]
    assert len(list(read_updates(source, skip_bad=True))) == checked.total


def test_the_report_names_the_file_the_lines_and_what_is_left_out() -> None:
    checked = check_rows(source_of(f"id,password\n{link_id(1)},a\nx,b\n"))
    assert list(list_problems("links", checked.bad, 1235)) == [
        "links, line 3: link_id is not a UUID. Write the id as it stands in: belvo-async links list",
        "links: and 1,234 more.",
    ]
    assert len(list(list_problems("links", checked.bad, checked.problem_count))) == 1


def test_the_first_hundred_problems_are_kept_by_line() -> None:
    rows = [f"{link_id(1000 - number // 2)},p" if number % 4 < 2 else "x,y" for number in range(1000)]
    checked = check_rows(source_of("\n".join(["id,password", *rows])))
    assert (checked.total, checked.bad_count, checked.repeated_count) == (500, 500, 250)
    lines = [row.line for row in checked.bad]
    assert lines == sorted(lines) == [line for line in range(2, 136) if line % 4 != 2][:100]


def test_the_progress_is_told_as_it_goes_and_at_the_end() -> None:
    rows = "".join(f"{link_id(number)},p\n" for number in range(2 * ROWS_A_STEP + 7))
    told: list[int] = []
    check_rows(source_of(f"id,password\n{rows}"), progress=told.append)
    assert told == [ROWS_A_STEP, 2 * ROWS_A_STEP, 2 * ROWS_A_STEP + 7]


def test_a_check_ends_when_told_to(tmp_path: Path) -> None:
    path = tmp_path / "links.csv"
    path.write_text("id,password\n" + "".join(f"{link_id(number)},p\n" for number in range(20_000)))
    stop = threading.Event()
    with pytest.raises(StoppedError):
        check_rows(open_rows(path), stop=stop.is_set, progress=lambda _rows: stop.set())


def test_the_search_for_repeated_links_ends_when_told_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_duplicates, "_STEPS", 100)
    stop = threading.Event()
    seen = SeenLinks(stop.is_set)
    for number in range(10_000):
        seen.add(link_id(number), number)
    stop.set()
    with pytest.raises(StoppedError):
        list(seen.find_repeated())
    seen.close()


def test_no_room_for_the_search_is_an_error_with_a_remedy() -> None:
    seen = SeenLinks(lambda: False)
    seen._database.execute("PRAGMA max_page_count = 4")
    with pytest.raises(UsageError, match="SQLITE_TMPDIR"):
        fill(seen)
    seen.close()


def fill(seen: SeenLinks) -> None:
    for number in range(100_000):
        seen.add(link_id(number), number)


def test_the_search_writes_ids_and_lines_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[bytes] = []
    close: Callable[[SeenLinks], None] = SeenLinks.close

    def look(seen: SeenLinks) -> None:
        kept.append(repr(list(seen._database.execute("SELECT * FROM seen"))).encode())
        assert [row[1] for row in seen._database.execute("PRAGMA table_info(seen)")] == ["id", "line"]
        close(seen)

    monkeypatch.setattr(SeenLinks, "close", look)
    check_rows(source_of(f"id,password\n{link_id(1)},hunter2\n"))
    assert kept == [repr([(bytes.fromhex(link_id(1).replace("-", "")), 2)]).encode()]


def test_memory_does_not_grow_with_the_rows() -> None:
    def make_rows(count: int) -> Iterator[bytes]:
        yield b"id,password\n"
        for number in range(count):
            yield f"{link_id(number % (count - 1000))},secret{number}\n".encode()
            if number % 100 == 0:
                yield b"x,y\n"

    def measure(count: int) -> int:
        stream = io.BufferedReader(Generated(make_rows(count)))
        tracemalloc.start()
        checked = check_rows(UnheldSource("links", None, lambda _stop: stream))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert (checked.total, checked.repeated_count, len(checked.bad)) == (count, 1000, 100)
        return peak

    small = measure(5_000)
    assert measure(20_000) < small + 200_000


def test_the_database_is_no_file_of_ours() -> None:
    seen = SeenLinks(lambda: False)
    assert [row[2] for row in seen._database.execute("PRAGMA database_list")] == [""]
    seen.close()
    with pytest.raises(sqlite3.ProgrammingError):
        seen._database.execute("SELECT 1")
