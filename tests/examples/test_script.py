"""The script: at a terminal, against the sandbox."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.belvo_nearby import serve_belvo

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_without_links_it_tells_how_to_use_it() -> None:
    done = subprocess.run(  # noqa: S603 - our own
        [sys.executable, EXAMPLES / "script.py"], capture_output=True, text=True, check=False, timeout=30
    )
    assert (done.returncode, "python examples/script.py LINK_ID" in done.stderr) == (1, True)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("[!_]*.py")), ids=lambda path: path.stem)
def test_an_example_is_short(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) < 120


def test_links_are_updated_and_the_person_is_asked() -> None:
    with serve_belvo() as variables:
        code = (
            "import getpass, runpy, sys\n"
            "getpass.getpass = lambda prompt: 'new-password'\n"
            "sys.argv = sys.argv[1:]\n"
            "runpy.run_path(sys.argv[0], run_name='__main__')\n"
        )
        done = subprocess.run(  # noqa: S603 - our own
            [sys.executable, "-c", code, EXAMPLES / "script.py", variables["LINK_ID"], "no-link"],
            input="999999\n111111\n",
            env=variables,
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
    assert done.stderr == ""
    assert done.stdout.count("12345") == 2
    assert f"{variables['LINK_ID']}: valid" in done.stdout
    assert "no-link: " in done.stdout
