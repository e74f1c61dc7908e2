"""The fixtures that run on an event loop. `plugin` adds them when pytest-asyncio is there."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from attrs import frozen

from belvo_async import Clock, Credentials, SessionPool
from belvo_async.sandbox import Sandbox


@frozen
class _Server:
    """Whom the pool talks to."""

    url: str
    credentials: Credentials


@pytest.fixture
def _belvo_loop(request: pytest.FixtureRequest) -> None:
    """Refuse a test on another event loop than these fixtures': it would wait in vain for the sandbox."""
    marker = request.node.get_closest_marker("asyncio")
    if marker is None:
        return
    ours = request.config.getini("asyncio_default_fixture_loop_scope")
    ours = ours if ours in ("class", "module", "package", "session") else "function"
    tests = marker.kwargs.get("loop_scope") or request.config.getini("asyncio_default_test_loop_scope")
    if ours != tests:
        pytest.fail(
            f"The test runs on the {tests}'s event loop, and the fixtures of belvo_async on the {ours}'s: "
            f"set asyncio_default_fixture_loop_scope = {tests}",
            pytrace=False,
        )


@pytest_asyncio.fixture
async def belvo_sandbox(_belvo_loop: None, _belvo_time: Clock) -> AsyncIterator[Sandbox]:
    """A running `belvo_async.sandbox.Sandbox`, for one test."""
    async with Sandbox(clock=_belvo_time) as sandbox:
        yield sandbox


@pytest.fixture
def _belvo_place(request: pytest.FixtureRequest) -> _Server:
    # Not async: pytest-asyncio cannot start another async fixture from within one.
    if "belvo_mock" in request.fixturenames:
        mock = request.getfixturevalue("belvo_mock")
        return _Server(mock.url, Credentials("mock-id", "mock-password"))
    sandbox = request.getfixturevalue("belvo_sandbox")
    return _Server(sandbox.url, Credentials(sandbox.secret_id, sandbox.secret_password))


@pytest_asyncio.fixture
async def belvo_pool(
    _belvo_loop: None, _belvo_place: _Server, _belvo_time: Clock
) -> AsyncIterator[SessionPool]:
    """A `belvo_async.SessionPool` on the sandbox, or on the mock if the test asks for it.

    It is closed at the end of the test, without grace: what is still in flight is cut off.
    """
    place = _belvo_place
    async with SessionPool(
        place.credentials, environment=place.url, clock=_belvo_time, close_grace=0
    ) as pool:
        yield pool
