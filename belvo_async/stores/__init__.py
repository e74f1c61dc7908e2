"""Where parked challenges are kept, so that several processes can share them.

`SqliteChallengeStore` is one file for the processes of one machine. `RedisChallengeStore` is for many
machines; it needs the extra `redis`. Both are context managers: `async with SqliteChallengeStore("…") as
store`, then `SessionPool(…, challenge_store=store)`.
"""

from belvo_async.stores._opening import open_store
from belvo_async.stores._redis import RedisChallengeStore, RedisClient
from belvo_async.stores._sqlite import SqliteChallengeStore

__all__ = ["RedisChallengeStore", "RedisClient", "SqliteChallengeStore", "open_store"]
