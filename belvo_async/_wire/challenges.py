"""Every form of a 428, as a challenge, and a challenge as the wire has it.

Only the session is worth an error, and a length that nobody can keep; other texts are cut where they are too
long. What has no place in a field stays in `extra`, so that the person sees it.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from math import inf
from typing import Final, TypeVar

from attrs import define

from belvo_async._wire.json import MalformedError, find_link_id, parse_json
from belvo_async.models import Challenge, ChallengeKind, ResumeTarget, TokenGenerationData
from belvo_async.models._text_limits import LONGEST_MESSAGE, LONGEST_NAME, cut, cut_optional, trim

T = TypeVar("T")

_LONGEST_SESSION: Final = 1_000
_LONGEST_VALUE: Final = 1024 * 1024
"""Characters: a picture of a QR code may have some 100,000."""
_LONGEST_INSTRUCTIONS: Final = 10_000
_LONGEST_EXTRA: Final = 2_000
"""Characters of one text that has no place of its own."""
_ROOM_FOR_EXTRA: Final = 100_000
"""Characters of all of them."""
_Json = Mapping[str, object]

_LONGEST_EXPIRY: Final = 366 * 86400.0
"""Seconds. More makes no sense, and a deadline past the year 9999 cannot be parked."""
_DATA: Final = "token_generation_data"
_MOST_WRAPPINGS: Final = 4
_EXACT_FLOATS: Final = 2**53
_KINDS: Final = {kind.value: kind for kind in ChallengeKind}
_FLAGS: Final = {"true": True, "1": True, "false": False, "0": False}


class OversizedError(MalformedError):
    """A challenge is too long to be kept, and would be worth nothing if it were cut."""


@define
class _Rest:
    """What is not read yet of an object, nulls aside."""

    left: dict[str, object]

    @classmethod
    def of(cls, item: _Json) -> "_Rest":
        return cls({key: value for key, value in item.items() if value is not None})

    def take(self, name: str, read: Callable[[object], T | None]) -> T | None:
        """Read a value, and take it out if it can be read."""
        found = read(self.left.get(name))
        if found is not None:
            del self.left[name]
        return found


def read_text(value: object) -> str | None:
    """Return text, also where it came as a number or as the one item of a list; None for all else."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float) or not _is_exact(value):
        return None
    return str(int(value) if value == int(value) else value)


def _is_exact(number: float) -> bool:
    return isinstance(number, int) or abs(number) < _EXACT_FLOATS


def read_session(item: _Json) -> str | None:
    """Return the session of a 428's item, as text; None where it has none."""
    session = item.get("session")
    return (read_text(session) or None) if isinstance(session, str | int) else None


def read_challenge(
    item: _Json, *, link_id: str | None, received_at: datetime, target: ResumeTarget
) -> Challenge:
    """Turn the object in a 428 into a challenge, whichever form it has.

    Args:
        item: The object with the session.
        link_id: The link that the request was about; None where it had none yet.
        received_at: When it came.
        target: Where its token goes.

    Raises:
        OversizedError: Its session or its value is longer than what is kept.
        MalformedError: It has no session; or names no link, and the request did not either.
    """
    session = read_session(item)
    if session is not None and len(session) > _LONGEST_SESSION:
        raise OversizedError("the session of its challenge is too long")
    if session is None:
        raise MalformedError("not a Challenge: required field missing @ $.session")
    rest = _Rest.of({key: value for key, value in item.items() if key != "session"})
    link = rest.take("link", find_link_id) or link_id
    if link is None:  # it enters a path when the login is settled
        raise MalformedError("not a Challenge: no UUID @ $.link")
    if rest.left.get("link") == "":
        del rest.left["link"]
    if rest.left.get("code") == "token_required":
        del rest.left["code"]
    return Challenge(
        session=session,
        link_id=link,
        expiry=rest.take("expiry", _read_seconds),
        token_generation_data=_read_data(rest.left.pop(_DATA, None)),
        # `detail` is the form of 2020.
        message=cut(rest.take("message", read_text) or rest.take("detail", read_text) or "", LONGEST_MESSAGE),
        request_id=cut_optional(rest.take("request_id", read_text), LONGEST_NAME),
        received_at=received_at,
        resume_target=target,
        extra=_trim(rest.left),
    )


def _read_seconds(value: object) -> float | None:
    # The specification says int; Belvo's MFA page shows a string.
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        return None
    # Less than nothing is over. What is no number, or has no end, is not known.
    return max(0.0, seconds) if -inf < seconds <= _LONGEST_EXPIRY else None


def _read_data(value: object) -> TokenGenerationData:
    match _unwrap(value):
        case None | "":
            return TokenGenerationData()
        case dict() as data:
            return _read_object(data)
        case data:
            text = read_text(data)
    if text is None:
        return TokenGenerationData(extra=_trim({_DATA: value}))
    # One word is what the token is made of; more are what the institution says.
    is_word = len(text.split()) == 1
    if is_word:
        return TokenGenerationData(value=_check_value(text))
    return TokenGenerationData(instructions=cut(text, _LONGEST_INSTRUCTIONS))


def _unwrap(value: object) -> object:
    """Take a value out of the lists of one item, the texts of JSON and the objects that hold nothing else."""
    for _ in range(_MOST_WRAPPINGS):
        match value:
            case [item]:
                value = item
            case {"token_generation_data": inner, **others} if not others:
                value = inner
            case str() if value.lstrip()[:1] in {"{", "["}:
                parsed = _parse(value)
                if parsed is None:
                    return value
                value = parsed
            case _:
                return value
    return value


def _parse(text: str) -> object:
    try:
        return parse_json(text.encode())
    except ValueError:  # no JSON, or text that UTF-8 cannot carry
        return None


def _read_object(data: _Json) -> TokenGenerationData:
    rest = _Rest.of(data)
    return TokenGenerationData(
        instructions=cut(rest.take("instructions", _read_lines) or "", _LONGEST_INSTRUCTIONS),
        kind=rest.take("type", _read_kind),
        value=_check_value(rest.take("value", read_text)),
        expects_user_input=_read_expectation(rest),
        extra=_trim(rest.left),
    )


def _check_value(value: str | None) -> str | None:
    # Half a picture or half a QR code is worth nothing.
    if value is not None and len(value) > _LONGEST_VALUE:
        raise OversizedError("the value of its challenge is too long")
    return value


def _trim(extra: _Json) -> dict[str, object]:
    return trim(extra, _ROOM_FOR_EXTRA, longest=_LONGEST_EXTRA)


def _read_lines(value: object) -> str | None:
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        return "\n".join(value)
    return read_text(value)


def _read_kind(value: object) -> ChallengeKind | None:
    match value:
        case str():
            return _KINDS.get(value.strip().lower()) or ChallengeKind(cut(value, LONGEST_NAME))
        case [str() as item]:
            return _read_kind(item)
        case _:
            return None


def _read_flag(value: object) -> bool | None:
    return _FLAGS.get((read_text(value) or str(value)).strip().lower())


def _read_expectation(rest: _Rest) -> bool:
    # The specification spells it with an s, the MFA page without.
    flags = [rest.take(name, _read_flag) for name in ("expects_user_input", "expect_user_input")]
    return next((flag for flag in flags if flag is not None), True)


def write_challenge(challenge: Challenge) -> dict[str, object]:
    """Write a challenge as the wire has it, so that `read_challenge` can read it back."""
    data = challenge.token_generation_data
    written = {
        "instructions": data.instructions,
        "type": data.kind,
        "value": data.value,
        "expects_user_input": data.expects_user_input,
        **data.extra,  # an odd value of a field, which has its default then, comes back as odd as it was
    }
    return {
        "expiry": challenge.expiry,
        "message": challenge.message,
        "request_id": challenge.request_id,
        **challenge.extra,
        "session": challenge.session,
        "link": challenge.link_id,
        _DATA: written,
    }
