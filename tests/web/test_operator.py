"""The page for those who watch."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime

import pytest

from belvo_async import SessionPool
from belvo_async.backends import ChallengeRow, MemoryBackend, MemoryChallengeStore
from belvo_async.errors import ChallengeStoreError, ConfigurationError, OutcomeUnknownError
from belvo_async.models import ChallengePhase
from belvo_async.sandbox import Fault, Sandbox
from belvo_async.web import OperatorPage
from belvo_async.web._http import PageRequest, PageResponse
from tests.web.conftest import SERVERS, add_link, challenge, open_browser, open_pool, park

GET = PageRequest(method="GET", path="")
EVENTS = PageRequest(method="GET", path="events")


async def read_event(response: PageResponse) -> bytes:
    assert response.stream is not None
    async with asyncio.timeout(5.0):
        return await anext(response.stream)


async def close(*responses: PageResponse) -> None:
    for response in responses:
        assert response.stream is not None
        await response.stream.aclose()


async def test_open_challenges_are_listed_with_a_way_to_answer(sandbox: Sandbox, pool: SessionPool) -> None:
    state = await challenge(pool, add_link(sandbox))
    ticket = await pool.challenges.park(state, institution="Banco <i>")
    page = OperatorPage(pool, link_to="/challenges/{}".format)
    text = (await page.handle(GET)).body.decode()
    for part in (f'href="/challenges/{ticket}"', "Banco &lt;i&gt;", state.challenge.link_id, "Challenges: 1"):
        assert part in text


async def test_without_a_way_to_answer_no_ticket_is_shown(sandbox: Sandbox, pool: SessionPool) -> None:
    ticket = await park(sandbox, pool)
    assert ticket not in (await OperatorPage(pool).handle(GET)).body.decode()


async def test_an_address_that_is_a_script_is_not_linked(sandbox: Sandbox, pool: SessionPool) -> None:
    await park(sandbox, pool)
    page = OperatorPage(pool, link_to="javascript:{}".format)
    assert "javascript:" not in (await page.handle(GET)).body.decode()


async def test_those_whose_end_is_not_known_are_listed_too(sandbox: Sandbox, pool: SessionPool) -> None:
    ticket = await park(sandbox, pool)
    sandbox.faults.add(Fault(kind="reset_before", method="PATCH"))
    with pytest.raises(OutcomeUnknownError):
        await pool.challenges.resume(ticket, "111111")
    assert "end not known" in (await OperatorPage(pool).handle(GET)).body.decode()


async def test_whoever_watches_sees_what_is_new(sandbox: Sandbox, pool: SessionPool) -> None:
    response = await OperatorPage(pool).handle(EVENTS)
    assert response.headers["Content-Type"] == "text/event-stream"
    assert b"Challenges: 0" in await read_event(response)
    assert await read_event(response) == b":\n\n"
    await park(sandbox, pool)
    event = await read_event(response)
    assert event.startswith(b"event: rows\ndata: ")
    assert "Challenges: 1" in json.loads(event.partition(b"data: ")[2])
    await close(response)


async def test_nobody_who_watches_keeps_a_server_from_stopping(pool: SessionPool) -> None:
    response = await OperatorPage(pool).handle(EVENTS)
    assert response.stream is not None
    before = pool.clock.monotonic()
    events = [event async for event in response.stream]
    assert pool.clock.monotonic() - before <= 20.0
    assert events[-1] == b"retry: 500\n\n"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_however_many_watch_the_store_is_asked_once(sandbox: Sandbox) -> None:
    class Counted(MemoryChallengeStore):
        asked = 0

        async def list(
            self, owner: str, phase: ChallengePhase, *, after: datetime, limit: int
        ) -> list[ChallengeRow]:
            self.asked += 1
            return await super().list(owner, phase, after=after, limit=limit)

    store = Counted()
    async with open_pool(sandbox, backend=MemoryBackend(store)) as pool:
        page = OperatorPage(pool)
        await page.handle(GET)
        once = store.asked
        responses = [await page.handle(EVENTS) for _ in range(20)]
        await asyncio.gather(*map(read_event, responses))
        assert store.asked == once
        await close(*responses)


async def test_a_store_that_fails_is_told_and_the_watch_goes_on(sandbox: Sandbox) -> None:
    class Flaky(MemoryChallengeStore):
        is_broken = True

        async def list(
            self, owner: str, phase: ChallengePhase, *, after: datetime, limit: int
        ) -> list[ChallengeRow]:
            if self.is_broken:
                raise ChallengeStoreError("gone")
            return await super().list(owner, phase, after=after, limit=limit)

    store = Flaky()
    async with open_pool(sandbox, backend=MemoryBackend(store)) as pool:
        response = await OperatorPage(pool).handle(EVENTS)
        assert b"does not work" in await read_event(response)
        store.is_broken = False
        assert b"does not work" not in await read_event(response)
        await close(response)


@pytest.mark.parametrize("server", SERVERS)
async def test_the_page_is_live_wherever_it_is_mounted(
    sandbox: Sandbox, pool: SessionPool, server: str
) -> None:
    await park(sandbox, pool)
    page = OperatorPage(pool)
    async with SERVERS[server](page) as base, open_browser(base) as browser:
        async with browser.session.get(f"{base}/events") as response:
            assert response.status == 200
            async with asyncio.timeout(5.0):
                assert b"event: rows" in await response.content.readline()
        assert (await browser.get("static/operator.js")).status == 200
        assert (await browser.get("elsewhere")).status == 404
        assert (await browser.post("events", data={})).status == 405


@pytest.fixture
async def silent(sandbox: Sandbox) -> AsyncIterator[SessionPool]:
    async with open_pool(sandbox) as pool:
        yield pool


@pytest.mark.parametrize(
    "setting", [{"language": "fr"}, {"pool": None}, {"every": 0}, {"every": float("nan")}], ids=range(4)
)
async def test_a_setting_that_makes_no_sense_is_refused(
    silent: SessionPool, setting: dict[str, object]
) -> None:
    with pytest.raises(ConfigurationError):
        OperatorPage(**{"pool": silent, **setting})  # type: ignore[arg-type]  # the wrong things
