from datetime import UTC, datetime

import pytest

from belvo_async import BelvoError, Challenge, OutcomeUnknownError, TokenRequiredError
from belvo_async.cli._exit_codes import EndingKind, ExitCode, find_code, find_expiry, read_ending
from belvo_async.errors import (
    AuthenticationError,
    ChallengeExpiredError,
    ConfigurationError,
    LoginFailedError,
    PoolClosedError,
    TokenNotSentError,
    TooManySessionsError,
)
from belvo_async.models import AwaitingToken

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
CHALLENGE = Challenge(session="s", link_id="l", expiry=90.0, received_at=NOON)
WAITING = AwaitingToken(challenge=CHALLENGE, deadline=0.0)


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        (None, EndingKind.UPDATED, ExitCode.OK),
        (LoginFailedError("no"), EndingKind.NOT_UPDATED, ExitCode.FAILED),
        (ChallengeExpiredError("late"), EndingKind.NOT_UPDATED, ExitCode.FAILED),
        (OutcomeUnknownError("lost"), EndingKind.UNKNOWN, ExitCode.UNKNOWN),
        (TokenRequiredError("ask", state=WAITING), EndingKind.CHALLENGE_OPEN, ExitCode.CHALLENGE_OPEN),
        (PoolClosedError("closed"), EndingKind.NOT_STARTED, ExitCode.INTERRUPTED),
    ],
)
def test_an_error_tells_in_which_state_the_link_is(
    error: BelvoError | None, kind: EndingKind, code: ExitCode
) -> None:
    ending = read_ending(error)
    assert (ending.kind, ending.code) == (kind, code)


def test_a_challenge_stays_open_when_the_pool_closes_before_its_answer_is_sent() -> None:
    ending = read_ending(TokenNotSentError("closed", state=WAITING))
    assert ending.kind is EndingKind.CHALLENGE_OPEN
    assert ending.open_until == datetime(2026, 3, 1, 12, 1, 25, tzinfo=UTC)


def test_a_login_that_was_refused_before_the_pool_closed_was_started() -> None:
    assert read_ending(TooManySessionsError("refused")).kind is EndingKind.NOT_UPDATED


def test_each_state_is_told_in_words() -> None:
    until = find_expiry(CHALLENGE)
    assert str(read_ending(TokenRequiredError("", state=WAITING))) == f"challenge open until {until:%H:%M:%S}"
    assert str(read_ending(PoolClosedError(""))) == "not started"
    assert "belvo-async links list" in str(read_ending(OutcomeUnknownError("")))


def test_the_end_of_a_challenge_is_the_pools_also_where_belvo_states_no_expiry() -> None:
    challenge = Challenge(session="s", link_id="l", received_at=NOON)
    assert (find_expiry(challenge) - NOON).total_seconds() == 595


def test_a_wrong_setting_is_wrong_usage() -> None:
    assert find_code(ConfigurationError("")) is ExitCode.USAGE
    assert find_code(AuthenticationError("")) is ExitCode.FAILED
