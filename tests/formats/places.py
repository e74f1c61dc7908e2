"""Where the fixtures stand: a directory for each format and version, `journal_2` for one."""

import sys
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent


def find_newest(name: str) -> Path:
    """Return the directory of a format's newest version: what today's code has to write."""
    return max(HERE.glob(f"{name}_*"), key=lambda path: int(path.name.rpartition("_")[2]))


def write_new(path: Path, content: bytes) -> None:
    """Write a fixture once: one that is there stays as it is, and is named."""
    path.parent.mkdir(exist_ok=True)
    try:
        with path.open("xb") as file:
            file.write(content)
    except FileExistsError:
        sys.stderr.write(f"kept as it is: {path.relative_to(HERE)}\n")
