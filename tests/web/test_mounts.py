"""The page does the same wherever it is mounted."""

import pytest

from belvo_async import SessionPool
from belvo_async.models import ChallengePhase
from belvo_async.sandbox import Sandbox
from belvo_async.web import ChallengePage
from tests.web.conftest import SERVERS, list_tokens, open_browser, park


@pytest.mark.parametrize("server", SERVERS)
async def test_a_challenge_is_shown_and_answered(
    sandbox: Sandbox, pool: SessionPool, page: ChallengePage, server: str
) -> None:
    ticket = await park(sandbox, pool)
    async with SERVERS[server](page) as base, open_browser(base) as browser:
        form = await browser.get(ticket)
        assert (form.status, "12345" in form.text) == (200, True)
        assert (await browser.session.head(f"{base}/{ticket}")).status == 200
        for name in ("page.css", "page.js"):
            assert (await browser.get(f"static/{name}")).status == 200
        asked = await browser.answer(ticket, "999999")
        assert "did not accept" in asked.text
        done = await browser.answer(ticket, "111111")
        assert (done.status, "Your bank has confirmed" in done.text) == (200, True)
        assert (await browser.get("a" * 32)).status == 404
        assert (await browser.post(ticket, data={"token": "x" * 10_000})).status == 413
        assert (await browser.session.delete(f"{base}/{ticket}")).status == 405
    assert (await pool.challenges.get(ticket)).phase is ChallengePhase.UPDATED
    assert await list_tokens(sandbox, pool, ticket) == ["999999", "111111"]
