"""What waits for the rate limit: a snapshot for gauges."""

from attrs import frozen


@frozen
class QueueLoad:
    """How many requests of one class wait for the limit, and how long the next one would."""

    waiting: int
    seconds: float
    """Until its start, as far as is known now."""


@frozen
class PoolLoad:
    """What waits for the limit of requests now, by class."""

    answers: QueueLoad
    """Answers to challenges, and status checks."""
    calls: QueueLoad
    jobs: QueueLoad
    paused: float
    """Seconds for which nothing is sent, as the server has refused a request; 0 where it has not."""
