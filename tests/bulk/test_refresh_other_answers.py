"""Somebody else answers a challenge of a job: its link is told as it is, and nobody logs in meanwhile."""

from collections.abc import Awaitable, Callable

import pytest

from belvo_async import Challenge, SessionPool
from belvo_async.bulk import Outcome, Unsettled, Updated
from belvo_async.sandbox import Fault, Sandbox
from belvo_async.testing import ManualClock
from tests.bulk.conftest import HEIMDALL, add_update, only, refresh_all
from tests.bulk.test_refresh_challenges import other, sharing, store

__all__ = ["other", "sharing", "store"]

TOKEN = "111111"
ReadLinks = Fault(kind="status", status=500, method="GET", path="/api/links")
"""Links cannot be read."""


async def answer(pool: SessionPool) -> None:
    (parked,) = await pool.challenges.list()
    await pool.challenges.resume(parked.ticket, TOKEN)


async def ask_and_answer_elsewhere(
    sandbox: Sandbox, sharing: SessionPool, other: SessionPool, then: Callable[[], Awaitable[str]]
) -> Outcome:
    """Run a job whose person is slower than somebody else."""

    async def ask(_: Challenge) -> str:
        await answer(other)
        return await then()

    update = add_update(sandbox, "mfa_numeric", HEIMDALL)
    (outcome,), _ = await refresh_all(sharing, [update], provide_token=ask)
    assert sandbox.tokens(update.link_id) == [TOKEN]
    return outcome


async def test_a_link_that_somebody_else_has_answered_for_is_updated_though_its_person_never_answers(
    sandbox: Sandbox, sharing: SessionPool, other: SessionPool, clock: ManualClock
) -> None:
    async def never() -> str:
        await clock.sleep(1e6)
        return TOKEN

    only(await ask_and_answer_elsewhere(sandbox, sharing, other, never), Updated)


@pytest.mark.parametrize("error", [LookupError, None])
async def test_a_link_that_somebody_else_has_answered_for_is_updated_though_its_callback_fails(
    sandbox: Sandbox, sharing: SessionPool, other: SessionPool, error: type[Exception] | None
) -> None:
    async def fail() -> str:
        if error is not None:
            raise error
        return ""

    only(await ask_and_answer_elsewhere(sandbox, sharing, other, fail), Updated)


async def test_a_link_that_cannot_be_read_after_somebody_else_has_answered_is_unsettled(
    sandbox: Sandbox, sharing: SessionPool, other: SessionPool
) -> None:
    async def go_dark() -> str:
        sandbox.faults.add(ReadLinks)
        return TOKEN

    only(await ask_and_answer_elsewhere(sandbox, sharing, other, go_dark), Unsettled)
