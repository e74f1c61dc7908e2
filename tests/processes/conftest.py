"""What several processes share: a file, or a Redis server of one test's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stores.conftest import find_free_port, start_redis, stop_redis


@pytest.fixture
def sqlite_backend(tmp_path: Path) -> str:
    """The path of a file that nobody has made yet."""
    return str(tmp_path / "shared.sqlite")


@pytest.fixture
def redis_backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an empty server: no test meets the permits and leases that another has left."""
    port = find_free_port()
    server = start_redis(tmp_path_factory.mktemp("redis"), port=port)
    yield f"redis://127.0.0.1:{port}/0"
    stop_redis(server)


@pytest.fixture(params=["sqlite", "redis"])
def backend(request: pytest.FixtureRequest) -> str:
    """What SessionPool(backend=…) takes, of each kind."""
    address: str = request.getfixturevalue(f"{request.param}_backend")
    return address
