"""Whether a webhook is Belvo's: it sends the `Authorization` that its dashboard was given."""

import hmac
from collections.abc import Iterable
from hashlib import sha256

from belvo_async.errors import InvalidValueError

_REMEDY = 'Pass the value of Belvo\'s dashboard as its header has it, such as "Bearer …" or "Basic …".'


def is_from_belvo(authorization: str | None, expected: str | Iterable[str]) -> bool:
    """Tell whether a webhook carries an authorization that you have set in Belvo's dashboard.

    The comparison takes as long for any value of one length, and looks at all that are expected.

    Args:
        authorization: The request's `Authorization` header, or None where it has none.
        expected: The whole value, such as `Bearer …`, or several while you change it.

    Raises:
        InvalidValueError: What is expected is empty, or cannot be a header.
    """
    values = [_digest(value) for value in _list_expected(expected)]
    if authorization is None:
        return False
    given = _digest(_read_header(authorization))
    matches = [hmac.compare_digest(value, given) for value in values]  # all of them, before any counts
    return any(matches)


def _read_header(authorization: object) -> str:
    if isinstance(authorization, str):
        return authorization
    remedy = "Pass the header as text, or None where there is none."
    raise InvalidValueError.of("authorization", "must be text or None", remedy=remedy)


def _list_expected(expected: object) -> tuple[str, ...]:
    """Return the values that are expected, or raise an error that quotes none of them."""
    values = (expected,) if isinstance(expected, str) or not isinstance(expected, Iterable) else expected
    checked = tuple(_check(value) for value in values)
    if not checked:
        raise InvalidValueError.of("expected", "has no value", remedy=_REMEDY)
    return checked


def _check(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise InvalidValueError.of("expected", "must be text that is not empty", remedy=_REMEDY)
    if value != value.strip() or not value.isascii() or not value.isprintable():
        problem = "has blanks around it, or characters that a header cannot have"
        raise InvalidValueError.of("expected", problem, remedy=_REMEDY)
    return value


def _digest(value: str) -> bytes:
    return sha256(value.encode("utf-8", "surrogatepass")).digest()
