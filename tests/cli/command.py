"""The command line in this process: `main`, as the installed command calls it."""

import io
import sys

import pytest
from attrs import frozen

from belvo_async.cli import main


@frozen
class Result:
    """How a command ended, and what it wrote."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def output(self) -> str:
        return self.stdout + self.stderr


def run_command(*arguments: str, lines: str | bytes | io.BytesIO = "") -> Result:
    """Run a command whose standard input has these lines; what it does not expect is raised."""
    given = lines.encode() if isinstance(lines, str) else lines
    stream = given if isinstance(given, io.BytesIO) else io.BytesIO(given)
    streams = {name: io.TextIOWrapper(io.BytesIO(), "utf-8") for name in ("stdout", "stderr")}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["belvo-async", *arguments])
        patch.setattr(sys, "stdin", io.TextIOWrapper(stream, "utf-8"))
        for name, written in streams.items():
            patch.setattr(sys, name, written)
        with pytest.raises(SystemExit) as ended:
            main()
    code = ended.value.code
    assert isinstance(code, int)
    return Result(code, *(_read(written) for written in streams.values()))


def _read(stream: io.TextIOWrapper) -> str:
    stream.flush()
    stream.seek(0)
    return stream.read()
