"""Profiles of the property tests: quick at the desk, more in CI, most when asked for. And servers."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.contrib.temporal_server import LONG_HISTORY, running_temporal
from tests.stores.postgres import PostgresServer, running_postgres

_COMMON = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

settings.register_profile("desk", _COMMON, max_examples=100)
settings.register_profile("ci", _COMMON, max_examples=300)
settings.register_profile("thorough", _COMMON, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "desk"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server that is stopped at the end."""
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def temporal() -> Iterator[str]:
    """The address of a Temporal server that is stopped at the end."""
    with running_temporal(LONG_HISTORY) as address:
        yield address
