"""Every example of the README and of the documentation runs as it is written.

The convention, for whoever writes a page:

- Every `python` block of the README and of the tutorial is a whole file.
- The `python` blocks of any other page run in order and in one namespace, as if they stood in one file.
- Somebody at the terminal answers: `input` with the token 111111, `getpass` with a new password.
- The environment variables of `SessionPool` lead to a sandbox, and `LINK_ID` is a link of it whose
  bank asks for a token.
- `TEMPORAL_ADDRESS` leads to a Temporal server, on a page that names it.
- A `text` block is what the terminal shows of the `python` block right before it: what it prints, and each
  prompt of `input` with the answer. Where many links are updated at once, the order of the lines is open.
- A `python` block with tests in it is a test file, and pytest passes on it.
- A `sh` block holds commands that exist.
"""

import contextlib
import getpass
import io
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import typer

from belvo_async.cli._app import app
from tests.docs.belvo_nearby import serve_belvo
from tests.docs.pages import DOCS, README, ROOT, Block, list_pages, name_page, read_blocks

WHOLE_FILES = {README, DOCS / "tutorial.md"}
IN_ANY_ORDER = {DOCS / "how-to" / "many-links.md"}
VARIABLES = {"BELVO_SECRET_ID", "BELVO_SECRET_PASSWORD", "BELVO_ENVIRONMENT", "LINK_ID"}
PYTEST_SETTINGS = """
[pytest]
asyncio_mode = auto
asyncio_default_fixture_loop_scope = function
filterwarnings = error
"""


def _list_pages(info: str) -> list[Any]:
    found = [page for page in list_pages() if any(block.info == info for block in read_blocks(page))]
    return [pytest.param(page, id=name_page(page)) for page in found]


def _answer(prompt: str = "") -> str:
    print(f"{prompt}111111")  # noqa: T201 - as the terminal shows it
    return "111111"


def _is_test_file(block: Block) -> bool:
    return "def test_" in block.text or "class Test" in block.text


@pytest.fixture
def visitor(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Somebody who tries the examples in an empty folder."""
    with serve_belvo() as variables:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr("builtins.input", _answer)
        monkeypatch.setattr(getpass, "getpass", lambda *_: "new-password")
        monkeypatch.chdir(tmp_path)
        yield


@pytest.mark.usefixtures("visitor")
@pytest.mark.parametrize("page", _list_pages("python"))
def test_examples_run_as_written_and_print_what_the_page_says(
    page: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks = list(read_blocks(page))
    if any("TEMPORAL_ADDRESS" in block.text for block in blocks):
        monkeypatch.setenv("TEMPORAL_ADDRESS", request.getfixturevalue("temporal"))
    namespace: dict[str, Any] = {}
    arrange = sorted if page in IN_ANY_ORDER else list
    for block, following in pairwise([*blocks, Block(info="", text="", line=0)]):
        if block.info == "python" and not _is_test_file(block):
            printed = _run(block, page, {} if page in WHOLE_FILES else namespace)
            if following.info == "text":
                assert arrange(printed.splitlines()) == arrange(following.text.splitlines())


def _run(block: Block, page: Path, namespace: dict[str, Any]) -> str:
    # Empty lines first, so that a traceback shows the line of the page.
    code = compile("\n" * (block.line - 1) + block.text, str(page), "exec")
    namespace["__name__"] = "__main__"
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code, namespace)  # noqa: S102 - our own pages
    return printed.getvalue()


def test_test_files_pass(tmp_path: Path) -> None:
    """One run of pytest for all of them: it takes a second to start."""
    blocks = [block for page in list_pages() for block in read_blocks(page)]
    files = [block for block in blocks if block.info == "python" and _is_test_file(block)]
    assert files
    for number, block in enumerate(files):
        (tmp_path / f"test_page_{number}.py").write_text(block.text, "utf-8")
    (tmp_path / "pytest.ini").write_text(PYTEST_SETTINGS, "utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)  # noqa: S603
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("page", _list_pages("sh"))
def test_commands_exist(page: Path) -> None:
    for block in read_blocks(page):
        if block.info == "sh":
            for line in block.text.splitlines():
                _check_command(shlex.split(line, comments=True))


def _check_command(words: list[str]) -> None:
    match words:
        case ["make", target]:
            assert f"\n{target}:" in (ROOT / "Makefile").read_text("utf-8")
        case ["pip", "install", package]:
            _check_package(package)
        case ["belvo-async", *arguments]:
            _check_arguments(typer.main.get_command(app), arguments)
        case ["export", assignment]:
            assert assignment.partition("=")[0] in {*VARIABLES, "BELVO_BACKEND"}
        case _:
            assert not words, f"not known: {words}"


def _check_package(package: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    name, _, extras = package.rstrip("]").partition("[")
    assert name in {project["name"], "."}
    assert set(extras.split(",")) - {""} <= project["optional-dependencies"].keys()


def _check_arguments(command: Any, arguments: list[str]) -> None:
    options = {name for parameter in command.params for name in parameter.opts}
    for word in arguments:
        if word in getattr(command, "commands", {}):
            command = command.commands[word]
            options |= {name for parameter in command.params for name in parameter.opts}
        elif word.startswith("--"):
            assert word.partition("=")[0] in options | {"--help"}
    assert not hasattr(command, "commands") or arguments[-1].startswith("--")
