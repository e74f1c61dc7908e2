"""Writes the fixtures of the records that processes share: a window and leases, as text."""

from pathlib import Path
from typing import Any, Final

from belvo_async.backends import RecordKind
from belvo_async.backends._lease import LEASE, Lease, LeasePhase
from belvo_async.backends._pause import Pause
from belvo_async.backends._window import WINDOW, Place, Window
from tests.formats.places import HERE, write_new

NEW: Final = HERE / "shared_records_2"
# Any: each kind has records of its own.
RECORDS: Final[dict[str, tuple[RecordKind[Any], object]]] = {
    "window": (WINDOW, Window(starts=[990.5, 1000.0], paced_until=1000.75, size=80, span=30.3)),
    "window_waited_for": (
        WINDOW,
        Window(starts=[1000.0], places=[Place(3, 2, 1000.3)], next_number=4, size=80, span=30.3),
    ),
    "window_paused": (
        WINDOW,
        Window(pause=Pause(epoch=2, until=1060.0, probe_until=1065.0, length=60.0, blocked=[970.0, 1000.0])),
    ),
    "lease_free": (LEASE, Lease(fence=7, holder="0f" * 8)),
    "lease_waiting": (LEASE, Lease(LeasePhase.WAITING, 1, "0f" * 8, 1015.0, "link")),
    "lease_sent": (LEASE, Lease(LeasePhase.SENT, 1, "0f" * 8, 1330.0, "link")),
    "lease_sent_of_user": (LEASE, Lease(LeasePhase.SENT, 1, "0f" * 8, 1330.0, None, 1000.0, "link")),
    "lease_asked": (LEASE, Lease(LeasePhase.ASKED, 1, "0f" * 8, 1015.0, None)),
}


def write(directory: Path = NEW) -> None:
    """Write a file for each record."""
    for name, (kind, record) in RECORDS.items():
        write_new(directory / f"{name}.json", f"{kind.dump(record)}\n".encode())
