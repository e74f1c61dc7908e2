"""What several processes share: a file, or a server of one test's own."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from attrs import frozen

from belvo_async.backends import PostgresBackend, RedisBackend
from tests.processes.loads import SPLIT
from tests.stores.conftest import start_redis, stop_redis
from tests.stores.ports import find_free_port
from tests.stores.postgres import running_postgres


@frozen
class Authority:
    """Who vouches for the judge."""

    certificate: ssl.SSLContext
    file: str


@pytest.fixture
def sqlite_backend(tmp_path: Path) -> str:
    """The path of a file that nobody has made yet."""
    return str(tmp_path / "shared.sqlite")


@pytest.fixture
def redis_backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an empty server: no test meets the permits and leases that another has left."""
    port = find_free_port()
    server = start_redis(tmp_path_factory.mktemp("redis"), port=port)
    url = f"redis://127.0.0.1:{port}/0"
    backend = RedisBackend(url)
    backend.coordinator.init()  # nothing is under way that it should know of
    backend.coordinator.close()
    yield url
    stop_redis(server)


@pytest.fixture
def postgres_backend() -> Iterator[str]:
    """The address of a server that acknowledges nothing before it is on the disk."""
    with running_postgres("fsync=on") as server:
        backend = PostgresBackend(server.dsn)
        backend.coordinator.init()  # nothing is under way that it should know of
        backend.coordinator.close()
        yield server.dsn


@pytest.fixture(params=["sqlite", "redis", "postgres"])
def backend(request: pytest.FixtureRequest) -> str:
    """What SessionPool(backend=…) takes, of each kind."""
    return find_backend(request)


@pytest.fixture(params=[SPLIT, "sqlite", "redis", "postgres"])
def sharing(request: pytest.FixtureRequest) -> str:
    """A backend of each kind, or the split limit that keeps the judge honest."""
    return SPLIT if request.param == SPLIT else find_backend(request)


def find_backend(request: pytest.FixtureRequest) -> str:
    address: str = request.getfixturevalue(f"{request.param}_backend")
    return address


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """A certificate for this machine, and the file that lets a client trust it."""
    issuer, file = trustme.CA(), tmp_path / "authority.pem"
    issuer.cert_pem.write_to_path(file)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issuer.issue_cert("localhost").configure_cert(context)
    return Authority(context, str(file))
