"""Where parked challenges are kept, so that several processes can share them.

`MemoryChallengeStore` is the default: it is gone with the process. `SqliteChallengeStore` is one file for the
processes of one machine. `RedisChallengeStore` is for many machines; it needs the extra `redis`. The last two
are context managers: `async with SqliteChallengeStore("…") as store`, then
`SessionPool(…, challenge_store=store)`.
"""

from belvo_async._version import publish as _publish
from belvo_async.backends._challenge_store import ChallengeRow, ChallengeStore
from belvo_async.backends._memory import MemoryChallengeStore
from belvo_async.backends._opening import open_store
from belvo_async.backends._redis import RedisChallengeStore, RedisClient
from belvo_async.backends._sqlite import SqliteChallengeStore

__all__ = [
    "ChallengeRow",
    "ChallengeStore",
    "MemoryChallengeStore",
    "RedisChallengeStore",
    "RedisClient",
    "SqliteChallengeStore",
    "open_store",
]

_publish(globals())
