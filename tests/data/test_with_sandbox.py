"""Every data resource over real HTTP, against a sandbox that has read the schema by itself."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Any, Final

import pytest

from belvo_async import Challenge, SessionPool
from belvo_async.backends import MemoryBackend, MemoryChallengeStore
from belvo_async.errors import ResumeNotSupportedError, TokenRequiredError
from belvo_async.models import ChallengePhase, DataModel
from belvo_async.resources import ResumableData, RetrievableData
from belvo_async.sandbox import Sandbox, SandboxOptions
from belvo_async.testing import ManualClock
from tests.data.resources import list_data_resources
from tests.engine.conftest import open_pool

ALL: Final = list_data_resources()
RETRIEVED: Final = sorted(name for name, kind in ALL.items() if issubclass(kind, RetrievableData))
RESUMED: Final = sorted(name for name, kind in ALL.items() if issubclass(kind, ResumableData))
ASKS: Final = sorted(
    {
        *("balances", "bills", "current_employments", "employment_records", "employments", "exchanges"),
        *("tax_compliance_status", "tax_retentions", "tax_returns", "tax_status"),
    }
)
"""Those that may ask for a token, and have no call that takes it (API reference)."""
TOKEN: Final = "111111"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(automatic=True)


@pytest.fixture
async def sandbox(clock: ManualClock) -> AsyncIterator[Sandbox]:
    async with Sandbox(clock=clock, options=SandboxOptions(login_seconds=1.0)) as sandbox:
        yield sandbox


@pytest.fixture
async def pool(sandbox: Sandbox, store: MemoryChallengeStore) -> AsyncIterator[SessionPool]:
    async with open_pool(sandbox, backend=MemoryBackend(store)) as pool:
        yield pool


@pytest.fixture
async def other(sandbox: Sandbox, store: MemoryChallengeStore) -> AsyncIterator[SessionPool]:
    async with open_pool(sandbox, backend=MemoryBackend(store)) as pool:
        yield pool


def find_options(name: str, pool: SessionPool) -> dict[str, Any]:
    today = pool.clock.wall().date()
    period = {"date_from": date(today.year - 1, today.month, 1), "date_to": today}
    options: dict[str, dict[str, Any]] = {
        "transactions": period,
        "invoices": {**period, "type": "INFLOW"},
        "tax_retentions": {**period, "type": "INFLOW"},
        "chile_invoices": period,
        "tax_returns": {"type": "yearly", "year_from": "2024", "year_to": "2025"},
    }
    return options.get(name, {})


def add_asked(sandbox: Sandbox) -> str:
    return sandbox.add_link(institution="heimdall_mx_retail", username="mfa_numeric")


def list_extras(part: object) -> list[object]:
    """Return all that no field of a row, or of its parts, could hold."""
    if isinstance(part, tuple):
        return [extra for item in part for extra in list_extras(item)]
    if not isinstance(part, DataModel):
        return []
    names = [name for name in dir(part) if not name.startswith("_") and name != "extra"]
    return [*part.extra.items(), *(extra for name in names for extra in list_extras(getattr(part, name)))]


@pytest.mark.parametrize("name", RETRIEVED)
async def test_what_is_retrieved_fits_its_models_and_is_stored(
    name: str, sandbox: Sandbox, pool: SessionPool
) -> None:
    link_id = sandbox.add_link(institution="erebor_mx_retail")
    resource: Any = getattr(pool, name)
    rows = await resource.retrieve(link_id, **find_options(name, pool))
    assert rows
    assert list_extras(rows) == []
    stored = [row async for row in resource.list(link=link_id)]
    assert {row.id for row in stored} == {row.id for row in rows}
    assert (await resource.get(rows[0].id)).id == rows[0].id


@pytest.mark.parametrize("name", RESUMED)
async def test_a_token_goes_back_to_the_resource_that_has_asked(
    name: str, sandbox: Sandbox, pool: SessionPool
) -> None:
    asked: list[Challenge] = []

    def give(challenge: Challenge) -> str:
        asked.append(challenge)
        return TOKEN

    link_id, resource = add_asked(sandbox), getattr(pool, name)
    rows = await resource.retrieve(link_id, provide_token=give, save_data=False, **find_options(name, pool))
    (challenge,) = asked
    assert rows
    assert challenge.resume_target.collection == vars(type(resource))["_spec"].collection
    assert sandbox.tokens(link_id) == [TOKEN]
    assert [row async for row in resource.list(link=link_id)] == []


@pytest.mark.parametrize("name", RESUMED)
async def test_two_processes_park_and_resume_it(
    name: str, sandbox: Sandbox, pool: SessionPool, other: SessionPool
) -> None:
    link_id = add_asked(sandbox)
    with pytest.raises(TokenRequiredError) as required:
        await getattr(pool, name).retrieve(link_id, **find_options(name, pool))
    ticket = await pool.challenges.park(required.value.state)
    rows = await other.challenges.resume(ticket, TOKEN)
    assert isinstance(rows, tuple)
    assert all(isinstance(row, DataModel) for row in rows)
    assert (await pool.challenges.get(ticket)).phase is ChallengePhase.UPDATED
    assert sandbox.tokens(link_id) == [TOKEN]


@pytest.mark.parametrize("name", ASKS)
async def test_where_belvo_takes_no_token_nothing_is_sent_after_the_question(
    name: str, sandbox: Sandbox, pool: SessionPool
) -> None:
    link_id = add_asked(sandbox)
    with pytest.raises(ResumeNotSupportedError):
        await getattr(pool, name).retrieve(link_id, **find_options(name, pool))
    assert sandbox.tokens(link_id) == []
    assert not hasattr(getattr(pool, name), "resume")


def test_the_matrix_is_that_of_the_schema() -> None:
    assert (len(ALL), len(RETRIEVED), len(RESUMED), len(ASKS)) == (25, 24, 7, 10)
