"""The dialogue about a token, over a real socket: whatever the person, the bank or the clock does."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from belvo_async import (
    Challenge,
    ChallengeKind,
    ChallengeReceived,
    LinkRegistration,
    LinkStatus,
    LinkUpdate,
    MfaPolicy,
    Observation,
    RateLimit,
    ResumeRoute,
    SessionPool,
    TokenRequiredError,
)
from belvo_async.errors import (
    ActivationRequiredError,
    ChallengeAnsweredError,
    ChallengeDeclinedError,
    ChallengeError,
    ChallengeExpiredError,
    DamagedStateError,
    InvalidTokenError,
    InvalidValueError,
    LoginFailedError,
    NotSentError,
    PoolClosedError,
    RateLimitedError,
    SessionExpiredError,
    TokenNotSentError,
    TokenProviderError,
    TooManyRoundsError,
    UsageError,
)
from belvo_async.sandbox import Fault, Sandbox, SandboxOptions
from belvo_async.testing import ManualClock
from tests.engine.conftest import open_pool

PASSWORD = "correct horse battery staple"


def add_link(sandbox: Sandbox, username: str = "mfa_numeric") -> str:
    return sandbox.add_link(institution="heimdall_mx_retail", username=username, password="pass_valid")


def give(*tokens: str | None) -> Callable[[Challenge], Awaitable[str | None]]:
    """Build a provider that gives these tokens in turn."""
    left = list(tokens)

    async def provide_token(_: Challenge) -> str | None:
        return left.pop(0)

    return provide_token


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
    assert str(kinds[0]) not in ("", "UNKNOWN")


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


async def test_without_a_provider_the_challenge_leaves_the_call(sandbox: Sandbox, pool: SessionPool) -> None:
    link_id = add_link(sandbox)
    with pytest.raises(TokenRequiredError) as caught:
        await pool.links.update(LinkUpdate(link_id, password=PASSWORD))
    error = caught.value
    assert (error.status, error.code, error.link_id) == (428, "token_required", link_id)
    assert error.request_id
    assert error.state.challenge.value == "12345"


async def test_a_parked_challenge_is_answered_by_another_pool(sandbox: Sandbox, pool: SessionPool) -> None:
    link_id = add_link(sandbox)
    with pytest.raises(TokenRequiredError) as caught:
        await pool.links.update(LinkUpdate(link_id, password=PASSWORD))
    parked = pool.links.park(caught.value.state)
    assert PASSWORD not in parked
    async with open_pool(sandbox) as other:
        assert other.links.unpark(parked).challenge.value == "12345"
        assert (await other.links.resume(parked, "111111")).status is LinkStatus.VALID
    assert sandbox.tokens(link_id) == ["111111"]


async def test_a_resumed_challenge_may_ask_again(sandbox: Sandbox, pool: SessionPool) -> None:
    link_id = add_link(sandbox)
    with pytest.raises(TokenRequiredError) as first:
        await pool.links.update(LinkUpdate(link_id, password=PASSWORD))
    with pytest.raises(TokenRequiredError) as second:
        await pool.links.resume(first.value.state, "999999")
    assert second.value.state.rounds == 1
    assert (await pool.links.resume(second.value.state, "111111")).id == link_id


async def test_a_resumed_challenge_can_ask_a_provider(sandbox: Sandbox, pool: SessionPool) -> None:
    link_id = add_link(sandbox)
    with pytest.raises(TokenRequiredError) as caught:
        await pool.links.update(LinkUpdate(link_id, password=PASSWORD))
    link = await pool.links.resume(caught.value.state, provide_token=give("999999", "111111"))
    assert link.id == link_id


async def test_a_challenge_without_input_is_resumed_without_a_token(
    sandbox: Sandbox, pool: SessionPool
) -> None:
    link_id = add_link(sandbox, "x_mfa_inputless")
    with pytest.raises(TokenRequiredError) as caught:
        await pool.links.update(LinkUpdate(link_id, password=PASSWORD))
    assert (await pool.links.resume(caught.value.state)).status is LinkStatus.VALID


async def test_two_answers_at_once_send_one_token(sandbox: Sandbox, pool: SessionPool) -> None:
    link_id = add_link(sandbox)
    with pytest.raises(TokenRequiredError) as caught:
        await pool.links.update(LinkUpdate(link_id, password=PASSWORD))
    parked = pool.links.park(caught.value.state)
    results = await asyncio.gather(
        *(pool.links.resume(parked, "111111") for _ in range(5)), return_exceptions=True
    )
    assert sorted(type(result).__name__ for result in results) == ["ChallengeAnsweredError"] * 4 + ["Link"]
    assert sandbox.tokens(link_id) == ["111111"]


async def test_an_answer_that_never_left_can_be_given_again(sandbox: Sandbox) -> None:
    link_id = add_link(sandbox)
    async with open_pool(sandbox) as pool:
        with pytest.raises(TokenRequiredError) as caught:
            await pool.links.update(LinkUpdate(link_id, password=PASSWORD))
        await sandbox.stop()
        with pytest.raises(TokenNotSentError) as unsent:
            await pool.links.resume(caught.value.state, "111111")
        assert isinstance(unsent.value.__cause__, NotSentError)
        assert unsent.value.state == caught.value.state
        assert len(pool._claims) == 0


async def test_an_answer_that_waits_for_its_turn_while_the_pool_closes_can_be_given_elsewhere() -> None:
    clock = ManualClock()
    async with Sandbox(clock=clock) as sandbox:
        pool = open_pool(sandbox, rate_limit=RateLimit(requests=1))
        link_id = add_link(sandbox)
        with pytest.raises(TokenRequiredError) as caught:
            await pool.links.update(LinkUpdate(link_id, password=PASSWORD))
        resuming = asyncio.ensure_future(pool.links.resume(caught.value.state, "111111"))
        await clock.wait_for_sleepers()
        await pool.aclose()
        with pytest.raises(TokenNotSentError) as unsent:
            await resuming
        assert isinstance(unsent.value.__cause__, PoolClosedError)
        assert sandbox.tokens(link_id) == []
        async with open_pool(sandbox) as other:
            assert (await other.links.resume(unsent.value.state or "", "111111")).id == link_id


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


async def test_a_callback_that_hangs_is_cancelled_when_the_challenge_expires() -> None:
    clock = ManualClock()
    async with Sandbox(clock=clock) as sandbox, open_pool(sandbox) as pool:
        cancelled = asyncio.Event()

        async def hang(_: Challenge) -> str:
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.set()
            raise AssertionError

        link_id = add_link(sandbox)
        update = asyncio.ensure_future(
            pool.links.update(LinkUpdate(link_id, password=PASSWORD), provide_token=hang)
        )
        await clock.wait_for_sleepers()
        await clock.advance(9594.0)
        assert not update.done()
        await clock.advance(1.0)
        with pytest.raises(ChallengeExpiredError, match="nobody answered"):
            await update
        assert cancelled.is_set()
        assert sandbox.tokens(link_id) == []


async def test_a_callback_that_blocks_past_the_expiry_sends_nothing() -> None:
    clock = ManualClock()
    async with Sandbox(clock=clock) as sandbox, open_pool(sandbox) as pool:

        def block(_: Challenge) -> str:
            clock._jump(clock._now + 9600 * 10**9)
            return "111111"

        link_id = add_link(sandbox)
        with pytest.raises(ChallengeExpiredError, match="too late"):
            await pool.links.update(LinkUpdate(link_id, password=PASSWORD), provide_token=block)
        assert sandbox.tokens(link_id) == []


async def test_a_callback_that_raises_is_reported_with_its_exception_and_the_state(
    sandbox: Sandbox, pool: SessionPool
) -> None:
    def fail(_: Challenge) -> str:
        raise LookupError("no chat")

    link_id = add_link(sandbox)
    with pytest.raises(TokenProviderError, match="LookupError") as caught:
        await pool.links.update(LinkUpdate(link_id, password=PASSWORD), provide_token=fail)
    assert isinstance(caught.value.__cause__, LookupError)
    assert caught.value.state is not None
    assert (await pool.links.resume(caught.value.state, "111111")).id == link_id


async def test_a_callback_that_is_cancelled_by_somebody_else_is_reported(
    sandbox: Sandbox, pool: SessionPool
) -> None:
    async def cancel_itself(_: Challenge) -> str:
        raise asyncio.CancelledError

    with pytest.raises(TokenProviderError, match="was cancelled"):
        await pool.links.update(LinkUpdate(add_link(sandbox), password=PASSWORD), provide_token=cancel_itself)


@pytest.mark.parametrize("decline", ["none", "raise"])
async def test_a_person_can_decline(sandbox: Sandbox, pool: SessionPool, decline: str) -> None:
    def provide_token(_: Challenge) -> None:
        if decline == "raise":
            raise ChallengeDeclinedError("not now")

    link_id = add_link(sandbox)
    with pytest.raises(ChallengeDeclinedError) as caught:
        await pool.links.update(LinkUpdate(link_id, password=PASSWORD), provide_token=provide_token)
    assert caught.value.link_id == link_id
    assert sandbox.tokens(link_id) == []


@pytest.mark.parametrize("token", ["", 123456])
async def test_a_callback_that_gives_no_token_loses_nothing(
    sandbox: Sandbox, pool: SessionPool, token: object
) -> None:
    link_id = add_link(sandbox)
    with pytest.raises(InvalidTokenError) as caught:
        await pool.links.update(
            LinkUpdate(link_id, password=PASSWORD),
            provide_token=lambda _: token,  # type: ignore[arg-type,return-value] # wrong on purpose
        )
    assert caught.value.state is not None
    assert (await pool.links.resume(caught.value.state, "111111")).id == link_id


async def test_a_callback_that_cannot_be_called_is_refused_before_anything_is_sent(
    sandbox: Sandbox, pool: SessionPool
) -> None:
    with pytest.raises(InvalidValueError, match="provide_token"):
        await pool.links.update(
            LinkUpdate(add_link(sandbox), password=PASSWORD),
            provide_token="111111",  # type: ignore[arg-type] # wrong on purpose
        )
    assert sandbox.log == []


@pytest.mark.parametrize("token", [None, "", 111111])
async def test_a_bad_token_for_a_parked_challenge_is_refused_before_anything_is_sent(
    sandbox: Sandbox, pool: SessionPool, token: str | None
) -> None:
    with pytest.raises(TokenRequiredError) as caught:
        await pool.links.update(LinkUpdate(add_link(sandbox), password=PASSWORD))
    with pytest.raises(InvalidTokenError):
        await pool.links.resume(caught.value.state, token)
    assert [entry.method for entry in sandbox.log] == ["PUT"]


@pytest.mark.parametrize("challenge", ["", "{}", "not json", 5])
async def test_what_is_no_parked_challenge_is_refused(pool: SessionPool, challenge: str) -> None:
    with pytest.raises((DamagedStateError, InvalidValueError)):
        await pool.links.resume(challenge, "111111")


async def test_a_token_for_a_parked_challenge_that_expired_is_not_sent() -> None:
    clock = ManualClock()
    async with Sandbox(clock=clock) as sandbox, open_pool(sandbox) as pool:
        link_id = add_link(sandbox)
        with pytest.raises(TokenRequiredError) as caught:
            await pool.links.update(LinkUpdate(link_id, password=PASSWORD))
        parked = pool.links.park(caught.value.state)
        await clock.advance(9600.0)
        with pytest.raises(ChallengeExpiredError):
            await pool.links.resume(parked, "111111")
        assert sandbox.tokens(link_id) == []


async def test_the_token_can_go_back_with_the_credentials(clock: ManualClock) -> None:
    options = SandboxOptions(accept_put_resume=True)
    policy = MfaPolicy(resume_route=ResumeRoute.PUT_LINK)
    async with Sandbox(options=options, clock=clock) as sandbox, open_pool(sandbox, mfa=policy) as pool:
        link_id = add_link(sandbox)
        update = LinkUpdate(link_id, password=PASSWORD)
        assert (await pool.links.update(update, provide_token=give("111111"))).id == link_id
        assert [entry.method for entry in sandbox.log] == ["PUT", "PUT"]
        with pytest.raises(TokenRequiredError) as caught:
            await pool.links.update(update)
        for wrong in (None, LinkUpdate(sandbox.add_link(), password=PASSWORD)):
            with pytest.raises(InvalidValueError, match="update is"):
                await pool.links.resume(caught.value.state, "111111", update=wrong)
        assert (await pool.links.resume(caught.value.state, "111111", update=update)).id == link_id


async def test_a_registration_is_challenged_and_resumed(pool: SessionPool) -> None:
    registration = LinkRegistration(
        institution="heimdall_mx_retail", username="mfa_numeric", password="numeric_code"
    )
    link = await pool.links.register(registration, provide_token=give("111111"))
    assert (link.status, link.institution) == (LinkStatus.VALID, "heimdall_mx_retail")


async def test_the_observer_sees_challenges_and_no_secret(sandbox: Sandbox) -> None:
    seen: list[Observation] = []
    link_id = add_link(sandbox)
    async with open_pool(sandbox, observer=seen.append) as pool:
        await pool.links.update(LinkUpdate(link_id, password=PASSWORD), provide_token=give("111111"))
    received = [observation for observation in seen if isinstance(observation, ChallengeReceived)]
    assert [(one.link_id, one.kind, one.expiry) for one in received] == [
        (link_id, ChallengeKind.NUMERIC, 9600.0)
    ]
    assert received[0].request_id
    shown = repr(seen)
    assert PASSWORD not in shown
    assert "111111" not in shown


async def test_an_observer_that_raises_harms_no_login(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: Observation) -> None:
        raise ZeroDivisionError

    async with open_pool(sandbox, observer=fail) as pool:
        await pool.ping()
    assert "the observer raised" in caplog.text


async def test_restarting_a_resumed_challenge_needs_the_credentials(sandbox: Sandbox) -> None:
    link_id = add_link(sandbox, "x_mfa_expired")
    async with open_pool(sandbox) as pool:
        with pytest.raises(TokenRequiredError) as caught:
            await pool.links.update(LinkUpdate(link_id, password=PASSWORD))
    async with open_pool(sandbox, mfa=MfaPolicy(restarts=1)) as pool:
        with pytest.raises(UsageError, match="update"):
            await pool.links.resume(caught.value.state, "111111")


async def test_an_answered_challenge_is_refused_by_name(sandbox: Sandbox, pool: SessionPool) -> None:
    with pytest.raises(TokenRequiredError) as caught:
        await pool.links.update(LinkUpdate(add_link(sandbox), password=PASSWORD))
    await pool.links.resume(caught.value.state, "111111")
    with pytest.raises(ChallengeAnsweredError, match="not sent again"):
        await pool.links.resume(caught.value.state, "222222")
