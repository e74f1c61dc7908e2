"""Writes pickles of all public errors and values into one file, each as a text of its own."""

import base64
import io
import json
import pickle
from collections import Counter
from pathlib import Path
from typing import Final

from tests.formats.places import HERE, write_new
from tests.formats.public import build_error, find_errors, list_values

NEW: Final = HERE / "pickles_5" / "pickles.json"
_PROTOCOL: Final = 4
"""The one that every Python since 3.8 reads and writes; a file is not to depend on who wrote it."""


def build_all() -> dict[str, object]:
    """Return all that is pickled, by the name of its class and a number."""
    seen: Counter[str] = Counter()
    found: dict[str, object] = {name: build_error(kind) for name, kind in find_errors().items()}
    for value in list_values():
        kind = type(value).__name__
        seen[kind] += 1
        found[f"{kind} {seen[kind]}"] = value
    return found


def read_file(path: Path) -> dict[str, bytes]:
    """Return the pickles of a file."""
    texts: dict[str, str] = json.loads(path.read_text("utf-8"))
    return {name: base64.b64decode(text) for name, text in texts.items()}


def dump(value: object) -> bytes:
    """Pickle a value."""
    return pickle.dumps(value, _PROTOCOL)


class _Namer(pickle.Unpickler):
    """Notes which of our names a pickle asks for."""

    names: set[str]

    def find_class(self, module: str, name: str) -> object:
        if module.partition(".")[0] == "belvo_async":  # Python's own differ by its version
            self.names.add(f"{module}.{name}")
        return super().find_class(module, name)


def find_names(data: bytes) -> set[str]:
    """Return the names of ours, with their modules, that a reader of a pickle must have."""
    namer = _Namer(io.BytesIO(data))
    namer.names = set()
    namer.load()
    return namer.names


def write() -> None:
    """Write one file."""
    texts = {name: base64.b64encode(dump(value)).decode() for name, value in build_all().items()}
    write_new(NEW, (json.dumps(texts, indent=0) + "\n").encode())
