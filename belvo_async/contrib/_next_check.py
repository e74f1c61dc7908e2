"""When an engine looks at an open challenge again."""

from datetime import datetime
from typing import Final

from belvo_async import fleet

_FIRST: Final = 15.0
"""Seconds after a challenge came, before it is looked at whether it was answered."""
_AFTER_EXPIRY: Final = 1.0


def find_next_check(needs: fleet.NeedsToken, now: datetime) -> float:
    """Return the seconds to the next check of an open challenge: as many as it is old, until it expires."""
    age = (now - needs.challenge.received_at).total_seconds()
    left = (needs.expires_at - now).total_seconds()
    return min(max(age, _FIRST), max(left, 0.0) + _AFTER_EXPIRY)
