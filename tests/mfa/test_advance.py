"""Every pair of state and event is either in the specification or refused."""

from itertools import product

import pytest
from attrs import evolve

from belvo_async.errors import (
    ChallengeDeclinedError,
    ChallengeExpiredError,
    InvalidTokenError,
    TooManyRoundsError,
)
from belvo_async.mfa import (
    Accepted,
    Challenged,
    Completed,
    Declined,
    Event,
    Expired,
    Failed,
    IllegalTransitionError,
    MfaPolicy,
    Rejected,
    Resuming,
    State,
    Submitting,
    TokenGiven,
    advance,
    challenge_expired,
    token_not_sent,
    token_required,
)
from belvo_async.models import AwaitingToken, ChallengeKind, TokenGenerationData
from tests.mfa.builders import (
    LINK,
    LINK_ID,
    build_awaiting,
    build_challenge,
    build_resuming,
    login_failed,
    session_expired,
)

STATES: tuple[State, ...] = (
    Submitting(),
    build_awaiting(),
    build_resuming(),
    Completed(result=LINK),
    Failed(error=login_failed()),
)
EVENTS: tuple[Event, ...] = (
    Accepted(LINK),
    Challenged(build_challenge("s2"), 0.0),
    Rejected(login_failed()),
    TokenGiven("111111", 0.0),
    Declined(),
    Expired(),
)
SPECIFICATION: dict[tuple[type, type], type] = {
    (Submitting, Accepted): Completed,
    (Submitting, Challenged): AwaitingToken,
    (Submitting, Rejected): Failed,
    (AwaitingToken, TokenGiven): Resuming,
    (AwaitingToken, Declined): Failed,
    (AwaitingToken, Expired): Failed,
    (Resuming, Accepted): Completed,
    (Resuming, Challenged): AwaitingToken,
    (Resuming, Rejected): Failed,
}


@pytest.mark.parametrize(
    ("state", "event"), list(product(STATES, EVENTS)), ids=lambda value: type(value).__name__
)
def test_every_pair_is_specified_or_refused(state: State, event: Event) -> None:
    expected = SPECIFICATION.get((type(state), type(event)))
    if expected is None:
        with pytest.raises(IllegalTransitionError, match=type(event).__name__):
            advance(state, event)
    else:
        assert type(advance(state, event)) is expected


def test_an_accepted_login_carries_its_link() -> None:
    assert advance(Submitting(), Accepted(LINK)) == Completed(result=LINK)


def test_a_challenge_is_asked_until_a_margin_before_it_expires() -> None:
    challenge = build_challenge(expiry=100.0)
    state = advance(Submitting(), Challenged(challenge, 1000.0), MfaPolicy(safety_margin=5.0))
    assert state == AwaitingToken(challenge=challenge, deadline=1095.0, rounds=0, restarts=0)


def test_the_margin_of_a_short_challenge_is_a_tenth_of_it() -> None:
    state = advance(Submitting(), Challenged(build_challenge(expiry=10.0), 0.0), MfaPolicy(safety_margin=5.0))
    assert isinstance(state, AwaitingToken)
    assert state.deadline == 9.0


def test_a_challenge_without_expiry_is_given_the_assumed_one() -> None:
    policy = MfaPolicy(assumed_expiry=50.0, safety_margin=0.0)
    state = advance(Submitting(), Challenged(build_challenge(expiry=None), 7.0), policy)
    assert isinstance(state, AwaitingToken)
    assert state.deadline == 57.0


def test_a_token_goes_back_with_the_session_that_asked_for_it() -> None:
    state = build_awaiting(build_challenge("s7"), rounds=1, restarts=2)
    assert advance(state, TokenGiven("007", 0.0)) == Resuming(
        challenge=build_challenge("s7"), token="007", deadline=95.0, rounds=2, restarts=2
    )


def test_the_newest_challenge_replaces_the_older() -> None:
    newer = build_challenge("s2", expiry=50.0, value="98765")
    state = advance(build_resuming(rounds=1), Challenged(newer, 10.0), MfaPolicy(safety_margin=0.0))
    assert state == AwaitingToken(challenge=newer, deadline=60.0, rounds=1, restarts=0)


def test_white_space_around_a_token_is_dropped_and_leading_zeros_stay() -> None:
    state = advance(build_awaiting(), TokenGiven(" 001234\n", 0.0))
    assert isinstance(state, Resuming)
    assert state.token == "001234"


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("012 345", "012345"),
        ("\uff10\uff11\uff12\uff13", "0123"),
        ("\uff10\uff11\u3000\uff12\uff13", "0123"),
        ("12\u00a034", "1234"),
        ("\u0660\u0661", "01"),
        ("ab 12", "ab 12"),
        ("12-34", "12-34"),
        ("\u00b2", "\u00b2"),
    ],
    ids=["groups", "full-width", "wide space", "hard space", "Arabic", "letters", "hyphen", "power"],
)
def test_digits_in_groups_or_of_another_script_become_plain_digits(given: str, sent: str) -> None:
    state = advance(build_awaiting(), TokenGiven(given, 0.0))
    assert isinstance(state, Resuming)
    assert state.token == sent


def test_the_answer_to_a_question_is_sent_as_it_was_typed() -> None:
    data = TokenGenerationData(kind=ChallengeKind.TEXT)
    awaiting = build_awaiting()
    awaiting = evolve(awaiting, challenge=evolve(awaiting.challenge, token_generation_data=data))
    state = advance(awaiting, TokenGiven(" 12 34 ", 0.0))
    assert isinstance(state, Resuming)
    assert state.token == "12 34"


@pytest.mark.parametrize("extra", [{"value": ["12 34", "56"]}, {"options": {"12 34": "home"}}], ids=repr)
def test_a_choice_is_sent_as_it_was_typed(extra: dict[str, object]) -> None:
    data = TokenGenerationData(kind=ChallengeKind.NUMERIC, extra=extra)
    awaiting = build_awaiting()
    awaiting = evolve(awaiting, challenge=evolve(awaiting.challenge, token_generation_data=data))
    state = advance(awaiting, TokenGiven(" 12 34 ", 0.0))
    assert isinstance(state, Resuming)
    assert state.token == "12 34"


@pytest.mark.parametrize("start", [Submitting(), build_resuming()], ids=["submitting", "resuming"])
@pytest.mark.parametrize("expiry", [0.0, -1.0])
def test_a_challenge_that_is_over_when_it_comes_is_not_asked(start: State, expiry: float) -> None:
    state = advance(start, Challenged(build_challenge(expiry=expiry), 0.0), MfaPolicy(restarts=5))
    assert isinstance(state, Failed)
    assert isinstance(state.error, ChallengeExpiredError)


@pytest.mark.parametrize("given", [None, "", "yes, done"])
def test_a_challenge_without_input_resumes_without_a_token(given: str | None) -> None:
    state = advance(build_awaiting(build_challenge(expects_user_input=False)), TokenGiven(given, 0.0))
    assert isinstance(state, Resuming)
    assert state.token is None


@pytest.mark.parametrize(
    "token", [None, "", "  ", 123456, b"123456", "1" * 1025, "12\x0034", "12\n34"], ids=repr
)
def test_what_cannot_be_a_token_is_refused_and_the_state_is_still_good(token: object) -> None:
    state = build_awaiting()
    with pytest.raises(InvalidTokenError) as caught:
        advance(state, TokenGiven(token, 0.0))  # type: ignore[arg-type] # wrong on purpose
    assert caught.value.state == state
    assert caught.value.link_id == LINK_ID


def test_the_longest_token_is_sent() -> None:
    state = advance(build_awaiting(), TokenGiven("1" * 1024, 0.0))
    assert isinstance(state, Resuming)
    assert state.token == "1" * 1024


@pytest.mark.parametrize(("at", "expected"), [(94.999, Resuming), (95.0, Failed), (200.0, Failed)])
def test_a_token_at_or_after_the_deadline_is_not_sent(at: float, expected: type) -> None:
    assert type(advance(build_awaiting(deadline=95.0), TokenGiven("111111", at))) is expected


def test_a_late_token_says_that_it_came_too_late() -> None:
    state = advance(build_awaiting(deadline=95.0), TokenGiven("111111", 96.0))
    assert isinstance(state, Failed)
    assert isinstance(state.error, ChallengeExpiredError)
    assert "came too late and was not sent" in str(state.error)
    assert state.error.link_id == LINK_ID


def test_an_unanswered_challenge_says_that_nobody_answered() -> None:
    state = advance(build_awaiting(), Expired())
    assert isinstance(state, Failed)
    assert isinstance(state.error, ChallengeExpiredError)
    assert "nobody answered in time" in str(state.error)


def test_a_declined_challenge_can_still_be_resumed_elsewhere() -> None:
    waiting = build_awaiting()
    state = advance(waiting, Declined())
    assert isinstance(state, Failed)
    assert isinstance(state.error, ChallengeDeclinedError)
    assert state.error.state == waiting
    assert state.error.link_id == LINK_ID


@pytest.mark.parametrize(("rounds", "expected"), [(2, AwaitingToken), (3, Failed), (4, Failed)])
def test_asking_ends_after_the_last_round(rounds: int, expected: type) -> None:
    event = Challenged(build_challenge("s9"), 0.0)
    assert type(advance(build_resuming(rounds=rounds), event, MfaPolicy(max_rounds=3))) is expected


def test_too_many_rounds_say_how_many() -> None:
    state = advance(build_resuming(rounds=3), Challenged(build_challenge(), 0.0))
    assert isinstance(state, Failed)
    assert isinstance(state.error, TooManyRoundsError)
    assert "after 3 answers" in str(state.error)
    assert (state.error.status, state.error.link_id) == (428, LINK_ID)


def test_an_expired_session_fails_by_default() -> None:
    error = session_expired()
    assert advance(build_resuming(), Rejected(error)) == Failed(error=error)


def test_an_expired_session_starts_a_new_login_where_the_caller_chose_so() -> None:
    state = advance(build_resuming(rounds=1), Rejected(session_expired()), MfaPolicy(restarts=1))
    assert state == Submitting(rounds=1, restarts=1)


def test_a_late_token_starts_a_new_login_where_the_caller_chose_so() -> None:
    state = advance(build_awaiting(rounds=1), TokenGiven("111111", 95.0), MfaPolicy(restarts=1))
    assert state == Submitting(rounds=1, restarts=1)


def test_an_answer_that_waited_too_long_to_be_sent_counts_as_expired() -> None:
    error = challenge_expired(LINK_ID, "it waited")
    assert advance(build_resuming(), Rejected(error)) == Failed(error=error)
    assert advance(build_resuming(rounds=1), Rejected(error), MfaPolicy(restarts=1)) == Submitting(
        rounds=1, restarts=1
    )


def test_restarts_are_counted() -> None:
    state = advance(build_resuming(restarts=1), Rejected(session_expired()), MfaPolicy(restarts=1))
    assert isinstance(state, Failed)


def test_an_unanswered_challenge_is_never_restarted() -> None:
    assert isinstance(advance(build_awaiting(), Expired(), MfaPolicy(restarts=5)), Failed)


def test_rounds_and_restarts_outlive_a_restart() -> None:
    policy = MfaPolicy(restarts=2, max_rounds=3)
    again = advance(Submitting(rounds=2, restarts=1), Challenged(build_challenge(), 0.0), policy)
    assert isinstance(again, AwaitingToken)
    assert (again.rounds, again.restarts) == (2, 1)


def test_a_restart_does_not_grant_further_rounds() -> None:
    state = advance(
        Submitting(rounds=3, restarts=1), Challenged(build_challenge(), 0.0), MfaPolicy(restarts=2)
    )
    assert isinstance(state, Failed)
    assert isinstance(state.error, TooManyRoundsError)


DIGEST = "d" * 64


@pytest.mark.parametrize(
    ("state", "event"),
    [
        (Submitting(update_digest=DIGEST), Challenged(build_challenge(), 0.0)),
        (evolve(build_awaiting(), update_digest=DIGEST), TokenGiven("111111", 0.0)),
        (evolve(build_awaiting(), update_digest=DIGEST), TokenGiven("111111", 95.0)),
        (evolve(build_resuming(), update_digest=DIGEST), Challenged(build_challenge("s2"), 0.0)),
        (evolve(build_resuming(), update_digest=DIGEST), Rejected(session_expired())),
    ],
    ids=["asked", "answered", "answered late", "asked again", "restarted"],
)
def test_what_the_call_asked_for_is_known_until_the_dialogue_ends(state: State, event: Event) -> None:
    following = advance(state, event, MfaPolicy(restarts=1))
    assert isinstance(following, Submitting | AwaitingToken | Resuming)
    assert following.update_digest == DIGEST
    assert DIGEST not in repr(following)


def test_the_machine_makes_no_digest_of_its_own() -> None:
    state = advance(Submitting(), Challenged(build_challenge(), 0.0))
    assert isinstance(state, AwaitingToken)
    assert state.update_digest is None


def test_a_token_that_was_not_sent_leaves_the_challenge_as_it_was() -> None:
    waiting = evolve(build_awaiting(rounds=1, restarts=1), update_digest=DIGEST)
    answered = advance(waiting, TokenGiven("111111", 0.0))
    assert isinstance(answered, Resuming)
    assert token_not_sent(answered, login_failed()).state == waiting


def test_a_waiting_challenge_leaves_a_call_with_its_state() -> None:
    state = build_awaiting()
    error = token_required(state, "nobody is there")
    assert (error.state, error.status, error.code, error.link_id) == (state, 428, "token_required", LINK_ID)
    assert "nobody is there" in str(error)
