"""A waiting challenge as text, so that another request, or another process, can answer it.

The text holds no password and no token. Its deadline is by the wall clock; in a process it is by the
monotonic one.
"""

from datetime import datetime
from typing import Final

from belvo_async._clock import Instant
from belvo_async._wire.challenges import read_challenge, write_challenge
from belvo_async._wire.json import MalformedError, dump_json, parse_json
from belvo_async.errors import DamagedStateError
from belvo_async.models import AwaitingToken

_VERSION: Final = 1


def dump_state(state: AwaitingToken, now: Instant) -> str:
    """Write a waiting challenge as one line of JSON."""
    record: dict[str, object] = {
        "version": _VERSION,
        "deadline": now.find_wall(state.deadline).isoformat(),
        "left": state.deadline - now.monotonic,
        "received_at": state.challenge.received_at.isoformat(),
        "rounds": state.rounds,
        "restarts": state.restarts,
        "challenge": write_challenge(state.challenge),
    }
    if state.update_digest is not None:
        record["update"] = state.update_digest
    return dump_json(record).decode()


def load_state(text: str, now: Instant) -> AwaitingToken:
    """Read what `dump_state` wrote.

    A clock that was set back cannot give the session more time than it had left when it was parked.

    Raises:
        DamagedStateError: It is not such a text, or of another version.
    """
    try:
        record = parse_json(text.encode())
        if isinstance(record, dict) and record.get("version") == _VERSION:
            return _read_record(record, now)
        problem = "it is of another version, or no parked challenge"
    except (MalformedError, ValueError, TypeError, KeyError, OverflowError):
        problem = "it is cut short or changed"
    raise DamagedStateError(
        f"The parked challenge cannot be read: {problem}.",
        remedy="Update the link again, with the person at hand; no token was sent.",
    )


def _read_record(record: dict[str, object], now: Instant) -> AwaitingToken:
    data, left = record["challenge"], record["left"]
    rounds, restarts = record["rounds"], record["restarts"]
    update_digest = record.get("update")
    if not isinstance(data, dict) or type(rounds) is not int or type(restarts) is not int:
        raise TypeError
    if not isinstance(update_digest, str | None):
        raise TypeError
    if not isinstance(left, int | float) or rounds < 0 or restarts < 0:
        raise ValueError
    received_at, deadline = _read_time(record["received_at"]), _read_time(record["deadline"])
    challenge = read_challenge(data, link_id=None, received_at=received_at)
    left = min((deadline - now.wall).total_seconds(), left)
    return AwaitingToken(
        challenge=challenge,
        deadline=now.monotonic + left,
        rounds=rounds,
        restarts=restarts,
        update_digest=update_digest,
    )


def _read_time(value: object) -> datetime:
    moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    if moment is None or moment.tzinfo is None:
        raise TypeError
    return moment
