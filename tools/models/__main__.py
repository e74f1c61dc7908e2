"""Write the modules of models and of calls: `python -m tools.models`."""

import subprocess
import sys
from pathlib import Path
from typing import Final

from tools.models.calls import Calls, write_attributes, write_calls
from tools.models.classes import ModelWriter
from tools.models.schema import RESOURCES, load_schema

PACKAGE: Final = Path(__file__).parents[2] / "belvo_async"


def write_files() -> dict[Path, str]:
    """Return the text of each file."""
    schema = load_schema()
    models = ModelWriter(schema).write_all()
    calls = [
        Calls(name, resource.model, resource.path, schema["operations"], schema["schemas"])
        for name, resource in RESOURCES.items()
    ]
    texts = {PACKAGE / "resources" / f"{one.name}.py": write_calls(one) for one in calls}
    texts[PACKAGE / "resources" / "_data_resources.py"] = write_attributes(calls)
    return {PACKAGE / "models" / f"{name}.py": text for name, text in models.items()} | {
        file: _format(file, text) for file, text in texts.items()
    }


def _format(file: Path, text: str) -> str:
    """Format a module as the project does."""
    for command in (("check", "--fix-only", "--select", "I,RUF022", "--quiet"), ("format", "--quiet")):
        ruff = [sys.executable, "-m", "ruff", *command, "--stdin-filename", str(file), "-"]
        text = subprocess.run(ruff, input=text, capture_output=True, text=True, check=True).stdout
    return text


if __name__ == "__main__":
    for file, text in write_files().items():
        file.write_text(text, "utf-8")
