"""The pytest plugin: fixtures for a sandbox, a pool, a clock and a mock. pytest finds it by itself.

```python
from belvo_async import LinkUpdate


async def test_update(belvo_sandbox, belvo_pool):
    link_id = belvo_sandbox.add_link()
    link = await belvo_pool.links.update(LinkUpdate(link_id, password="new-password"))
    assert link.status == "valid"
```

What a test asks for, directly or through its own fixtures, decides how they fit together: with `belvo_clock`
the sandbox and the pool run on that clock instead of the real one; with `belvo_mock` the pool talks to the
mock instead of the sandbox.

What the pools of a process share in memory is forgotten after each test.

`belvo_sandbox` and `belvo_pool` need pytest-asyncio, in its strict or its auto mode. They run on the event
loop that `asyncio_default_fixture_loop_scope` names, and refuse tests on another one.
"""

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

# Nothing else is imported here: pytest loads this module wherever the package is installed.
if TYPE_CHECKING:
    from belvo_async import Clock
    from belvo_async.testing import BelvoMock, ManualClock

pytest.register_assert_rewrite(  # where others inherit from it
    "belvo_async.testing.challenge_store_suite", "belvo_async.testing.coordinator_suite"
)


def pytest_configure(config: pytest.Config) -> None:
    """Add the fixtures that need an event loop, once it is known who could run them."""
    plugins = (getattr(plugin, "__name__", "") for plugin in config.pluginmanager.get_plugins())
    if "pytest_asyncio.plugin" in plugins:
        from belvo_async.testing import _async_fixtures  # noqa: PLC0415 - it imports pytest_asyncio

        config.pluginmanager.register(_async_fixtures, "belvo_async_fixtures")
    else:
        config.pluginmanager.register(_Refusals(), "belvo_async_fixtures")


def pytest_runtest_teardown() -> None:
    """Let no test meet what the pools of another one have sent from this process."""
    backends = sys.modules.get("belvo_async.backends._backend")
    if backends is not None:
        backends.PROCESS.reset()


@pytest.fixture
def belvo_clock() -> "ManualClock":
    """Time in the test's hand; set its `automatic` to let it run by itself."""
    from belvo_async.testing import ManualClock  # noqa: PLC0415

    return ManualClock()


@pytest.fixture
def belvo_mock() -> "Iterator[BelvoMock]":
    """Belvo without a network: a script of answers, checked at the end of the test. Needs aioresponses."""
    from belvo_async.testing import mocked_belvo  # noqa: PLC0415

    with mocked_belvo() as mock:
        yield mock


@pytest.fixture
def _belvo_time(request: pytest.FixtureRequest) -> "Clock":
    """The clock that the test asked for, or the real one."""
    from belvo_async import SYSTEM_CLOCK  # noqa: PLC0415

    if "belvo_clock" not in request.fixturenames:
        return SYSTEM_CLOCK
    clock: Clock = request.getfixturevalue("belvo_clock")
    return clock


class _Refusals:
    """Stand in for the fixtures that need pytest-asyncio, to say so."""

    @pytest.fixture
    def belvo_sandbox(self) -> None:
        """Not available: pytest-asyncio is missing."""
        _refuse("belvo_sandbox")

    @pytest.fixture
    def belvo_pool(self) -> None:
        """Not available: pytest-asyncio is missing."""
        _refuse("belvo_pool")


def _refuse(name: str) -> None:
    pytest.fail(
        f"{name} needs pytest-asyncio, which is missing or switched off: pip install 'belvo-async[testing]'",
        pytrace=False,
    )
