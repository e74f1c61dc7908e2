"""One job over many machines, on an engine of your own that carries each task out at least once.

`admit` takes the links into the ledger of the pool's backend, and yields their ids for the engine. Its tasks
call `advance`, which takes one link a step further and says what is next.
"""

from belvo_async._version import publish as _publish
from belvo_async.fleet._admission import admit, pause, resume, retry
from belvo_async.fleet._advance import advance
from belvo_async.fleet._next_step import CheckLater, Ended, NeedsToken, NextStep
from belvo_async.fleet._retrieval import Retrieval
from belvo_async.fleet._task_queue import TaskQueue

__all__ = [
    "CheckLater",
    "Ended",
    "NeedsToken",
    "NextStep",
    "Retrieval",
    "TaskQueue",
    "admit",
    "advance",
    "pause",
    "resume",
    "retry",
]

_publish(globals())
