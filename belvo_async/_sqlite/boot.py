"""Which start of which machine this is: what is counted by its clock means nothing after the next one."""

import time
from pathlib import Path
from typing import Final

from attrs import frozen

_LINUX: Final = Path("/proc/sys/kernel/random/boot_id")
_BLUR: Final = 600.0
"""Seconds: where the system has no name for it, the moment of the start is reckoned by two clocks."""


@frozen
class Boot:
    """One start of one machine."""

    name: str
    since: float
    """By the monotonic clock, when it was at the latest."""
    at: float
    """The same as a time of day, in seconds since 1970."""

    @classmethod
    def find(cls) -> "Boot":
        """Return that of this machine."""
        at = time.time() - time.monotonic()
        try:
            return cls(_LINUX.read_text().strip(), 0.0, at)
        except OSError:
            return cls(f"about {round(at / _BLUR)}", time.monotonic(), at)
