import io
import os
import sys
import threading
from pathlib import Path

import pytest

from belvo_async import LinkUpdate
from belvo_async.cli._rows import _source
from belvo_async.cli._rows._lines import LINES_A_PULSE, StoppedError, never
from belvo_async.cli._rows._reader import read_rows, read_updates
from belvo_async.cli._rows._source import FileSource, RowFormat, RowSource, StreamSource, open_rows
from belvo_async.errors import UsageError

FIRST = "11111111-2222-4333-8444-555555555555"
GOOD = f"id,password\n{FIRST},x\n"


def write(path: Path, content: str = GOOD) -> Path:
    path.write_text(content)
    return path


def refusal_of(source: RowSource) -> str:
    with pytest.raises(UsageError) as caught:
        list(read_rows(source))
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("links.csv", None, RowFormat.CSV),
        ("LINKS.CSV", None, RowFormat.CSV),
        ("links.jsonl", None, RowFormat.JSON_LINES),
        ("links.ndjson", None, RowFormat.JSON_LINES),
        ("links.txt", None, None),
        ("links.csv", RowFormat.JSON_LINES, RowFormat.JSON_LINES),
    ],
)
def test_the_name_tells_the_format_unless_it_is_given(
    tmp_path: Path, name: str, given: RowFormat | None, expected: RowFormat | None
) -> None:
    assert open_rows(write(tmp_path / name), given).format is expected


def test_a_file_is_read_as_often_as_one_likes(tmp_path: Path) -> None:
    source = open_rows(str(write(tmp_path / "links.csv")))
    source.hold(never)
    rows = [list(read_updates(source)) for _ in range(2)]
    assert rows == [[LinkUpdate(FIRST, password="x")]] * 2


@pytest.mark.parametrize("path", ["missing.csv", "a\0b.csv", "."])
def test_a_file_that_cannot_be_read_is_refused(path: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot be read: .*\. Pass a file"):
        list(read_rows(open_rows(f"{tmp_path}/{path}")))


def test_a_file_that_vanishes_is_refused(tmp_path: Path) -> None:
    source = open_rows(write(tmp_path / "links.csv"))
    (tmp_path / "links.csv").unlink()
    assert "No such file" in refusal_of(source)


def test_the_name_of_a_file_cannot_command_the_terminal(tmp_path: Path) -> None:
    source = open_rows(write(tmp_path / "a\n\x1b[2Jb.csv", ""))
    assert source.name.endswith("a\\n\\x1b[2Jb.csv")
    assert refusal_of(source).isprintable()


@pytest.mark.parametrize("way", ["size", "time", "file"])
def test_a_file_that_changed_between_two_passes_is_refused(tmp_path: Path, way: str) -> None:
    path = write(tmp_path / "links.csv")
    source = open_rows(path)
    assert len(list(read_rows(source))) == 1
    at = path.stat().st_mtime_ns
    if way == "size":
        os.utime(write(path, GOOD + "\n"), ns=(at, at))
    elif way == "time":
        os.utime(path, ns=(1, 1))
    else:
        os.utime(write(tmp_path / "other"), ns=(at, at))
        (tmp_path / "other").replace(path)
    assert "was changed after it was first read" in refusal_of(source)


def test_a_file_that_changes_while_it_is_read_is_noticed(tmp_path: Path) -> None:
    path = write(tmp_path / "links.csv", GOOD + "\n" * LINES_A_PULSE + f"{FIRST},y\n")
    rows = read_rows(open_rows(path))
    next(rows)
    write(path, GOOD)
    with pytest.raises(UsageError, match="was changed"):
        next(rows)


def test_a_file_that_changes_before_its_end_was_read_is_noticed(tmp_path: Path) -> None:
    path = write(tmp_path / "links.csv")
    rows = read_rows(open_rows(path))
    next(rows)
    os.utime(path, ns=(1, 1))
    with pytest.raises(UsageError, match="was changed"):
        next(rows)


def test_a_line_without_end_can_be_left() -> None:
    class Endless(io.BytesIO):
        def read1(self, size: int | None = -1, /) -> bytes:
            return b"x" * max(size or 0, 1)

    looks = iter([False, False, True])
    with pytest.raises(StoppedError):
        list(read_rows(StreamSource("links", None, lambda _stop: Endless()), lambda: next(looks)))


def test_reading_ends_when_told_to(tmp_path: Path) -> None:
    stop = threading.Event()
    content = GOOD + f"{FIRST},x\n" * LINES_A_PULSE * 3
    for source in (
        open_rows(write(tmp_path / "links.csv", content)),
        StreamSource("links", None, lambda _stop: io.BytesIO(content.encode())),
    ):
        stop.clear()
        rows = read_rows(source, stop.is_set)
        next(rows)
        stop.set()
        with pytest.raises(StoppedError):
            list(rows)


def test_a_failing_disk_is_an_error_of_the_package() -> None:
    class Failing(io.BytesIO):
        def read1(self, _size: int | None = -1, /) -> bytes:
            raise OSError(5, "Input/output error")

        read = read1

    assert "cannot be read: Input/output error" in refusal_of(
        StreamSource("links", None, lambda _stop: Failing())
    )
    with pytest.raises(UsageError, match="Input/output error"):
        StreamSource("links", None, lambda _stop: Failing()).hold(never)


def test_a_stream_is_read_once_unless_it_is_held() -> None:
    def build() -> StreamSource:
        return StreamSource("links", None, lambda _stop: io.BytesIO(GOOD.encode()))

    once, held = build(), build()
    assert len(list(read_rows(once))) == 1
    assert refusal_of(once) == "links can be read only once. Pass a file."
    held.hold(never)
    held.hold(never)
    assert [len(list(read_rows(held))) for _ in range(2)] == [1, 1]
    assert FIRST not in repr(held)


def test_a_stream_that_is_too_large_to_hold_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_source, "MOST_HELD", 1 << 20)
    data = b"x" * (1 << 20)
    StreamSource("links", None, lambda _stop: io.BytesIO(data)).hold(never)
    with pytest.raises(UsageError, match=r"larger than 1 MiB.*--skip-bad-rows"):
        StreamSource("links", None, lambda _stop: io.BytesIO(data + b"x")).hold(never)


def test_holding_a_stream_ends_when_told_to() -> None:
    with pytest.raises(StoppedError):
        StreamSource("links", None, lambda _stop: io.BytesIO(b"x")).hold(lambda: True)


def test_standard_input_is_read_beside_the_one_of_python(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    os.write(writer, GOOD.encode())
    os.close(writer)
    with os.fdopen(reader, "r") as standard_input:
        monkeypatch.setattr(sys, "stdin", standard_input)
        source = open_rows("-")
        assert source.name == "standard input"
        assert list(read_updates(source)) == [LinkUpdate(FIRST, password="x")]
        assert not standard_input.closed


def test_a_standard_input_without_a_descriptor_is_read_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(GOOD.encode())))
    assert len(list(read_rows(open_rows("-")))) == 1


def test_a_closed_standard_input_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert refusal_of(open_rows("-")) == "There is no standard input. Pass a file."


@pytest.mark.skipif(sys.platform == "win32", reason="no waiting with a limit there")
def test_a_wait_for_a_pipe_ends_when_told_to(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    keeper = os.open(path, os.O_RDWR)
    source = open_rows(path)
    assert isinstance(source, StreamSource)
    looks = iter([False, False, True])
    with pytest.raises(StoppedError):
        list(read_rows(source, lambda: next(looks)))
    os.close(keeper)


def test_a_pipe_is_a_stream(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_text, args=(GOOD,))
    writer.start()
    assert list(read_updates(open_rows(path))) == [LinkUpdate(FIRST, password="x")]
    writer.join(10)


def test_a_file_is_closed_with_its_rows(tmp_path: Path) -> None:
    source = open_rows(write(tmp_path / "links.csv"))
    assert isinstance(source, FileSource)
    rows = read_updates(source)
    next(rows)
    rows.close()  # type: ignore[attr-defined]
    del rows  # an open file would be a ResourceWarning here, and fail the test
