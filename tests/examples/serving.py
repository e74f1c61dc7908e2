"""Runs the FastAPI backend as its users do: workers of uvicorn on one port, which share a file."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from belvo_async.sandbox import Sandbox

ROOT: Final = Path(__file__).parents[2]
_START: Final = 60.0
"""Seconds until all workers of a busy machine have started."""


@contextmanager
def serve(
    sandbox: Sandbox,
    backend: Path,
    *options: str,
    app: str = "examples.fastapi_backend:app",
    workers: int = 1,
    may_complain: bool = False,
) -> Iterator[str]:
    """Run an application with so many workers; return its address once they have all started."""
    environment = {
        **os.environ,
        "BELVO_SECRET_ID": sandbox.secret_id,
        "BELVO_SECRET_PASSWORD": sandbox.secret_password,
        "BELVO_ENVIRONMENT": sandbox.url,
        "BELVO_BACKEND": str(backend),
        "PYTHONPATH": str(ROOT),
    }
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener, tempfile.TemporaryFile() as log:
        fd = listener.fileno()
        command = [sys.executable, "-m", "uvicorn", app, "--fd", str(fd), "--workers", str(workers), *options]
        with subprocess.Popen(  # noqa: S603 - our own
            [*command, "--no-access-log"], env=environment, pass_fds=[fd], stdout=log, stderr=log
        ) as process:
            try:
                _wait_for(log, b"Application startup complete", workers)
                yield f"http://127.0.0.1:{listener.getsockname()[1]}"
            finally:
                process.send_signal(signal.SIGINT)
                process.wait(20)
        assert may_complain or b"Traceback" not in _read(log).replace(b"KeyboardInterrupt", b"")


def _wait_for(log: IO[bytes], words: bytes, count: int) -> None:
    until = time.monotonic() + _START
    while _read(log).count(words) < count:
        assert time.monotonic() < until, _read(log).decode()
        time.sleep(0.05)


def _read(log: IO[bytes]) -> bytes:
    return os.pread(log.fileno(), os.fstat(log.fileno()).st_size, 0)
