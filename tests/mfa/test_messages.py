"""What the machine's errors tell a person, word for word: they are read at three in the morning."""

import pickle

import pytest

from belvo_async import MfaPolicy
from belvo_async.errors import ConfigurationError, ErrorDetail, InvalidTokenError, NotSentError
from belvo_async.mfa import (
    Challenged,
    Declined,
    Expired,
    Failed,
    TokenGiven,
    advance,
    token_not_sent,
    token_required,
)
from tests.mfa.builders import LINK_ID, build_awaiting, build_challenge, build_resuming


def read_failure(state: object) -> str:
    assert isinstance(state, Failed)
    return str(state.error)


def test_too_many_rounds() -> None:
    state = advance(build_resuming(rounds=3), Challenged(build_challenge(), 0.0))
    assert read_failure(state) == (
        f"The institution still asks after 3 answers (status 428, link {LINK_ID}). "
        "Make sure that the person has the right token before the link is updated again."
    )


def test_a_late_token() -> None:
    assert read_failure(advance(build_awaiting(), TokenGiven("111111", 95.0))) == (
        f"The challenge expired: the token came too late and was not sent (link {LINK_ID}). "
        "Update the link again, with the person at hand."
    )


def test_an_unanswered_challenge() -> None:
    assert read_failure(advance(build_awaiting(), Expired())) == (
        f"The challenge expired: nobody answered in time (link {LINK_ID}). "
        "Update the link again, with the person at hand."
    )


def test_a_declined_challenge() -> None:
    assert read_failure(advance(build_awaiting(), Declined())) == (
        f"The person declined to give a token: provide_token returned None, or said so (link {LINK_ID}). "
        "The link keeps its old credentials; update it again when a token can be given."
    )


def test_a_challenge_that_leaves_a_call() -> None:
    error = token_required(build_awaiting(), "nobody is there")
    assert error.details == (ErrorDetail(code="token_required", message="Token, please", request_id="r1"),)
    assert str(error) == (
        "The institution asks for a token, and nobody is there "
        f"(status 428, code token_required, link {LINK_ID}, request_id r1). "
        "Pass provide_token=, or park this error's `state` with challenges.park() and answer it later."
    )


@pytest.mark.parametrize(
    ("token", "problem"),
    [
        (123456, "is int, not text"),
        (None, "is missing"),
        (" ", "is empty"),
        ("1\x002", "is too long or holds control characters"),
        ("1" * 1025, "is too long or holds control characters"),
    ],
    ids=repr,
)
def test_what_cannot_be_a_token(token: str, problem: str) -> None:
    with pytest.raises(InvalidTokenError) as caught:
        advance(build_awaiting(), TokenGiven(token, 0.0))
    assert str(caught.value) == (
        f"The token {problem}; it was not sent (link {LINK_ID}). "
        "Return the token from provide_token, or pass it to links.resume(), as str: a number would lose "
        "leading zeros. Until the challenge expires, this error's `state` can be resumed."
    )


def test_a_state_that_holds_a_token_never_leaves_the_process() -> None:
    with pytest.raises(
        TypeError, match=r"^Resuming holds a token and is never pickled; park AwaitingToken instead$"
    ):
        pickle.dumps(build_resuming())
    assert "111111" not in repr(build_resuming(token="111111"))


def test_a_waiting_state_can_be_pickled() -> None:
    state = build_awaiting()
    assert pickle.loads(pickle.dumps(state)) == state  # noqa: S301 - our own bytes


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_rounds", 0),
        ("max_rounds", "3"),
        ("restarts", -1),
        ("restarts", True),
        ("safety_margin", float("nan")),
        ("assumed_expiry", None),
    ],
)
def test_a_policy_out_of_range_is_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(ConfigurationError, match=f"MfaPolicy.{name} must be a (whole )?number of at least"):
        MfaPolicy(**{name: value})  # type: ignore[arg-type] # wrong on purpose


def test_an_answer_that_never_left_leaves_the_challenge_as_open_as_before() -> None:
    error = token_not_sent(build_resuming(rounds=2, restarts=1), NotSentError("No connection."))
    assert isinstance(error.__cause__, NotSentError)
    assert error.state == build_awaiting(rounds=1, restarts=1)
    assert str(error) == (
        f"The token was not sent: No connection (link {LINK_ID}). "
        "Resume from this error's `state` with the token, before the challenge expires."
    )


def test_a_policy_without_a_route_is_refused_by_name() -> None:
    with pytest.raises(ConfigurationError, match=r"^MfaPolicy.resume_route is str, not ResumeRoute\."):
        MfaPolicy(resume_route="put_link")  # type: ignore[arg-type] # wrong on purpose
