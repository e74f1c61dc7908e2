"""The one client of the fixtures, on a script of Belvo's answers."""

from belvo_async import RateLimit, SessionPool
from belvo_async.backends import ChallengeStore, MemoryBackend
from belvo_async.testing import ManualClock
from tests.formats.values import ENVIRONMENT, KEYS, NOON


def open_pool(store: ChallengeStore | None = None, clock: ManualClock | None = None) -> SessionPool:
    """Make a pool with the keys and the environment to which the fixtures are bound."""
    clock = clock or ManualClock(start=NOON)
    limit = RateLimit.unlimited()  # the clock stands still
    return SessionPool(
        KEYS, environment=ENVIRONMENT, clock=clock, rate_limit=limit, backend=MemoryBackend(store)
    )
