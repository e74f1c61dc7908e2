"""Write the modules of models: `python -m tools.models`."""

from pathlib import Path
from typing import Final

from tools.models.classes import ModelWriter
from tools.models.schema import load_schema

MODELS: Final = Path(__file__).parents[2] / "belvo_async" / "models"


def write_files() -> dict[Path, str]:
    """Return the text of each file."""
    texts = ModelWriter(load_schema()).write_all()
    return {MODELS / f"{name}.py": text for name, text in texts.items()}


if __name__ == "__main__":
    for file, text in write_files().items():
        file.write_text(text, "utf-8")
