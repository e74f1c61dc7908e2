"""Fresh environments to try a wheel in: with each Python, and with old and new dependencies."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
OLDEST = ROOT / "constraints" / "oldest.txt"
THIS = f"{sys.version_info.major}.{sys.version_info.minor}"


def run(*command: str | Path, cwd: Path = ROOT, **environment: str) -> str:
    """Run a command; return what it wrote, and fail with it."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


class Setting(NamedTuple):
    """A Python, and the dependencies to install."""

    version: str
    interpreter: str
    constraints: Path | None = None

    def __str__(self) -> str:
        return f"{self.version}-{'newest' if self.constraints is None else self.constraints.stem}"


def find_interpreters() -> dict[str, str]:
    """Return an interpreter for each version that the package supports and this machine has."""
    classifiers = (ROOT / "pyproject.toml").read_text("utf-8")
    found: dict[str, str] = {}
    for version in re.findall(r"Python :: (3\.\d+)", classifiers):
        name = f"python{version}"
        pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
        candidates = [shutil.which(name), *map(str, sorted(pyenv.glob(f"{version}.*/bin/{name}")))]
        working = (candidate for candidate in candidates if candidate is not None and _works(candidate))
        if (interpreter := next(working, None)) is not None:
            found[version] = interpreter
    return {**found, THIS: sys.executable}


def _works(interpreter: str) -> bool:
    command = [interpreter, "-c", "import ensurepip, ssl, sqlite3, venv"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def list_settings() -> list[Setting]:
    """Return this Python with the oldest dependencies, and the newest other one with the newest.

    `make test` runs more with this Python and the newest; the workflow has a job for each Python.
    """
    interpreters = find_interpreters()
    oldest = Setting(THIS, interpreters.pop(THIS), OLDEST)
    return [oldest, *(Setting(version, found) for version, found in list(interpreters.items())[-1:])]


def install(setting: Setting, directory: Path, *packages: str | Path) -> Path:
    """Make an environment; return its Python."""
    run(setting.interpreter, "-m", "venv", directory)
    python = directory / "bin" / "python"
    pip = (python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    run(*pip, "pip>=25.1")
    constraints = () if setting.constraints is None else ("--constraint", setting.constraints)
    run(*pip, *packages, *constraints)
    return python
