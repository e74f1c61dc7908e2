"""When so many links fail that the job stops."""

import pytest

from belvo_async import Link
from belvo_async._jobs.stop_rule import FailureCount
from belvo_async.bulk import NotUpdated, StopRule, Unsettled, Updated
from belvo_async.errors import (
    ConfigurationError,
    LoginFailedError,
    NotSentError,
    OutcomeUnknownError,
    TooManyFailuresError,
)

GOOD = Updated(link_id="a", link=Link(id="a"))
BAD = NotUpdated(link_id="a", error=LoginFailedError("No."))
UNREACHABLE = NotUpdated(link_id="a", error=NotSentError("No."))
UNKNOWN = Unsettled(link_id="a", error=OutcomeUnknownError("?"))


def note(
    breaker: FailureCount, *outcomes: Updated | NotUpdated | Unsettled
) -> list[TooManyFailuresError | None]:
    codes = {GOOD: None, BAD: "login_error", UNREACHABLE: "NotSentError", UNKNOWN: "OutcomeUnknownError"}
    return [breaker.note(outcome, codes[outcome]) for outcome in outcomes]


def test_without_a_rule_failures_stop_nothing() -> None:
    assert note(FailureCount(None), *[BAD] * 1000) == [None] * 1000


def test_so_many_failures_stop_the_job() -> None:
    *before, last = note(FailureCount(StopRule(failures=3)), BAD, GOOD, UNKNOWN, GOOD, BAD)
    assert before == [None] * 4
    assert last is not None
    assert "3 links have failed" in last.message
    assert "2 login_error, 1 OutcomeUnknownError" in last.message


def test_a_share_says_nothing_before_there_are_so_many_links() -> None:
    *before, last = note(FailureCount(StopRule(share=0.5, of_last=4)), BAD, BAD, BAD, GOOD, BAD)
    assert before == [None] * 4  # the fourth is no failure: it opens nothing
    assert last is not None
    assert "3 of the last 4 links have failed" in last.message


def test_a_share_is_of_the_last_links_alone() -> None:
    breaker = FailureCount(StopRule(share=0.5, of_last=4))
    assert note(breaker, BAD, GOOD, GOOD, GOOD, GOOD, BAD) == [None] * 6
    assert note(breaker, BAD)[0] is not None


@pytest.mark.parametrize("percent", range(1, 101))
def test_exactly_the_share_is_enough(percent: int) -> None:
    """Binary fractions have it that 0.07 * 100 is more than 7."""
    breaker = FailureCount(StopRule(share=percent / 100))
    outcomes = [GOOD] * (100 - percent) + [BAD] * percent
    *before, last = note(breaker, *outcomes)
    assert before == [None] * 99
    assert last is not None


def test_twenty_links_in_a_row_that_could_not_be_sent_stop_any_job() -> None:
    breaker = FailureCount(None)
    assert note(breaker, *[UNREACHABLE] * 19, GOOD, *[UNREACHABLE] * 19) == [None] * 39
    (error,) = note(breaker, UNREACHABLE)
    assert error is not None
    assert "could not be reached for 20 links in a row" in error.message


def test_a_failure_of_another_kind_shows_that_belvo_can_be_reached() -> None:
    assert note(FailureCount(None), *([UNREACHABLE] * 19 + [BAD]) * 3) == [None] * 60


def test_only_the_three_most_common_codes_are_named() -> None:
    breaker = FailureCount(StopRule(failures=10))
    assert [breaker.note(BAD, code) for code in "abbcccddd"] == [None] * 9
    error = breaker.note(BAD, "a")
    assert error is not None
    assert "(most often: 3 c, 3 d, 2 a)" in error.message


@pytest.mark.parametrize(
    "settings",
    [{"failures": 0}, {"failures": 1.5}, {"share": 0.0}, {"share": 1.1}, {"share": "half"}, {"of_last": 0}],
)
def test_a_rule_that_makes_no_sense_is_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError):
        StopRule(**settings)  # type: ignore[arg-type]
