"""What import contracts cannot say: circles of files, names that stand twice, facades, the public face."""

import ast
from collections import Counter
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import Path
from typing import Final

import pytest

import belvo_async
from tests.surface import MODULES

ROOT: Final = Path(belvo_async.__file__).parent
FILES: Final = sorted(ROOT.rglob("*.py"))
MOST_MODULES, MOST_FOLDERS = 8, 19
PUBLIC_USERS: Final = ("bulk", "cli", "contrib", "fleet", "web")
"""Folders that any user could have written."""
GROUND: Final = {"belvo_async._clock", "belvo_async._event_loop", "belvo_async._http", "belvo_async._version"}
NOT_IMPORTED: Final = {
    "belvo_async.cli",
    "belvo_async.contrib",
    "belvo_async.testing.challenge_store_suite",
    "belvo_async.testing.coordinator_suite",
    "belvo_async.testing.ledger_suite",
    "belvo_async.testing.plugin",
}
"""Public by other ways than names: a command, a folder of bridges, classes of tests, a plugin of pytest."""
BELOW_BULK: Final = "belvo_async._jobs"


def name_module(file: Path) -> str:
    parts = file.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


NAMES: Final = {name_module(file): file for file in FILES}


def list_imports(file: Path) -> Iterator[str]:
    """Yield the modules of ours that a file imports, wherever it does."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in NAMES)
        elif isinstance(node, ast.ImportFrom) and node.module in NAMES:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in NAMES else node.module


def sort_files(files: Mapping[str, Path]) -> list[str]:
    """Sort modules so that each stands after those that it imports; an error names a circle."""
    graph = {name: set(list_imports(file)) - {name} for name, file in files.items()}
    return list(TopologicalSorter(graph).static_order())


def test_no_files_import_each_other_in_a_circle() -> None:
    assert set(sort_files(NAMES)) == set(NAMES)


def test_the_order_of_files_finds_a_circle(tmp_path: Path) -> None:
    """Without this, the test above would prove nothing."""
    circle = ["belvo_async.mfa", "belvo_async.errors", "belvo_async._pool", "belvo_async.mfa"]
    files = {one: tmp_path / one for one in circle}
    for one, other in pairwise(circle):
        files[one].write_text(f"from {other} import something\n", "utf-8")
    with pytest.raises(CycleError):
        sort_files(files)


def test_no_class_has_the_name_of_another() -> None:
    trees = (ast.parse(file.read_text("utf-8")) for file in FILES)
    named = Counter(node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    assert [name for name, count in named.items() if count > 1] == []


def test_a_module_is_private_or_its_names_were_reviewed() -> None:
    shown = {name for name in NAMES if "._" not in name}
    assert shown - set(MODULES) == NOT_IMPORTED


def test_the_root_can_be_taken_in_at_a_glance() -> None:
    assert len(list(ROOT.glob("*.py"))) <= MOST_MODULES
    assert len([folder for folder in ROOT.iterdir() if (folder / "__init__.py").exists()]) <= MOST_FOLDERS


@pytest.mark.parametrize("folder", [name.rpartition(".")[2] for name in MODULES[1:] if name.count(".") == 1])
def test_a_facade_imports_from_its_own_folder(folder: str) -> None:
    file = ROOT / folder / "__init__.py"
    if file.exists():
        own = (f"belvo_async.{folder}.", *([BELOW_BULK, "belvo_async.backends"] if folder == "bulk" else []))
        assert {name for name in list_imports(file) if not name.startswith(own)} <= {"belvo_async._version"}


@pytest.mark.parametrize("folder", PUBLIC_USERS)
def test_what_users_could_have_written_uses_what_users_can(folder: str) -> None:
    for file in (ROOT / folder).rglob("*.py"):
        others = {name for name in list_imports(file) if not name.startswith(f"belvo_async.{folder}")}
        private = {name for name in others if "._" in name and name not in GROUND}
        assert [
            name for name in private if folder not in ("bulk", "fleet") or not name.startswith(BELOW_BULK)
        ] == [], file
