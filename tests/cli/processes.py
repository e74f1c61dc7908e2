"""Real processes of the command line: in a pipe, and in a terminal."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

COMMAND = (sys.executable, "-m", "belvo_async.cli")
PATIENCE = 60.0
"""Seconds that a command may take on a busy machine, several times what it takes on one that is not."""
ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Conversation:
    """One process, and what it has written so far."""

    def __init__(self, process: subprocess.Popen[bytes], output: int, typed: int) -> None:
        self.process = process
        self.text = ""
        self._output = output
        self._input = typed

    def expect(self, text: str) -> str:
        """Read until *text* has been written since the last `expect`; return all of it."""
        deadline = time.monotonic() + PATIENCE
        seen = ""
        while text not in seen:
            seen += self._read(deadline)
        return seen

    def wait_until_it_reads(self) -> None:
        """Wait until the process stands still, and so waits for what is typed.

        A prompt is seen before that, and Python would not act on a Ctrl-C that comes right before it reads.
        """
        command = ["ps", "-o", "state=", "-p", str(self.process.pid)]
        deadline = time.monotonic() + PATIENCE
        while not subprocess.check_output(command).startswith(b"S"):  # noqa: S603 - of the system
            assert time.monotonic() < deadline

    def type(self, line: str) -> None:
        os.write(self._input, f"{line}\n".encode())

    def press_ctrl_c(self) -> None:
        self.process.send_signal(signal.SIGINT)

    def finish(self) -> int:
        """Read to the end; return the exit code."""
        deadline = time.monotonic() + PATIENCE
        while self._read(deadline, may_end=True):
            pass
        return self.process.wait(PATIENCE)

    def _read(self, deadline: float, *, may_end: bool = False) -> str:
        ready, _, _ = select.select([self._output], [], [], max(0.0, deadline - time.monotonic()))
        try:
            chunk = os.read(self._output, 65536) if ready else None
        except OSError:  # a terminal whose process has gone
            chunk = b""
        if chunk is None or (not chunk and not may_end):
            raise AssertionError(f"the process wrote only: {self.text}")
        text = ANSI.sub("", chunk.decode(errors="replace"))
        self.text += text
        return text


@contextmanager
def pipe(*arguments: str) -> Iterator[Conversation]:
    """Run a command whose output goes to a pipe, and whose input stays open."""
    with subprocess.Popen(  # noqa: S603 - our own command
        [*COMMAND, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield Conversation(process, process.stdout.fileno(), process.stdin.fileno())
        finally:
            process.kill()


@contextmanager
def terminal(*arguments: str) -> Iterator[Conversation]:
    """Run a command in a terminal."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(  # noqa: S603 - our own command
        [*COMMAND, *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=os.environ | {"TERM": "xterm-256color", "COLUMNS": "100", "LINES": "40"},
        start_new_session=True,
    ) as process:
        os.close(theirs)
        try:
            yield Conversation(process, ours, ours)
        finally:
            process.kill()
            os.close(ours)


def list_users(text: str) -> set[str]:
    """Return the test users that `belvo-async sandbox` has listed."""
    return set(re.findall(r"^\s*(user_valid|mfa_\w+|x_\w+)", text, re.MULTILINE))
