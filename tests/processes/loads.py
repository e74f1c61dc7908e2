"""What several processes are to do, and within which limit."""

import os
from typing import Any, Final

from attrs import frozen

from tests.processes.worker import Settings

IS_FULL: Final = os.environ.get("BELVO_PROCESSES") == "full"
"""Whether the long forms run too: each takes four minutes or so, nearly all of it waiting."""

SPLIT: Final = "split"
"""No backend, but what one does without: each process has an equal part of the limit.

It keeps the limit today, so that it proves the tests: they raise no false alarm, whatever the fault is.
"""


@frozen(kw_only=True)
class Load:
    """Requests that several processes send, and the limit that they have together."""

    requests: int
    window: float
    shares: tuple[int, ...] = (1, 1, 1, 1)
    """How the requests are divided: one number for each process."""
    limit: int = 80
    margin: float = 0.3
    seed: int = 1

    @property
    def seconds(self) -> float:
        """How long it takes where all is used that the limit allows."""
        return self.requests / self.limit * (self.window + self.margin)

    @property
    def patience(self) -> float:
        """How long to wait for processes that should have ended."""
        return 2 * self.seconds + 60.0

    def divide(self) -> list[int]:
        """Return how many requests each process sends."""
        return [self.requests * share // sum(self.shares) for share in self.shares]

    def build_settings(self, url: str, backend: str | None, **others: Any) -> list[Settings]:  # Any: theirs
        """Build the settings of each process: it has links of its own, and updates each once."""
        first, settings = 0, []
        is_split = backend == SPLIT
        for number, updates in enumerate(self.divide()):
            one = Settings(
                name=f"worker{number}",
                url=url,
                backend=None if is_split else backend,
                updates=updates,
                links=updates,
                first_link=first,
                requests=self.limit // len(self.shares) if is_split else self.limit,
                window=self.window,
                margin=self.margin,
                seed=self.seed,
                **others,
            )
            settings.append(one)
            first += updates
        return settings

    def __str__(self) -> str:
        shares = "even" if len(set(self.shares)) == 1 else "uneven"
        return f"{len(self.shares)}-{shares}-{self.requests}-seed-{self.seed}"
