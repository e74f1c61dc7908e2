import asyncio
import os
from collections.abc import Iterator
from threading import Thread

import pytest

from belvo_async.sandbox import Sandbox


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A sandbox in a thread of its own, and the environment that leads the command line to it."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever)
    thread.start()
    sandbox = Sandbox()
    asyncio.run_coroutine_threadsafe(sandbox.start(), loop).result(10)
    monkeypatch.setenv("BELVO_SECRET_ID", sandbox.secret_id)
    monkeypatch.setenv("BELVO_SECRET_PASSWORD", sandbox.secret_password)
    monkeypatch.setenv("BELVO_ENVIRONMENT", sandbox.url)
    yield sandbox
    asyncio.run_coroutine_threadsafe(sandbox.stop(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


@pytest.fixture
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("BELVO_")]:
        monkeypatch.delenv(name)
