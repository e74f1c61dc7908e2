"""The state machine as it is: every transition, found by trying all of them on `mfa.advance`."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations, product
from typing import Final, TypeAlias

from attrs import frozen

from belvo_async import Challenge, Link, MfaPolicy
from belvo_async.errors import ChallengeExpiredError, LoginFailedError, SessionExpiredError
from belvo_async.mfa import (
    Accepted,
    Challenged,
    Completed,
    Declined,
    Event,
    Expired,
    Failed,
    IllegalTransitionError,
    Rejected,
    Resuming,
    State,
    Submitting,
    TokenGiven,
    advance,
)
from belvo_async.models import AwaitingToken

Case: TypeAlias = tuple[str, ...]
"""One value for each circumstance, in the order of `CIRCUMSTANCES`."""

CIRCUMSTANCES: Final[Mapping[str, tuple[str, ...]]] = {
    "time": ("in time", "too late"),
    "rounds": ("a round is left", "no round is left"),
    "restarts": ("a restart is left", "no restart is left"),
    "error": ("the session expired", "the token came too late", "another error"),
}
"""What a transition may depend on besides the kinds of state and event."""

STATES: Final = (Submitting, AwaitingToken, Resuming, Completed, Failed)
EVENTS: Final = (Accepted, Challenged, Rejected, TokenGiven, Declined, Expired)

_LINK: Final = "a2f1c8f0-4f6b-4f1e-9d3a-7d1f2b3c4d5e"
_CHALLENGE: Final = Challenge(session="s", link_id=_LINK, expiry=100.0)
_DEADLINE: Final = 100.0
_POLICY: Final = MfaPolicy(max_rounds=2, restarts=1)


@frozen(kw_only=True)
class Transition:
    """One row of the table."""

    state: str
    event: str
    condition: str
    """Empty where nothing else matters."""
    target: str
    error: str
    """What a failed login raises; empty elsewhere."""


def find_transitions() -> Iterator[Transition]:
    """Yield every transition that `advance` allows, in the order of states and events."""
    for state, event in product(STATES, EVENTS):
        outcomes: Mapping[Case, tuple[str, str] | None] = {
            case: _try(state, event, case) for case in product(*CIRCUMSTANCES.values())
        }
        for (target, error), condition in _explain(outcomes):
            yield Transition(
                state=state.__name__,
                event=event.__name__,
                condition=condition,
                target=target,
                error=error,
            )


def _try(state: type[State], event: type[Event], case: Case) -> tuple[str, str] | None:
    given = dict(zip(CIRCUMSTANCES, case, strict=True))
    try:
        target = advance(_build_state(state, given), _build_event(event, given), _POLICY)
    except IllegalTransitionError:
        return None
    if not isinstance(target, Failed):
        return type(target).__name__, ""
    own = event is Rejected and isinstance(target.error, _ERRORS[given["error"]])
    return "Failed", "the error itself" if own else type(target.error).__name__


def _build_state(state: type[State], given: Mapping[str, str]) -> State:
    rounds = 0 if given["rounds"] == "a round is left" else _POLICY.max_rounds
    restarts = 0 if given["restarts"] == "a restart is left" else _POLICY.restarts
    if state is Submitting:
        return Submitting(rounds=rounds, restarts=restarts)
    if state is AwaitingToken:
        return AwaitingToken(challenge=_CHALLENGE, deadline=_DEADLINE, rounds=rounds, restarts=restarts)
    if state is Resuming:
        return Resuming(challenge=_CHALLENGE, token="1", deadline=_DEADLINE, rounds=rounds, restarts=restarts)
    if state is Completed:
        return Completed(result=Link(id=_LINK))
    return Failed(error=LoginFailedError("No."))


_ERRORS: Final = {
    "the session expired": SessionExpiredError,
    "the token came too late": ChallengeExpiredError,
    "another error": LoginFailedError,
}


def _build_event(event: type[Event], given: Mapping[str, str]) -> Event:
    at = 0.0 if given["time"] == "in time" else _DEADLINE
    if event is Accepted:
        return Accepted(Link(id=_LINK))
    if event is Challenged:
        return Challenged(_CHALLENGE, at)
    if event is Rejected:
        return Rejected(_ERRORS[given["error"]]("No."))
    if event is TokenGiven:
        return TokenGiven("1", at)
    return Declined() if event is Declined else Expired()


def _explain(
    outcomes: Mapping[Case, tuple[str, str] | None],
) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield each outcome with the circumstances that lead to it, in as few words as possible."""
    matters = _find_what_matters(outcomes)
    grouped: dict[tuple[str, str], set[Case]] = {}
    for case, outcome in outcomes.items():
        if outcome is not None:
            grouped.setdefault(outcome, set()).add(tuple(case[place] for place in matters))
    for outcome, cases in grouped.items():
        yield outcome, _describe(cases, matters)


def _find_what_matters(outcomes: Mapping[Case, object]) -> tuple[int, ...]:
    """Return the places of the fewest circumstances that decide the outcome."""
    places = range(len(CIRCUMSTANCES))
    subsets = (subset for size in range(len(CIRCUMSTANCES) + 1) for subset in combinations(places, size))
    return next(subset for subset in subsets if _decides(subset, outcomes))


def _decides(subset: Iterable[int], outcomes: Mapping[Case, object]) -> bool:
    chosen = tuple(subset)
    seen: dict[Case, object] = {}
    return all(
        seen.setdefault(tuple(case[place] for place in chosen), outcome) == outcome
        for case, outcome in outcomes.items()
    )


def _describe(cases: set[Case], matters: tuple[int, ...]) -> str:
    """Say which cases these are; a circumstance that takes all of its values goes without saying."""
    kinds = [tuple(CIRCUMSTANCES.values())[place] for place in matters]
    used = [[value for value in kind if any(value in case for case in cases)] for kind in kinds]
    if set(product(*used)) == cases:
        said = [
            " or ".join(values) for values, kind in zip(used, kinds, strict=True) if len(values) < len(kind)
        ]
        return ", ".join(said)
    return "in all other cases"
