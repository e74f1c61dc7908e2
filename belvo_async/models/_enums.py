"""Closed lists of the API that may grow without notice."""

from enum import StrEnum
from typing import Self


class OpenEnum(StrEnum):
    """A list of text values that keeps a value it has never seen, instead of failing on it.

    An unseen value is a member named `UNLISTED` whose text is what Belvo sent; no listed one has that name.
    """

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = "UNLISTED"
        member._value_ = value
        return member

    @property
    def is_known(self) -> bool:
        """Whether this version of the package lists the value."""
        return self._value_ in type(self)._value2member_map_


class AccessMode(OpenEnum):
    """How often Belvo logs in at the institution."""

    SINGLE = "single"
    """Once, when you ask."""
    RECURRENT = "recurrent"
    """By itself, at the link's `refresh_rate`."""


class LinkStatus(OpenEnum):
    """What a link can be used for."""

    VALID = "valid"
    INVALID = "invalid"
    """The credentials no longer work: update them."""
    UNCONFIRMED = "unconfirmed"
    """Its first MFA challenge was never answered."""
    TOKEN_REQUIRED = "token_required"  # noqa: S105 - a status, not a secret
    """The institution wants a token again: update the link with a person at hand."""


class ChallengeKind(OpenEnum):
    """What the person has to do to make a token (`token_generation_data.type`)."""

    INPUTLESS = "inputless"
    """Confirm on, or read a code from, another device."""
    NUMERIC = "numeric"
    """Type the challenge number into the bank's token device."""
    QR = "qr"
    """Scan a QR code with the bank's app."""
    TEXT = "text"
    """Answer in words."""
