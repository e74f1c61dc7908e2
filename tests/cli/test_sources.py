"""Where the rows of a job come from: files, pipes, standard input.

A file that changes between two looks at it, and a disk that fails, meet the reader itself: no process can be
stopped at such a moment.
"""

import io
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from rich.console import Console

from belvo_async import LinkUpdate
from belvo_async.cli import _row_check
from belvo_async.cli._lines import LineSource
from belvo_async.cli._rows import RowCount, RowSource, _source, check_rows, open_rows, read_wanted
from belvo_async.cli._rows._source import LINES_A_LOOK
from belvo_async.cli._update import Desk
from belvo_async.errors import UsageError
from tests.cli.processes import COMMAND, PATIENCE, pipe
from tests.pure.rows.files import FIRST, SECRET, UnheldSource, source_of

from .command import run_command

GOOD = f"id,password\n{FIRST},x\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("BELVO_SECRET_ID", "BELVO_SECRET_PASSWORD"):
        monkeypatch.setenv(name, "made-up")
    monkeypatch.setenv("BELVO_ENVIRONMENT", "http://127.0.0.1:9")
    return tmp_path


def write(path: Path, content: str = GOOD) -> Path:
    path.write_text(content)
    return path


def plan(*arguments: str, given: bytes = b"") -> tuple[int, str]:
    """Run the command without sending anything; return its exit code, and all that it wrote."""
    done = subprocess.run(  # noqa: S603 - our own command
        [*COMMAND, "refresh", *arguments, "--dry-run"],
        input=given,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    return done.returncode, (done.stdout + done.stderr).decode()


def refusal_of(source: RowSource) -> str:
    with pytest.raises(UsageError) as caught:
        list(read_wanted(source, RowCount()))
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "options", "is_json"),
    [
        ("links.csv", (), False),
        ("LINKS.CSV", (), False),
        ("links.jsonl", (), True),
        ("links.ndjson", (), True),
        ("links.txt", (), True),
        ("links.csv", ("--format", "jsonl"), True),
        ("links.jsonl", ("--format", "csv"), False),
    ],
)
def test_the_name_tells_the_format_unless_it_is_given(
    folder: Path, name: str, options: tuple[str, ...], is_json: bool
) -> None:
    write(folder / name, f'{{"id": "{FIRST}", "password": "{SECRET}"}}\n')
    code, text = plan(name, *options)
    assert (code, "no column link_id" in text) == ((0, False) if is_json else (2, True)), text
    assert SECRET not in text


@pytest.mark.parametrize("path", ["missing.csv", "a\0b.csv", "."])
def test_a_file_that_cannot_be_read_is_refused(path: str) -> None:
    result = run_command("refresh", path, "--dry-run")
    assert result.exit_code == 2
    assert re.search(r"cannot be read: .*\. Pass a file", result.stderr)


def test_a_file_that_vanishes_is_refused(folder: Path) -> None:
    source = open_rows(write(folder / "links.csv"))
    (folder / "links.csv").unlink()
    assert "No such file" in refusal_of(source)


def test_the_name_of_a_file_cannot_command_the_terminal(folder: Path) -> None:
    code, text = plan(write(folder / "a\n\x1b[2Jb.csv", "").name)
    assert (code, "a\\n\\x1b[2Jb.csv is empty" in text) == (2, True)


@pytest.mark.parametrize("way", ["size", "time", "file"])
def test_a_file_that_changed_between_two_passes_is_refused(folder: Path, way: str) -> None:
    path = write(folder / "links.csv")
    source = open_rows(path)
    check_rows(source, RowCount())
    at = path.stat().st_mtime_ns
    if way == "size":
        os.utime(write(path, GOOD + "\n"), ns=(at, at))
    elif way == "time":
        os.utime(path, ns=(1, 1))
    else:
        os.utime(write(folder / "other"), ns=(at, at))
        (folder / "other").replace(path)
    assert "was changed after it was first read" in refusal_of(source)


@pytest.mark.parametrize("lines", [0, LINES_A_LOOK])
def test_a_file_that_changes_while_it_is_read_is_noticed(folder: Path, lines: int) -> None:
    path = write(folder / "links.csv", GOOD + "\n" * lines)
    rows = read_wanted(open_rows(path), RowCount())
    next(rows)
    os.utime(path, ns=(1, 1))
    with pytest.raises(UsageError, match="was changed"):
        next(rows)


def test_a_file_is_closed_with_its_rows(folder: Path) -> None:
    rows = read_wanted(open_rows(write(folder / "links.csv")), RowCount())
    next(rows)
    del rows  # an open file would be a ResourceWarning here, and fail the test


def test_a_failing_disk_is_an_error_of_the_package() -> None:
    class Failing(io.BytesIO):
        def read1(self, _size: int | None = -1, /) -> bytes:
            raise OSError(5, "Input/output error")

        read = read1

    source = RowSource("links", None, Failing, is_stream=True)
    assert "cannot be read: Input/output error" in refusal_of(source)
    with pytest.raises(UsageError, match="Input/output error"):
        check_rows(source, RowCount())


def test_a_stream_is_held_to_be_read_twice_and_its_rows_stay_out_of_sight() -> None:
    source = source_of(f"id,password\n{FIRST},{SECRET}\n")
    check_rows(source, RowCount())
    assert list(read_wanted(source, RowCount())) == [LinkUpdate(FIRST, password=SECRET)]
    assert SECRET not in repr(source)


def test_a_stream_that_is_too_large_to_hold_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_source, "MOST_HELD", 1 << 20)
    data = GOOD.encode() + b"\n" * ((1 << 20) - len(GOOD))
    check_rows(source_of(data), RowCount())
    with pytest.raises(UsageError, match=r"larger than 1 MiB.*--skip-bad-rows"):
        check_rows(source_of(data + b"\n"), RowCount())


@pytest.mark.parametrize("options", [(), ("--skip-bad-rows",)])
def test_standard_input_is_a_stream_of_links(options: tuple[str, ...]) -> None:
    code, text = plan("-", *options, given=GOOD.encode())
    assert (code, "1 links would be logged in" in text) == (0, True), text
    code, text = plan("-", given=b"id,password\nx,y\n")
    assert (code, "standard input, line 2: link_id is not a UUID" in text) == (2, True), text


def test_a_closed_standard_input_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert refusal_of(open_rows("-")) == "There is no standard input. Pass a file."


async def test_a_long_check_tells_how_far_it_has_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_row_check, "_TELL_SECONDS", 0.01)
    is_told = threading.Event()

    class Slow(io.BytesIO):
        def read1(self, size: int | None = -1, /) -> bytes:
            data = super().read1(size)
            assert data or is_told.wait(PATIENCE)  # its end comes when somebody was told
            return data

    class Told(io.StringIO):
        def write(self, text: str, /) -> int:
            if "1 rows checked; nothing is sent yet" in text:
                is_told.set()
            return super().write(text)

    console = Console(file=Told(), width=200)
    await _row_check.check_source(
        UnheldSource("links", None, lambda: Slow(GOOD.encode()), is_stream=True),
        Desk(output=console, messages=console, source=LineSource(bytes)),
    )
    assert is_told.is_set()


@pytest.mark.skipif(sys.platform == "win32", reason="no named pipes there")
@pytest.mark.parametrize("options", [(), ("--skip-bad-rows",)])
def test_a_pipe_is_read_to_its_end_and_ctrl_c_does_not_wait_for_it(
    folder: Path, options: tuple[str, ...]
) -> None:
    path = folder / "links.pipe"
    os.mkfifo(path)
    for is_ended in (True, False):
        with pipe("refresh", path.name, "--dry-run", *options) as talk:
            with path.open("w") as writer:  # opens as soon as the command reads
                writer.write(GOOD)
                writer.flush()
                if not is_ended:
                    talk.press_ctrl_c()
                    assert talk.finish() == signal.SIGINT + 128
            if is_ended:
                assert talk.finish() == 0
                assert "1 links would be logged in" in talk.text
