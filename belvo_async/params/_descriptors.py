"""How many connections this process may open."""

from pathlib import Path
from typing import Final

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]  # and no limit

_WANTED: Final = 960
"""80 requests in 30 s, each under way for 330 s at most: 880 at a time, and some."""
_SPARED: Final = 64
"""For all else that the application opens."""
_AT_LEAST: Final = 16


def count_free_descriptors() -> int | None:
    """Return how many more files and sockets this process may open; None where there is no such limit."""
    if resource is None:
        return None
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if limit == resource.RLIM_INFINITY:
        return None
    try:
        opened = sum(1 for _ in Path("/dev/fd").iterdir())
    except OSError:
        opened = _SPARED
    return max(0, limit - opened)


def count_connections() -> int:
    """Return how many requests at once hold no job under Belvo's limit, or fewer where they do not fit."""
    free = count_free_descriptors()
    return _WANTED if free is None else max(_AT_LEAST, min(_WANTED, free - _SPARED))
