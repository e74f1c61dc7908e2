"""A response is about its request: one that names another link is never returned, asked about or answered."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import pytest

from belvo_async import (
    Challenge,
    LinkChanges,
    LinkUpdate,
    OutcomeUnknownError,
    SessionPool,
    TokenRequiredError,
)
from belvo_async.errors import (
    ApiError,
    BelvoError,
    ChallengeExpiredError,
    RateLimitedError,
    RequestTimeoutError,
    UnreadableResponseError,
)
from belvo_async.testing import ManualClock
from tests.engine.servers import KEYS, Wire, build_answer, serve

OURS = "30cb4806-6e00-48a4-91c9-ca55968576c8"
THEIRS = "82737f32-7730-4832-a985-dd86df70301c"
SAME = [OURS, OURS.upper(), OURS.replace("-", ""), OURS.replace("-", "").upper()]
UPDATE = LinkUpdate(OURS, password="new")


def link(link_id: str) -> bytes:
    return build_answer(json.dumps({"id": link_id, "status": "valid"}).encode())


def challenge(link_id: object, **more: object) -> bytes:
    item = {"code": "token_required", "session": "s1", "expiry": 600, "link": link_id, **more}
    return build_answer(json.dumps([item]).encode(), "428 Precondition Required")


@asynccontextmanager
async def connect(*responses: bytes) -> AsyncIterator[tuple[SessionPool, Wire]]:
    """Run a server that gives these responses in turn, the last one for ever, and a pool on it."""
    left: Iterator[bytes] = iter(responses[:-1])

    async def reply(_: Wire, writer: asyncio.StreamWriter) -> bool:
        writer.write(next(left, responses[-1]))
        return True

    clock = ManualClock(automatic=True)
    async with serve(reply) as wire, SessionPool(KEYS, environment=wire.url, clock=clock) as pool:
        yield pool, wire


@pytest.fixture
def asked() -> list[Challenge]:
    return []


@pytest.fixture
def ask(asked: list[Challenge]) -> Callable[[Challenge], str]:
    def provide_token(challenge: Challenge) -> str:
        asked.append(challenge)
        return "123456"

    return provide_token


@pytest.mark.parametrize("response", [link(THEIRS), challenge(THEIRS)], ids=["success", "428"])
async def test_an_update_whose_response_is_about_another_link_is_not_known_to_have_ended(
    response: bytes, asked: list[Challenge], ask: Callable[[Challenge], str]
) -> None:
    async with connect(response) as (pool, wire):
        with pytest.raises(OutcomeUnknownError, match="another link"):
            await pool.links.update(UPDATE, provide_token=ask)
        assert (wire.count("PUT"), wire.count("PATCH"), asked) == (1, 0, [])


@pytest.mark.parametrize("response", [link(THEIRS), challenge(THEIRS)], ids=["success", "428"])
async def test_a_token_whose_response_is_about_another_link_is_not_known_to_be_taken(
    response: bytes, asked: list[Challenge], ask: Callable[[Challenge], str]
) -> None:
    async with connect(challenge(OURS), response) as (pool, wire):
        with pytest.raises(OutcomeUnknownError, match="another link"):
            await pool.links.update(UPDATE, provide_token=ask)
        assert (wire.count("PUT"), wire.count("PATCH"), len(asked)) == (1, 1, 1)


@pytest.mark.parametrize("response", [link(THEIRS), challenge(THEIRS)], ids=["success", "428"])
async def test_a_call_that_is_no_login_refuses_a_response_about_another_link(response: bytes) -> None:
    async with connect(response) as (pool, _):
        for call in (pool.links.get(OURS), pool.links.modify(OURS, LinkChanges(stale_in="30d"))):
            with pytest.raises(UnreadableResponseError, match="another link"):
                await call


async def test_a_refresh_and_a_delete_refuse_a_challenge_of_another_link(
    asked: list[Challenge], ask: Callable[[Challenge], str]
) -> None:
    async with connect(challenge(THEIRS)) as (pool, _):
        for call in (pool.links.refresh_data(OURS, provide_token=ask), pool.links.delete(OURS)):
            with pytest.raises(UnreadableResponseError, match="another link"):
                await call
    assert asked == []


async def test_a_status_check_refuses_another_link() -> None:
    async with connect(link(THEIRS)) as (pool, _):
        with pytest.raises(UnreadableResponseError, match="another link"):
            await pool.links.settle(OURS, since=pool.clock.wall())


async def test_an_institution_is_the_one_that_was_asked_for() -> None:
    body = build_answer(b'{"id": 2, "name": "erebor_mx_retail"}')
    async with connect(body) as (pool, _):
        assert (await pool.institutions.get(2)).id == 2
        with pytest.raises(UnreadableResponseError, match="another institution"):
            await pool.institutions.get(1)


@pytest.mark.parametrize("link_id", SAME)
async def test_an_id_is_the_same_however_it_is_written(
    link_id: str, asked: list[Challenge], ask: Callable[[Challenge], str]
) -> None:
    async with connect(challenge(link_id), link(link_id)) as (pool, _):
        assert (await pool.links.update(UPDATE, provide_token=ask)).id == OURS
        assert (await pool.links.get(OURS)).id == OURS
    assert [challenge.link_id for challenge in asked] == [OURS]


@pytest.mark.parametrize("link_id", [None, "", 77, {"id": OURS}, []], ids=repr)
async def test_a_challenge_that_names_no_link_is_about_that_of_the_request(
    link_id: object, ask: Callable[[Challenge], str]
) -> None:
    async with connect(challenge(link_id), link(OURS)) as (pool, wire):
        assert (await pool.links.update(UPDATE, provide_token=ask)).id == OURS
        assert OURS.encode() in wire.requests[1]


@pytest.mark.parametrize("expiry", [0, -1, "-1", -1e30], ids=repr)
async def test_nobody_is_asked_about_a_challenge_that_is_over(
    expiry: object, asked: list[Challenge], ask: Callable[[Challenge], str]
) -> None:
    async with connect(challenge(OURS, expiry=expiry)) as (pool, wire):
        with pytest.raises(ChallengeExpiredError):
            await pool.links.update(UPDATE, provide_token=ask)
        assert (wire.count("PUT"), wire.count("PATCH"), asked) == (1, 0, [])


async def test_the_remedy_names_what_the_call_can_do() -> None:
    async with connect(challenge(OURS)) as (pool, _):
        for call in (
            pool.links.get(OURS),
            pool.links.delete(OURS),
            pool.links.modify(OURS, LinkChanges(stale_in="30d")),
        ):
            with pytest.raises(TokenRequiredError) as caught:
                await call
            assert "provide_token" not in caught.value.remedy
            assert "links.resume(error.state, token)" in caught.value.remedy
        with pytest.raises(TokenRequiredError) as caught:
            await pool.links.refresh_data(OURS)
        assert "provide_token=" in caught.value.remedy


async def test_a_challenge_of_a_call_that_cannot_be_resumed_is_an_error_without_a_state() -> None:
    async with connect(challenge(OURS)) as (pool, _):
        for call in (pool.institutions.get(1), pool.ping(), anext(pool.links.list().pages())):
            with pytest.raises(ApiError) as caught:
                await call
            assert (caught.value.code, "support" in caught.value.remedy) == ("token_required", True)


@pytest.mark.parametrize(
    ("status", "kind", "remedies"),
    [
        (429, RateLimitedError, {"update": "80 requests in 30 s", "delete": "in_background=True"}),
        (408, RequestTimeoutError, {"refresh_data": "last_accessed_at", "get": "Ask for less"}),
    ],
)
async def test_a_limit_has_the_remedy_of_its_call(
    status: int, kind: type[BelvoError], remedies: dict[str, str]
) -> None:
    async with connect(build_answer(b"[]", f"{status} No")) as (pool, _):
        calls = {"update": UPDATE, "delete": OURS, "refresh_data": OURS, "get": OURS}
        for name, remedy in remedies.items():
            with pytest.raises(kind) as caught:
                await getattr(pool.links, name)(calls[name])
            assert remedy in caught.value.remedy
