"""`python -m tools.models`: write the models and the calls; with `--check`, only tell whether they differ."""

import ast
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from tools.models.calls import Resource, write_attributes, write_calls
from tools.models.models import ModelWriter
from tools.models.resources import RESOURCES, load_schema

PACKAGE: Final = Path(__file__).parents[2] / "belvo_async"
ATTRIBUTES: Final = "resources/_data_resources.py"


def write_modules() -> dict[str, str]:
    """Return the text of each generated module by its path in the package, formatted."""
    schema = load_schema()
    resources = [Resource(name, model, path, schema) for name, (model, path) in RESOURCES.items()]
    texts = {f"models/{name}.py": text for name, text in ModelWriter(schema, _list_taken()).write_all()}
    texts |= {f"resources/{resource.name}.py": write_calls(resource) for resource in resources}
    texts[ATTRIBUTES] = write_attributes(resources)
    return {path: _format(path, text) for path, text in texts.items()}


def _list_taken() -> frozenset[str]:
    """Return the names of the classes in the package that are written by hand."""
    generated = {PACKAGE / folder / f"{name}.py" for folder in ("models", "resources") for name in RESOURCES}
    files = sorted(set(PACKAGE.rglob("*.py")) - generated - {PACKAGE / ATTRIBUTES})
    return frozenset(name for file in files for name in _list_classes(file))


def _list_classes(file: Path) -> Iterator[str]:
    tree = ast.parse(file.read_text("utf-8"))
    return (node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef))


def _format(path: str, text: str) -> str:
    """Format a module as the project does."""
    name = str(PACKAGE / path)
    for command in (("check", "--fix-only", "--select", "I,RUF022", "--quiet"), ("format", "--quiet")):
        ruff = [sys.executable, "-m", "ruff", *command, "--stdin-filename", name, "-"]
        text = subprocess.run(ruff, input=text, capture_output=True, text=True, check=True).stdout
    return text


def find_differences(texts: Mapping[str, str]) -> list[str]:
    """Return the paths of modules that are not as they are to be written."""
    return [
        path
        for path, text in texts.items()
        if not (PACKAGE / path).exists() or (PACKAGE / path).read_text("utf-8") != text
    ]


if __name__ == "__main__":
    written = write_modules()
    if "--check" in sys.argv:
        sys.exit("\n".join(find_differences(written)) or None)
    for place, module in written.items():
        (PACKAGE / place).write_text(module, "utf-8")
