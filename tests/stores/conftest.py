"""A Redis server of the tests' own."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

_PATIENCE = 10.0


def start_redis(directory: Path, port: int) -> "subprocess.Popen[bytes]":
    program = shutil.which("redis-server")
    if program is None:
        problem = "redis-server is missing: apt-get install redis-server; the Redis store is NOT tested"
        if os.environ.get("CI"):
            pytest.fail(problem)
        pytest.skip(problem)
    place = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(directory)]
    options = ["--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction"]
    log = ["--logfile", str(directory / "redis.log")]
    server = subprocess.Popen([program, *place, *options, *log])  # noqa: S603 - our own
    wait_for_port(port)
    return server


def stop_redis(server: "subprocess.Popen[bytes]") -> None:
    server.terminate()
    server.wait(_PATIENCE)


def find_free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def wait_for_port(port: int) -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1.0).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise TimeoutError(f"nobody listens on port {port}")


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Redis server that is stopped at the end."""
    port = find_free_port()
    server = start_redis(tmp_path_factory.mktemp("redis"), port)
    yield f"redis://127.0.0.1:{port}/0"
    stop_redis(server)
