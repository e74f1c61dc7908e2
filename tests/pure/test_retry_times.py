"""Whether, and when, the same credentials may be tried again."""

import pytest

from belvo_async import errors
from belvo_async._jobs.outcomes import find_retry
from belvo_async.errors import ApiError, BelvoError, ErrorDetail

AT_ANY_TIME = [
    errors.ChallengeDeclinedError,
    errors.ChallengeExpiredError,
    errors.DeadlineExceededError,
    errors.InvalidTokenError,
    errors.NotSentError,
    errors.SessionExpiredError,
    errors.TokenProviderError,
]
LATER = {
    errors.TooManySessionsError: 120.0,
    errors.RateLimitedError: 300.0,
    errors.RequestTimeoutError: 600.0,
    errors.ServerError: 600.0,
    errors.InstitutionUnavailableError: 1800.0,
}
NEVER = [
    errors.AccessDeniedError,
    errors.ActivationRequiredError,
    errors.DuplicatedLinkError,
    errors.InvalidValueError,
    errors.LinkStateError,
    errors.LoginFailedError,
    errors.NotFoundError,
    errors.RequestInvalidError,
    errors.TooManyRoundsError,
    errors.UnreadableResponseError,
]


@pytest.mark.parametrize("kind", AT_ANY_TIME, ids=lambda kind: kind.__name__)
def test_what_a_person_or_the_network_missed_may_be_tried_at_any_time(kind: type[BelvoError]) -> None:
    assert find_retry(kind("It failed.")) == 0.0


@pytest.mark.parametrize(("kind", "seconds"), LATER.items(), ids=str)
def test_what_passes_may_be_tried_later(kind: type[ApiError], seconds: float) -> None:
    assert find_retry(kind("It failed.")) == seconds


@pytest.mark.parametrize(
    ("code", "seconds"),
    [
        ("unavailable_data", 600.0),
        ("link_refreshed", 600.0),
        ("operational_limits_reached", 86400.0),
        ("not_in_the_table", None),
    ],
)
def test_only_a_code_that_is_known_makes_a_login_worth_another_try(code: str, seconds: float | None) -> None:
    assert find_retry(errors.TryLaterError("It failed.", details=(ErrorDetail(code=code),))) == seconds


@pytest.mark.parametrize("kind", NEVER, ids=lambda kind: kind.__name__)
def test_what_a_person_has_to_mend_is_not_tried_again(kind: type[BelvoError]) -> None:
    assert find_retry(kind("It failed.")) is None


@pytest.mark.parametrize(
    ("code", "seconds"), [("permission_denied", 3600.0), ("forbidden_by_host", 86400.0), ("other", None)]
)
def test_a_denied_access_depends_on_its_code(code: str, seconds: float | None) -> None:
    error = errors.AccessDeniedError("It failed.", details=(ErrorDetail(code=code),))
    assert find_retry(error) == seconds


@pytest.mark.parametrize(("retry_after", "seconds"), [(1.0, 600.0), (1000.0, 1000.0), (None, 600.0)])
def test_the_longer_of_our_wait_and_theirs_counts(retry_after: float | None, seconds: float) -> None:
    assert find_retry(errors.ServerError("It failed.", retry_after=retry_after)) == seconds


def test_a_wait_that_is_asked_for_does_not_make_a_refusal_pass() -> None:
    assert find_retry(errors.LoginFailedError("No.", retry_after=5.0)) is None
