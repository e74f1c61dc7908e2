"""A waiting challenge as text, so that another request, or another process, can answer it.

The text holds no password and no token. Its deadline is by the wall clock; in a process it is by the
monotonic one.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from attrs import field, frozen
from attrs.validators import ge

from belvo_async._clock import Instant
from belvo_async._wire.challenges import read_challenge, write_challenge
from belvo_async._wire.json import dump_json, parse_json
from belvo_async._wire.records import read_record, write_record
from belvo_async.errors import DamagedStateError
from belvo_async.models import AwaitingToken, ResumeTarget

_VERSION: Final = 2
_NOT_IN_THE_FIRST: Final[dict[str, object]] = {"target": write_record(ResumeTarget()), "update": None}
"""It knew links alone."""


@frozen(kw_only=True)
class _Text:
    deadline: datetime
    left: float
    """Seconds to the deadline when it was written."""
    received_at: datetime
    rounds: int = field(validator=ge(0))
    restarts: int = field(validator=ge(0))
    challenge: Mapping[str, object]
    """As the wire has it."""
    target: ResumeTarget
    update: str | None


def dump_state(state: AwaitingToken, now: Instant) -> str:
    """Write a waiting challenge as one line of JSON."""
    text = _Text(
        deadline=now.find_wall(state.deadline),
        left=state.deadline - now.monotonic,
        received_at=state.challenge.received_at,
        rounds=state.rounds,
        restarts=state.restarts,
        challenge=write_challenge(state.challenge),
        target=state.challenge.resume_target,
        update=state.update_digest,
    )
    return dump_json({"version": _VERSION, **write_record(text)}).decode()


def load_state(text: str, now: Instant) -> AwaitingToken:
    """Read what `dump_state` wrote.

    A clock that was set back cannot give the session more time than it had left when it was parked.

    Raises:
        DamagedStateError: It is not such a text, or of another version.
    """
    try:
        record = parse_json(text.encode())
        if isinstance(record, dict) and record.get("version") in (1, _VERSION):
            added = _NOT_IN_THE_FIRST if record["version"] == 1 else {}
            return _build_state(read_record({**added, **record}, _Text), now)
        problem = "it is of another version, or no parked challenge"
    except (ValueError, OverflowError):
        problem = "it is cut short or changed"
    raise DamagedStateError(
        f"The parked challenge cannot be read: {problem}.",
        remedy="Update the link again, with the person at hand; no token was sent.",
    )


def _build_state(text: _Text, now: Instant) -> AwaitingToken:
    challenge = read_challenge(text.challenge, link_id=None, received_at=text.received_at, target=text.target)
    left = min((text.deadline - now.wall).total_seconds(), text.left)
    return AwaitingToken(
        challenge=challenge,
        deadline=now.monotonic + left,
        rounds=text.rounds,
        restarts=text.restarts,
        update_digest=text.update,
    )
