"""Every call of `pool.links` and `pool.institutions`, over a real socket."""

import asyncio
import json
from datetime import date

import pytest

from belvo_async import (
    LinkChanges,
    LinkRegistration,
    LinkUpdate,
    RetryPolicy,
    SessionPool,
    TokenRequiredError,
)
from belvo_async.errors import (
    AccessDeniedError,
    AuthenticationError,
    DuplicatedLinkError,
    InstitutionUnavailableError,
    InvalidValueError,
    LinkStateError,
    LoginFailedError,
    NotFoundError,
    RateLimitedError,
    RequestInvalidError,
    TooManySessionsError,
    TryLaterError,
    UnreadableResponseError,
)
from belvo_async.models import AcceptedRequest, AccessMode, LinkStatus
from belvo_async.sandbox import Fault, Sandbox
from belvo_async.telemetry import RetryPlanned
from belvo_async.testing import ManualClock
from tests.engine.conftest import open_pool
from tests.engine.servers import KEYS, Wire, build_answer, serve

START = ManualClock().wall()

LINK_ID = "30cb4806-6e00-48a4-91c9-ca55968576c8"

REGISTRATION = LinkRegistration(
    institution="erebor_mx_retail",
    username="user_valid",
    password="pass_valid",
    external_id="user-0042",
    access_mode=AccessMode.SINGLE,
)


async def test_a_link_is_registered_read_modified_refreshed_and_deleted(pool: SessionPool) -> None:
    link = await pool.links.register(REGISTRATION)
    assert (link.status, link.external_id, link.access_mode) == ("valid", "user-0042", "single")
    assert await pool.links.get(link.id) == link
    changed = await pool.links.modify(link.id, LinkChanges(stale_in="90d"))
    assert changed.stale_in == "90d"
    accepted = await pool.links.refresh_data(link.id, fetch_resources=["ACCOUNTS"])
    assert accepted.request_id
    assert await pool.links.delete(link.id) is None
    with pytest.raises(NotFoundError):
        await pool.links.get(link.id)


async def test_a_delete_in_the_background_is_accepted(pool: SessionPool) -> None:
    link = await pool.links.register(REGISTRATION)
    accepted = await pool.links.delete(link.id, in_background=True)
    assert accepted is not None
    assert accepted.request_id


async def test_a_duplicate_names_the_user_that_has_a_link_already(pool: SessionPool) -> None:
    link = await pool.links.register(REGISTRATION)
    with pytest.raises(DuplicatedLinkError) as caught:
        await pool.links.register(REGISTRATION)
    assert caught.value.institution_user_id == link.institution_user_id


async def test_a_second_refresh_is_told_to_wait(pool: SessionPool) -> None:
    link = await pool.links.register(REGISTRATION)
    await pool.links.refresh_data(link.id)
    with pytest.raises(TryLaterError) as caught:
        await pool.links.refresh_data(link.id)
    assert (caught.value.status, caught.value.code) == (409, "link_refreshed")


CHALLENGE = build_answer(
    json.dumps([{"code": "token_required", "session": "s1", "expiry": 100, "link": LINK_ID}]).encode(),
    "428 Precondition Required",
)
LINK = build_answer(json.dumps({"id": LINK_ID, "status": "valid"}).encode())


async def challenge_all_but_patch(wire: Wire, writer: asyncio.StreamWriter) -> bool:
    """A Belvo that asks for a token wherever its specification lists a 428."""
    writer.write(LINK if wire.requests[-1].startswith(b"PATCH /api/links/ ") else CHALLENGE)
    return True


async def test_a_challenged_refresh_is_answered() -> None:
    async with serve(challenge_all_but_patch) as wire, SessionPool(KEYS, environment=wire.url) as pool:
        accepted = await pool.links.refresh_data(LINK_ID, provide_token=lambda _: "111111")
        assert accepted == AcceptedRequest(request_id=None)
        assert [request.split()[0] for request in wire.requests] == [b"POST", b"PATCH"]


async def test_a_challenge_where_nobody_can_be_asked_carries_the_state_out() -> None:
    async with serve(challenge_all_but_patch) as wire, SessionPool(KEYS, environment=wire.url) as pool:
        for call in (
            pool.links.get(LINK_ID),
            pool.links.delete(LINK_ID),
            pool.links.modify(LINK_ID, LinkChanges(stale_in="90d")),
            pool.links.refresh_data(LINK_ID),
        ):
            with pytest.raises(TokenRequiredError) as caught:
                await call
            assert caught.value.state.challenge.session == "s1"
            assert caught.value.state.challenge.link_id == LINK_ID


async def test_deletes_over_the_limit_wait_for_their_turn_and_no_others_do(sandbox: Sandbox) -> None:
    links = [sandbox.add_link() for _ in range(13)]
    sandbox.faults.add(Fault(kind="status", status=429, method="DELETE", after=6, times=1))
    async with open_pool(sandbox) as pool:
        deletes = asyncio.gather(*(pool.links.delete(link_id) for link_id in links[:12]))
        while sum(entry.method == "DELETE" for entry in sandbox.log) < 5:  # noqa: ASYNC110 - the log has no event
            await asyncio.sleep(0)
        update = await pool.links.update(LinkUpdate(links[12], password="new"))
        assert update.id == links[12]
        await deletes
    times = [(entry.at - START).total_seconds() for entry in sandbox.log if entry.method == "DELETE"]
    assert max(sum(at <= other < at + 60 for other in times) for at in times) <= 5
    (updated_at,) = [entry.at for entry in sandbox.log if entry.method == "PUT"]
    assert (updated_at - START).total_seconds() < 60
    assert [*sandbox.links] == [links[12]]


@pytest.mark.parametrize("number", [0, 1, 10, 25])
async def test_a_list_goes_through_all_pages(sandbox: Sandbox, pool: SessionPool, number: int) -> None:
    expected = [sandbox.add_link() for _ in range(number)]
    assert [link.id async for link in pool.links.list()] == expected
    pages = [len(page) async for page in pool.links.list(page_size=4).pages()]
    assert sum(pages) == number


async def test_a_list_reads_no_page_that_nobody_asked_for(sandbox: Sandbox, pool: SessionPool) -> None:
    for _ in range(30):
        sandbox.add_link()
    async for _ in pool.links.list(page_size=10):
        break
    assert len(sandbox.log) == 1


async def test_one_page_can_be_read(sandbox: Sandbox, pool: SessionPool) -> None:
    links = [sandbox.add_link() for _ in range(25)]
    page = await pool.links.list(page_size=10).page(3)
    assert [link.id for link in page] == links[20:]
    assert (page.count, page.next) == (25, None)
    with pytest.raises(InvalidValueError, match="number"):
        await pool.links.list().page(0)


async def test_a_list_is_filtered(sandbox: Sandbox, pool: SessionPool) -> None:
    invalid = sandbox.add_link(status="invalid")
    sandbox.add_link(status="valid")
    found = pool.links.list(status__in=["invalid", "token_required"], created_at__lte=date(2026, 12, 31))
    assert [link.id async for link in found] == [invalid]


async def test_institutions_are_listed_and_read(pool: SessionPool) -> None:
    names = [institution.name async for institution in pool.institutions.list()]
    assert "heimdall_mx_retail" in names
    institution = await pool.institutions.get(1014)
    assert institution.name == "heimdall_mx_retail"
    assert institution.may_require_token
    assert [found.id async for found in pool.institutions.list(name="erebor_mx_retail")] == [1004]
    with pytest.raises(NotFoundError):
        await pool.institutions.get(999999)


@pytest.mark.parametrize("institution_id", ["1014", -1, True, None])
async def test_an_institution_is_read_by_its_number(pool: SessionPool, institution_id: int) -> None:
    with pytest.raises(InvalidValueError, match="institution_id"):
        await pool.institutions.get(institution_id)


async def test_wrong_keys_are_reported(sandbox: Sandbox) -> None:
    async with SessionPool(KEYS, environment=sandbox.url) as pool:
        with pytest.raises(AuthenticationError, match="belong to this environment"):
            await pool.ping()


async def test_wrong_arguments_are_refused_before_anything_is_sent(
    sandbox: Sandbox, pool: SessionPool
) -> None:
    link_id = sandbox.add_link()
    for call in (
        pool.links.update(link_id),  # type: ignore[arg-type] # wrong on purpose
        pool.links.register(link_id),  # type: ignore[arg-type] # wrong on purpose
        pool.links.modify(link_id, {}),  # type: ignore[arg-type] # wrong on purpose
        pool.links.get("../institutions"),
        pool.links.delete("%2e%2e"),
        pool.links.refresh_data("5"),
        pool.links.refresh_data(link_id, fetch_resources="ACCOUNTS"),
    ):
        with pytest.raises(InvalidValueError):
            await call
    with pytest.raises(InvalidValueError, match="is no filter"):
        pool.links.list(stauts="valid")  # type: ignore[call-arg] # wrong on purpose
    assert sandbox.log == []


async def test_the_seven_documented_fields_reach_belvo_as_they_are(
    sandbox: Sandbox, pool: SessionPool
) -> None:
    link_id = sandbox.add_link()
    update = LinkUpdate(
        link_id,
        password="password",
        password2="pin",
        token="111111",
        encryption_key="key",
        username_type="001",
        certificate=b"certificate",
        private_key="cHJpdmF0ZQ==",
        institution="erebor_mx_retail",
    )
    await pool.links.update(update)
    assert sandbox.log[0].body == {
        "password": "password",
        "password2": "pin",
        "token": "111111",
        "encryption_key": "key",
        "username_type": "001",
        "certificate": "Y2VydGlmaWNhdGU=",
        "private_key": "cHJpdmF0ZQ==",
    }


async def test_too_many_sessions_is_repeated_after_belvos_wait(sandbox: Sandbox, clock: ManualClock) -> None:
    link_id = sandbox.add_link(username="x_too_many_sessions")
    seen: list[object] = []
    async with open_pool(sandbox, observer=seen.append) as pool:
        assert (await pool.links.update(LinkUpdate(link_id, password="new"))).status is LinkStatus.VALID
    planned = [observation for observation in seen if isinstance(observation, RetryPlanned)]
    assert [(plan.reason, plan.attempt) for plan in planned] == [("too_many_sessions", 1)]
    assert 3.0 <= planned[0].seconds <= 3.3
    assert planned[0].seconds in clock.naps


async def test_no_retries_means_none(sandbox: Sandbox) -> None:
    link_id = sandbox.add_link(username="x_too_many_sessions")
    async with open_pool(sandbox, retry=RetryPolicy.never()) as pool:
        with pytest.raises(TooManySessionsError):
            await pool.links.update(LinkUpdate(link_id, password="new"))
    assert sandbox.logins(link_id) == 1


async def test_reads_are_repeated_on_belvos_schedule(sandbox: Sandbox, clock: ManualClock) -> None:
    link_id = sandbox.add_link()
    sandbox.faults.add(Fault(kind="status", status=503, method="GET", times=5))
    async with open_pool(sandbox) as pool:
        assert (await pool.links.get(link_id)).id == link_id
    assert clock.naps == pytest.approx([3, 6, 12, 24, 48], rel=0.11)


async def test_the_retry_budget_stops_a_storm(sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault(kind="status", status=503))
    policy = RetryPolicy(budget_reserve=10, budget_share=0.0)
    async with open_pool(sandbox, retry=policy) as pool:
        await asyncio.gather(*(pool.ping() for _ in range(50)), return_exceptions=True)
    assert len(sandbox.log) == 60


@pytest.mark.parametrize(
    ("username", "error"),
    [
        ("x_institution_down", InstitutionUnavailableError),
        ("x_locked", LoginFailedError),
        ("x_no_mfa_support", LoginFailedError),
        ("x_forbidden_by_host", AccessDeniedError),
        ("x_expired_credentials", LinkStateError),
    ],
)
async def test_a_refusal_of_the_bank_is_one_login_and_a_typed_error(
    sandbox: Sandbox, username: str, error: type[Exception]
) -> None:
    link_id = sandbox.add_link(username=username)
    async with open_pool(sandbox) as pool:
        with pytest.raises(error):
            await pool.links.update(LinkUpdate(link_id, password="new"))
    assert [entry.method for entry in sandbox.log] == ["PUT"]


async def test_a_refusal_of_the_edge_pauses_the_pool_and_the_login_goes_through_later(
    sandbox: Sandbox, clock: ManualClock
) -> None:
    link_id = sandbox.add_link()
    sandbox.faults.add(Fault(kind="html", status=403, times=1))
    async with open_pool(sandbox) as pool:
        assert (await pool.links.update(LinkUpdate(link_id, password="new"))).id == link_id
    assert 30.0 in clock.naps
    assert sandbox.logins(link_id) == 1


async def test_an_edge_that_goes_on_refusing_is_reported(sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault(kind="html", status=403))
    async with open_pool(sandbox) as pool:
        with pytest.raises(RateLimitedError, match="80 requests in 30 s"):
            await pool.links.update(LinkUpdate(sandbox.add_link(), password="new"))


async def test_no_redirect_is_followed_and_no_cookie_is_kept() -> None:
    moved = build_answer(b"", "302 Found", "Location: /api/elsewhere/\r\nSet-Cookie: session=stolen\r\n")

    async def move(_: Wire, writer: asyncio.StreamWriter) -> bool:
        writer.write(moved)
        return True

    async with serve(move) as wire, SessionPool(KEYS, environment=wire.url) as pool:
        for _ in range(2):
            with pytest.raises(UnreadableResponseError, match="redirect"):
                await pool.links.get(LINK_ID)
        assert [request.split()[1] for request in wire.requests] == [f"/api/links/{LINK_ID}/".encode()] * 2
        assert all(b"stolen" not in request for request in wire.requests)


async def test_an_empty_optional_credential_is_sent_and_belvos_answer_names_the_field(
    sandbox: Sandbox, pool: SessionPool
) -> None:
    with pytest.raises(RequestInvalidError) as caught:
        await pool.links.update(LinkUpdate(sandbox.add_link(), password="new", password2=""))
    assert sandbox.log[0].body == {"password": "new", "password2": ""}
    assert (caught.value.code, caught.value.field) == ("blank", "password2")
