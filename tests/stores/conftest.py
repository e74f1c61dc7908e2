"""Servers of the tests' own."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

_PATIENCE = 10.0


def start_redis(directory: Path, *, port: int = 0) -> "subprocess.Popen[bytes]":
    """Run a server that keeps nothing, on a socket in *directory* and, if there is one, on a port."""
    program = shutil.which("redis-server")
    if program is None:
        problem = "redis-server is missing: apt-get install redis-server; the Redis store is NOT tested"
        if os.environ.get("CI"):
            pytest.fail(problem)
        pytest.skip(problem)
    place = directory / "redis.sock"
    listen = ["--port", str(port), "--bind", "127.0.0.1", "--unixsocket", str(place)]
    options = [
        "--dir",
        str(directory),
        "--save",
        "",
        "--appendonly",
        "no",
        "--maxmemory-policy",
        "noeviction",
    ]
    log = ["--logfile", str(directory / "redis.log")]
    server = subprocess.Popen([program, *listen, *options, *log])  # noqa: S603 - our own
    wait_until_it_answers(place)
    return server


def stop_redis(server: "subprocess.Popen[bytes]") -> None:
    server.terminate()
    server.wait(_PATIENCE)


def wait_until_it_answers(place: Path) -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        with socket.socket(socket.AF_UNIX) as connection:
            try:
                connection.connect(str(place))
            except OSError:
                time.sleep(0.02)
            else:
                return
    raise TimeoutError("Redis does not answer")


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Redis server that is stopped at the end."""
    directory = tmp_path_factory.mktemp("redis")
    server = start_redis(directory)
    yield f"unix://{directory}/redis.sock"
    stop_redis(server)


@pytest.fixture
def schema() -> str:
    """The name of a schema that nobody has made yet."""
    return f"t{uuid4().hex}"
