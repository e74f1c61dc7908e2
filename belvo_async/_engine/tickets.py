"""The tickets of parked challenges, and the notes that are parked with them."""

import re
import secrets
import string
from typing import Final

from belvo_async.errors import InvalidValueError, UnknownTicketError

_TICKET_LENGTH: Final = 32
_TICKET_SIGNS: Final = string.ascii_letters + string.digits
"""No dash: a ticket that begins with one would be an option at the command line."""
_TICKET: Final = re.compile(r"[A-Za-z0-9_-]{22,128}")
_LONGEST_NOTE: Final = 256


def draw_ticket() -> str:
    """Draw a ticket that nobody can guess."""
    return "".join(secrets.choice(_TICKET_SIGNS) for _ in range(_TICKET_LENGTH))


def unknown_ticket() -> UnknownTicketError:
    """Build the error of a ticket that no challenge has."""
    return UnknownTicketError(
        "No challenge has this ticket.",
        remedy="Check the ticket: it may be forgotten, as challenges are kept for a day after their time, or "
        "belong to another Belvo account or environment. Update the link again for a new one.",
    )


def is_ticket(value: object) -> bool:
    """Whether it may be a ticket."""
    return isinstance(value, str) and _TICKET.fullmatch(value) is not None


def _is_note(value: object) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST_NOTE and value.isprintable()


def check_note(name: str, value: str | None) -> str | None:
    """Refuse what is no short text.

    Raises:
        InvalidValueError: It is none.
    """
    if value is None or _is_note(value):
        return value
    raise InvalidValueError.of(
        name, "is no short text", remedy=f"Pass at most {_LONGEST_NOTE} printable characters."
    )


def check_ticket(ticket: str) -> str:
    """Refuse what is no ticket.

    Raises:
        InvalidValueError: It is none.
    """
    if is_ticket(ticket):
        return ticket
    raise InvalidValueError.of(
        "ticket",
        "is no ticket",
        remedy="Pass 22 to 128 letters, digits, - and _, such as secrets.token_hex(16).",
    )
