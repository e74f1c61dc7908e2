"""The dialogue about a token, over a real socket: whatever the bank answers."""

import pytest

from belvo_async import Challenge, LinkRegistration, LinkUpdate, MfaPolicy, SessionPool
from belvo_async.errors import (
    ActivationRequiredError,
    ChallengeError,
    LoginFailedError,
    RateLimitedError,
    SessionExpiredError,
    TooManyRoundsError,
)
from belvo_async.models import ChallengeKind, LinkStatus
from belvo_async.sandbox import Fault, Sandbox, SandboxOptions
from belvo_async.testing import ManualClock
from tests.engine.conftest import open_pool
from tests.engine.dialogues import PASSWORD, add_link, give


@pytest.mark.parametrize(
    ("username", "kind", "expects_input"),
    [
        ("mfa_default", "inputless", True),
        ("mfa_qr", "qr", True),
        ("mfa_numeric", "numeric", True),
        ("x_mfa_text", "text", True),
        ("x_mfa_inputless", "inputless", False),
    ],
)
async def test_every_kind_of_challenge_is_answered(
    sandbox: Sandbox, pool: SessionPool, username: str, kind: str, expects_input: bool
) -> None:
    link_id = add_link(sandbox, username)
    asked: list[Challenge] = []

    async def provide_token(challenge: Challenge) -> str:
        asked.append(challenge)
        return "111111"

    link = await pool.links.update(LinkUpdate(link_id, password=PASSWORD), provide_token=provide_token)
    assert link.status is LinkStatus.VALID
    assert [(challenge.kind, challenge.expects_user_input) for challenge in asked] == [(kind, expects_input)]
    assert asked[0].link_id == link_id
    assert sandbox.tokens(link_id) == (["111111"] if expects_input else [])


async def test_an_unknown_kind_is_shown_as_it_is(sandbox: Sandbox, pool: SessionPool) -> None:
    kinds: list[ChallengeKind | None] = []

    def provide_token(challenge: Challenge) -> str:
        kinds.append(challenge.kind)
        return "111111"

    await pool.links.update(
        LinkUpdate(add_link(sandbox, "x_mfa_unknown"), password=PASSWORD), provide_token=provide_token
    )
    assert kinds[0] is not None
    assert not kinds[0].is_known
    assert str(kinds[0]) not in ("", "UNLISTED")


@pytest.mark.parametrize("new_session", [False, True])
async def test_a_wrong_token_is_asked_for_again_with_the_newest_session(
    clock: ManualClock, new_session: bool
) -> None:
    options = SandboxOptions(new_session_on_wrong_token=new_session)
    async with Sandbox(options=options, clock=clock) as sandbox, open_pool(sandbox) as pool:
        link_id = add_link(sandbox)
        await pool.links.update(
            LinkUpdate(link_id, password=PASSWORD), provide_token=give("999999", "111111")
        )
        assert sandbox.tokens(link_id) == ["999999", "111111"]
        sessions = [entry.body["session"] for entry in sandbox.log if entry.method == "PATCH" and entry.body]
        assert (len(set(sessions)) == 2) is new_session


async def test_a_challenge_in_two_steps_is_answered(sandbox: Sandbox, pool: SessionPool) -> None:
    link_id = add_link(sandbox, "x_mfa_two_step")
    update = LinkUpdate(link_id, password=PASSWORD)
    link = await pool.links.update(update, provide_token=give("111111", "111111"))
    assert link.status is LinkStatus.VALID


async def test_guessing_ends_after_three_tokens(sandbox: Sandbox, pool: SessionPool) -> None:
    link_id = add_link(sandbox)
    with pytest.raises(TooManyRoundsError, match="after 3 answers"):
        await pool.links.update(LinkUpdate(link_id, password=PASSWORD), provide_token=give(*["999999"] * 9))
    assert sandbox.tokens(link_id) == ["999999"] * 3


@pytest.mark.parametrize("kind", ["reset_before", "reset_after", "truncate", "html", "status"])
async def test_a_token_is_sent_once_whatever_happens_to_its_answer(
    sandbox: Sandbox, pool: SessionPool, kind: str
) -> None:
    link_id = add_link(sandbox)
    sandbox.faults.add(Fault(kind=kind, method="PATCH", status=500 if kind == "status" else None))
    try:
        await pool.links.update(LinkUpdate(link_id, password=PASSWORD), provide_token=give("111111"))
    except Exception as error:  # noqa: BLE001 - which error is not the point here
        assert not isinstance(error, ChallengeError)  # noqa: PT017 - one of two allowed ends
    assert [entry.method for entry in sandbox.log].count("PATCH") == 1


async def test_a_token_refused_by_the_edge_is_not_sent_again(sandbox: Sandbox, pool: SessionPool) -> None:
    link_id = add_link(sandbox)
    sandbox.faults.add(Fault(kind="html", status=403, method="PATCH", times=1))
    with pytest.raises(RateLimitedError):
        await pool.links.update(LinkUpdate(link_id, password=PASSWORD), provide_token=give("111111"))
    assert sandbox.tokens(link_id) == []


async def test_an_expired_session_is_not_resumed_again(sandbox: Sandbox, pool: SessionPool) -> None:
    link_id = add_link(sandbox, "x_mfa_expired")
    with pytest.raises(SessionExpiredError) as caught:
        await pool.links.update(LinkUpdate(link_id, password=PASSWORD), provide_token=give("111111"))
    assert caught.value.code == "session_expired"
    assert [entry.method for entry in sandbox.log] == ["PUT", "PATCH"]


async def test_an_expired_session_starts_a_new_login_where_the_caller_chose_so(sandbox: Sandbox) -> None:
    link_id = add_link(sandbox, "x_mfa_expired")
    async with open_pool(sandbox, mfa=MfaPolicy(restarts=1)) as pool:
        with pytest.raises(SessionExpiredError):
            await pool.links.update(
                LinkUpdate(link_id, password=PASSWORD), provide_token=give("111111", "111111")
            )
    assert [entry.method for entry in sandbox.log] == ["PUT", "PATCH", "PUT", "PATCH"]


async def test_activation_required_is_no_challenge(sandbox: Sandbox, pool: SessionPool) -> None:
    with pytest.raises(ActivationRequiredError) as caught:
        await pool.links.update(
            LinkUpdate(add_link(sandbox, "x_activation_required"), password=PASSWORD), provide_token=give()
        )
    assert (caught.value.status, caught.value.code) == (428, "activation_required")


async def test_a_refused_login_is_sent_once(sandbox: Sandbox, pool: SessionPool) -> None:
    link_id = add_link(sandbox)
    with pytest.raises(LoginFailedError):
        await pool.links.update(LinkUpdate(link_id, password="pass_invalid"))
    assert sandbox.logins(link_id) == 1


async def test_a_registration_is_challenged_and_resumed(pool: SessionPool) -> None:
    registration = LinkRegistration(
        institution="heimdall_mx_retail", username="mfa_numeric", password="numeric_code"
    )
    link = await pool.links.register(registration, provide_token=give("111111"))
    assert (link.status, link.institution) == (LinkStatus.VALID, "heimdall_mx_retail")
