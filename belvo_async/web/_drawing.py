"""The value of a challenge as something to look at: a number, a picture, or plain text."""

import io
from enum import Enum, auto
from typing import Final

import segno
from attrs import frozen

from belvo_async import Challenge
from belvo_async.models import ChallengeKind, Picture

_LONGEST_IMAGE: Final = 150_000
"""Bytes; a larger one is not shown at all."""
_LONGEST_TEXT: Final = 4000


class ValueKind(Enum):
    """How a value is shown."""

    NOTHING = auto()
    NUMBER = auto()
    QUESTION = auto()
    PICTURE = auto()
    """A QR code."""
    IMAGE = auto()
    """A picture of which nobody knows what it is."""
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
            return _draw_code(challenge, value)
        case ChallengeKind.NUMERIC:
            return Drawn(ValueKind.NUMBER, shorten(value))
        case ChallengeKind.TEXT:
            return Drawn(ValueKind.QUESTION, shorten(value))
        case _:
            address = _find_address(challenge)
            return Drawn(ValueKind.IMAGE, address) if address else Drawn(ValueKind.TEXT, shorten(value))


def draw_picture(challenge: Challenge, *, scale: int = 8) -> Picture | None:
    """Return the picture that a person has to see: the bank's own, or a PNG of the QR code.

    It is None where there is nothing to see, or the content is too long for a QR code: show the text then.

    Args:
        challenge: What the bank asks.
        scale: Pixels of one module of the QR code.

    Example:
        >>> from belvo_async import Challenge
        >>> from belvo_async.models import ChallengeKind, TokenGenerationData
        >>> from belvo_async.web import draw_picture
        >>> data = TokenGenerationData(kind=ChallengeKind.QR, value="https://bank.example/?code=1")
        >>> challenge = Challenge(session="s", link_id="l", token_generation_data=data)
        >>> draw_picture(challenge)
        Picture(media_type='image/png')
    """
    code = None if challenge.qr_content is None else _make_code(challenge.qr_content)
    if code is None:
        return challenge.picture
    file = io.BytesIO()
    code.save(file, kind="png", scale=scale)
    return Picture("image/png", file.getvalue())


def _find_address(challenge: Challenge) -> str | None:
    """Return the address of a picture that is small enough for a page; it belongs in an `<img>` alone."""
    picture = challenge.picture
    return picture.data_uri if picture is not None and len(picture.data) <= _LONGEST_IMAGE else None


def _draw_code(challenge: Challenge, value: str) -> Drawn:
    address = _find_address(challenge)
    if address is not None:
        return Drawn(ValueKind.PICTURE, address)
    code = None if challenge.qr_content is None else _make_code(challenge.qr_content)
    if code is None:
        return Drawn(ValueKind.UNDRAWABLE, shorten(value))
    return Drawn(ValueKind.PICTURE, code.svg_data_uri(scale=8, border=4, dark="#000", light="#fff"))


def _make_code(content: str) -> segno.QRCode | None:
    try:
        return segno.make_qr(content)
    except ValueError:  # too long for one
        return None


def shorten(text: str) -> str:
    """Cut a text that nobody would read to its end."""
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]} …"
