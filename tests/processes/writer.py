"""A process that changes a record until it is killed: `python -m tests.processes.writer PATH`.

It prints the number of each change once it is made.
"""

import sys

from belvo_async.backends import Moment, SqliteCoordinator
from belvo_async.backends._lease import LEASE, Lease

KEY = "link"
PADDING = "x" * 20_000
"""Makes a record that takes several pages, so that a kill comes between two of them."""


def count(lease: Lease, moment: Moment) -> int:
    """Hold the lease, and let it go."""
    hold = lease.hold(moment, str(lease.fence), PADDING, 1.0)
    lease.release(moment, hold.fence)
    return hold.fence


def main() -> None:
    coordinator = SqliteCoordinator(sys.argv[1])
    while True:
        sys.stdout.write(f"{coordinator.change(LEASE, KEY, count)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
