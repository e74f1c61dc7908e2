"""The value of a challenge as something to look at: a number, a picture, or plain text."""

from enum import Enum, auto
from typing import Final

import segno
from attrs import frozen

from belvo_async import Challenge, ChallengeKind
from belvo_async._images import find_image

_LONGEST_IMAGE: Final = 200_000
"""Characters of a data URI; a longer one is not shown at all."""
_LONGEST_TEXT: Final = 4000


class ValueKind(Enum):
    """How a value is shown."""

    NOTHING = auto()
    NUMBER = auto()
    QUESTION = auto()
    PICTURE = auto()
    UNDRAWABLE = auto()
    """It should have been a QR code."""
    TEXT = auto()


@frozen
class Drawn:
    """What to show."""

    kind: ValueKind
    content: str = ""
    """A data URI of a picture, else text, never markup."""


def draw_value(challenge: Challenge) -> Drawn:
    """Return how the value of a challenge is shown."""
    value = challenge.value
    if not value:
        return Drawn(ValueKind.NOTHING)
    match challenge.kind:
        case ChallengeKind.QR:
            return _draw_code(value)
        case ChallengeKind.NUMERIC:
            return Drawn(ValueKind.NUMBER, _shorten(value))
        case ChallengeKind.TEXT:
            return Drawn(ValueKind.QUESTION, _shorten(value))
        case _:
            return Drawn(ValueKind.TEXT, _shorten(value))


def _draw_code(value: str) -> Drawn:
    picture = find_image(value)
    if picture is not None and len(picture) <= _LONGEST_IMAGE:
        return Drawn(ValueKind.PICTURE, picture)
    try:
        code = segno.make_qr(value)
    except ValueError:
        return Drawn(ValueKind.UNDRAWABLE, _shorten(value))
    return Drawn(ValueKind.PICTURE, code.svg_data_uri(scale=8, border=4, dark="#000", light="#fff"))


def _shorten(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]} …"
