"""Writes the fixtures of parked text."""

from pathlib import Path
from typing import Final

from tests.formats.places import HERE, write_new
from tests.formats.pools import open_pool
from tests.formats.values import STATES

NEW: Final = HERE / "parked_2"


def write_texts() -> dict[str, str]:
    """Return what `links.park` makes of each state, at noon."""
    pool = open_pool()
    return {name: pool.links.park(state) for name, state in STATES.items()}


def write(directory: Path = NEW) -> None:
    """Write a file for each text."""
    for name, text in write_texts().items():
        write_new(directory / f"{name}.json", f"{text}\n".encode())
