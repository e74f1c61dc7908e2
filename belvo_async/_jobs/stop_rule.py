"""When so many links fail that the job stops."""

from collections import Counter, deque
from typing import Final

from attrs import Attribute, field, frozen

from belvo_async._jobs.outcomes import AnyOutcome, Refusal
from belvo_async.errors import ConfigurationError, NotSentError, TooManyFailuresError
from belvo_async.params._validators import at_least, whole

_UNREACHABLE: Final = 20
"""Links in a row whose login could not be sent at all."""


def _check_share(rule: "StopRule", attribute: "Attribute[float | None]", value: float | None) -> None:
    if value is None:
        return
    at_least(0)(rule, attribute, value)
    if not 0 < value <= 1:
        raise ConfigurationError(
            f"StopRule.{attribute.name} must be above 0, and 1 at most.",
            remedy="Pass 0.5 for half of the links.",
        )


@frozen(kw_only=True)
class StopRule:
    """Stop when so many links have failed: not updated, or unsettled. Parked ones have not failed.

    Raises:
        ConfigurationError: A number is out of range.
    """

    failures: int | None = field(default=None, validator=whole(1, optional=True))
    """So many in this run."""
    share: float | None = field(default=None, validator=_check_share)
    """Such a share of the last links, from 0 to 1."""
    of_last: int = field(default=100, validator=whole(1))
    """How many links `share` is about; before there are so many, it says nothing."""


class FailureCount:
    """Counts outcomes against one rule, and always stops when Belvo cannot be reached at all."""

    def __init__(self, rule: StopRule | None) -> None:
        self._rule: Final = rule
        self._last: Final[deque[bool]] = deque(maxlen=0 if rule is None else rule.of_last)
        self._failures = 0
        self._unreachable = 0
        self._codes: Final[Counter[str]] = Counter()

    def note(self, outcome: AnyOutcome, code: str | None) -> TooManyFailuresError | None:
        """Count an outcome, by its code where it is a failure; return why the job has to stop, if it has."""
        never_left = isinstance(outcome, Refusal) and isinstance(outcome.error, NotSentError)
        self._unreachable = self._unreachable + 1 if never_left else 0
        self._last.append(code is not None)
        if code is None:
            return None
        self._failures += 1
        self._codes[code] += 1
        why = self._judge()
        return None if why is None else self._build_error(why)

    def _judge(self) -> str | None:
        rule = self._rule
        if self._unreachable >= _UNREACHABLE:
            return f"Belvo could not be reached for {self._unreachable} links in a row"
        if rule is not None and rule.failures is not None and self._failures >= rule.failures:
            return f"{self._failures} links have failed"
        if rule is None or rule.share is None or len(self._last) < rule.of_last:
            return None
        failed = sum(self._last)
        if failed / rule.of_last < rule.share:
            return None
        return f"{failed} of the last {rule.of_last} links have failed"

    def _build_error(self, why: str) -> TooManyFailuresError:
        codes = ", ".join(f"{count} {code}" for code, count in self._codes.most_common(3))
        return TooManyFailuresError(
            f"The job was stopped: {why} (most often: {codes}).",
            remedy="Find the cause; then run the job again: by name or journal, the other links wait.",
        )
