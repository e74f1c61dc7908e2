import io
import tracemalloc
from collections.abc import Iterator

from belvo_async.cli._rows import RowCount, check_rows, list_problems

from .files import UnheldSource, check, link_id, updates_of


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


def test_good_rows_are_counted_and_bad_ones_are_told_in_order() -> None:
    content = f"id,password\n{link_id(1)},a\nx,b\n{link_id(2)},c\n{link_id(1)},d\ny,e\n{link_id(1)},f\n"
    count = check(content)
    assert (count.good, count.bad, count.repeated, count.problems) == (4, 2, 2, 4)
    assert [(row.line, row.problem) for row in count.told] == [
        (3, "is not a UUID"),
        (5, "is the same link as in line 2"),
        (6, "is not a UUID"),
        (7, "is the same link as in line 2"),
    ]
    assert len(updates_of(content)) == count.good


def test_a_link_is_the_same_however_its_id_is_written() -> None:
    forms = (link_id(1), link_id(1).upper(), link_id(1).replace("-", ""))
    assert check("\n".join(["id,password", *(f"{form},p" for form in forms)])).repeated == 2


def test_the_report_names_the_file_the_lines_and_what_is_left_out() -> None:
    count = check(f"id,password\n{link_id(1)},a\nx,b\n")
    told = "links, line 3: link_id is not a UUID. Write the id as it stands in: belvo-async links list"
    assert list(list_problems("links", count)) == [told]
    count.bad = 1235
    assert list(list_problems("links", count)) == [told, "links: and 1,234 more."]


def test_the_first_hundred_problems_are_kept_by_line() -> None:
    rows = [f"{link_id(1000 - number // 2)},p" if number % 4 < 2 else "x,y" for number in range(1000)]
    count = check("\n".join(["id,password", *rows]))
    assert (count.good, count.bad, count.repeated) == (500, 500, 250)
    assert [row.line for row in count.told] == [line for line in range(2, 136) if line % 4 != 2][:100]


def test_memory_grows_by_the_ids_of_the_links_alone() -> None:
    def make_rows(links: int) -> Iterator[bytes]:
        yield b"id,password\n"
        for number in range(links):
            yield f"{link_id(number)},{'secret' * 100}{number}\nx,y\n".encode()

    def measure(links: int) -> int:
        stream = io.BufferedReader(Generated(make_rows(links)))
        count = RowCount()
        tracemalloc.start()
        check_rows(UnheldSource("links", None, lambda: stream, is_stream=True), count)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert (count.good, count.bad, len(count.told)) == (links, links, 100)
        return peak

    assert measure(20_000) < measure(2_000) + 18_000 * 200
