"""What a person is told when something of ours does not work."""

from collections.abc import AsyncIterator

import pytest

from belvo_async import Credentials, SessionPool
from belvo_async.backends import ChallengeRow, MemoryBackend, MemoryChallengeStore
from belvo_async.errors import ChallengeStoreError, ConfigurationError
from belvo_async.mfa import MfaPolicy, ResumeRoute
from belvo_async.models import ChallengePhase
from belvo_async.sandbox import Sandbox
from belvo_async.web import ChallengePage
from tests.web.conftest import Browser, list_tokens, open_browser, open_pool, park, serve_aiohttp


class FullDisk(MemoryChallengeStore):
    """Can be read, and for a while not written."""

    is_full = False

    async def replace(self, row: ChallengeRow) -> bool:
        if self.is_full:
            raise ChallengeStoreError("full")
        return await super().replace(row)


@pytest.fixture
def disk() -> FullDisk:
    return FullDisk()


@pytest.fixture
async def beside(sandbox: Sandbox, disk: FullDisk) -> AsyncIterator[SessionPool]:
    async with open_pool(sandbox, backend=MemoryBackend(disk)) as pool:
        yield pool


@pytest.fixture
async def visitor(beside: SessionPool) -> AsyncIterator[Browser]:
    async with ChallengePage(beside) as page, serve_aiohttp(page) as base, open_browser(base) as browser:
        yield browser


async def test_an_answer_that_the_store_stopped_is_told_and_can_be_given_again(
    sandbox: Sandbox, beside: SessionPool, disk: FullDisk, visitor: Browser
) -> None:
    ticket = await park(sandbox, beside)
    disk.is_full = True
    assert "could not be sent" in (await visitor.answer(ticket, "111111")).text
    assert await list_tokens(sandbox, beside, ticket) == []
    disk.is_full = False
    done = await visitor.answer(ticket, "111111")
    assert "Your bank has confirmed" in done.text
    assert await list_tokens(sandbox, beside, ticket) == ["111111"]


async def test_a_refusal_to_answer_that_could_not_be_noted_is_told(
    sandbox: Sandbox, beside: SessionPool, disk: FullDisk, visitor: Browser
) -> None:
    ticket = await park(sandbox, beside)
    disk.is_full = True
    assert (await visitor.answer(ticket, None, do="decline")).status == 503
    assert (await beside.challenges.get(ticket)).phase is ChallengePhase.OPEN


async def test_a_wrong_token_is_not_told_as_one_that_could_not_be_sent(
    sandbox: Sandbox, beside: SessionPool, disk: FullDisk, visitor: Browser
) -> None:
    ticket = await park(sandbox, beside)
    disk.is_full = True
    await visitor.answer(ticket, "999999")
    disk.is_full = False
    seen = await visitor.answer(ticket, "999999")
    assert "did not accept" in seen.text
    assert "could not be sent" not in seen.text


@pytest.mark.parametrize(
    "policy",
    [MfaPolicy(resume_route=ResumeRoute.PUT_LINK), MfaPolicy(restarts=1)],
    ids=["route", "restarts"],
)
async def test_a_policy_that_needs_the_password_is_refused(sandbox: Sandbox, policy: MfaPolicy) -> None:
    async with open_pool(sandbox, mfa=policy) as pool:
        client = pool.client(Credentials("another-id", "another-password"))
        for calls in (pool, client):
            with pytest.raises(ConfigurationError, match="password"):
                ChallengePage(calls)
