"""What processes share that behave as one pool: `SessionPool(backend=…)`.

A backend keeps the window of the rate limit, the leases on links, the parked challenges, and the links of
jobs. `MemoryBackend` is the default: one process. `SqliteBackend` is one file for the processes of one
machine. `RedisBackend` and `PostgresBackend` are for many machines, and keep no jobs; they need the extra
`redis` or `postgres`. `make_backend` makes the one that a setting names.

A backend of your own is an object with a `Coordinator`, a `ChallengeStore` and, for jobs, a `Ledger`: for
each there are tests to inherit from in `belvo_async.testing`.
"""

from belvo_async._version import publish as _publish
from belvo_async.backends._backend import Backend, MemoryBackend, RedisBackend, SqliteBackend
from belvo_async.backends._challenge_store import ChallengeRow, ChallengeStore
from belvo_async.backends._coordinator import Coordinator, Moment, RecordKind
from belvo_async.backends._job_status import JobStatus
from belvo_async.backends._lease import LeasePhase
from belvo_async.backends._ledger import JobKey, JobRow, Ledger, LinkCounts, LinkRow, LinkState, OutputEnd
from belvo_async.backends._memory import MemoryChallengeStore
from belvo_async.backends._memory_coordinator import MemoryCoordinator
from belvo_async.backends._memory_ledger import MemoryLedger
from belvo_async.backends._opening import make_backend
from belvo_async.backends._postgres import PostgresChallengeStore
from belvo_async.backends._postgres_backend import PostgresBackend
from belvo_async.backends._postgres_coordinator import PostgresCoordinator
from belvo_async.backends._postgres_ledger import PostgresLedger
from belvo_async.backends._redis import RedisChallengeStore, RedisClient
from belvo_async.backends._redis_coordinator import RedisCoordinator
from belvo_async.backends._retention import Purged, purge
from belvo_async.backends._sqlite import SqliteChallengeStore
from belvo_async.backends._sqlite_coordinator import SqliteCoordinator
from belvo_async.backends._sqlite_ledger import SqliteLedger
from belvo_async.backends._status import (
    BackendStatus,
    LeaseStatus,
    WindowStatus,
    check_backend,
    read_jobs,
    read_status,
)

__all__ = [
    "Backend",
    "BackendStatus",
    "ChallengeRow",
    "ChallengeStore",
    "Coordinator",
    "JobKey",
    "JobRow",
    "JobStatus",
    "LeasePhase",
    "LeaseStatus",
    "Ledger",
    "LinkCounts",
    "LinkRow",
    "LinkState",
    "MemoryBackend",
    "MemoryChallengeStore",
    "MemoryCoordinator",
    "MemoryLedger",
    "Moment",
    "OutputEnd",
    "PostgresBackend",
    "PostgresChallengeStore",
    "PostgresCoordinator",
    "PostgresLedger",
    "Purged",
    "RecordKind",
    "RedisBackend",
    "RedisChallengeStore",
    "RedisClient",
    "RedisCoordinator",
    "SqliteBackend",
    "SqliteChallengeStore",
    "SqliteCoordinator",
    "SqliteLedger",
    "WindowStatus",
    "check_backend",
    "make_backend",
    "purge",
    "read_jobs",
    "read_status",
]

_publish(globals())
