"""The command line: `belvo-async`, which comes with the extra `cli`."""

import sys
from importlib.util import find_spec
from typing import Final

_EXTRAS: Final = ("typer", "rich", "segno")


def main() -> None:
    """Run the command line; never returns."""
    missing = [name for name in _EXTRAS if find_spec(name) is None]
    if missing:
        sys.stderr.write(
            f"The command line needs {', '.join(missing)}: python -m pip install 'belvo-async[cli]'\n"
        )
        sys.exit(2)
    try:
        from belvo_async.cli._app import run  # noqa: PLC0415 - what it imports comes with an extra

        run()
    except KeyboardInterrupt:
        sys.exit(130)
