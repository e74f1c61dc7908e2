"""Every example in a docstring runs: at the prompt, stripped of it, and as a test file where it is one."""

import contextlib
import doctest
import io
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import belvo_async
from tests.surface import MODULES

SHOWN = {
    f"belvo_async.{name}"
    for name in (
        "RetryPolicy",
        "SessionPool",
        "backends.SqliteBackend",
        "backends.make_backend",
        "bulk.refresh",
        "bulk.retrieve",
        "contrib.opentelemetry.OpenTelemetryObserver",
        "errors.BelvoError",
        "mfa.advance",
        "params.Credentials",
        "params.LinkUpdate",
        "params.Network",
        "params.RateLimit",
        "resources.Challenges",
        "sandbox.Sandbox",
        "testing.BelvoMock",
        "testing.ManualClock",
        "fleet.advance",
        "web.ChallengePage",
        "web.draw_picture",
        "webhooks.read_webhook",
    )
}
_FENCED = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def list_modules() -> Iterator[str]:
    found = pkgutil.walk_packages(belvo_async.__path__, "belvo_async.")
    return (module.name for module in found if not module.name.endswith("__main__"))


def list_examples() -> dict[str, doctest.DocTest]:
    finder = doctest.DocTestFinder(exclude_empty=True)
    found = (test for name in MODULES for test in finder.find(import_module(name), name))
    return {test.name: test for test in found if test.examples}


EXAMPLES = list_examples()


def test_what_people_use_most_has_an_example() -> None:
    assert set(EXAMPLES) == SHOWN


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_prints_what_it_says(name: str) -> None:
    example = EXAMPLES[name]
    alone = doctest.DocTest(example.examples, {}, name, example.filename, example.lineno, example.docstring)
    report: list[str] = []
    assert doctest.DocTestRunner().run(alone, out=report.append).failed == 0, "".join(report)


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_without_its_prompts_is_a_program(name: str, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    source = "".join(example.source for example in EXAMPLES[name].examples)
    program.write_text(source, "utf-8")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(source, str(program), "exec"), {"__name__": "__main__"})  # noqa: S102 - our own
    told = re.compile(r"print\(|asyncio\.run\(")  # a bare expression shows its value at the prompt alone
    shown = "".join(example.want for example in EXAMPLES[name].examples if told.search(example.source))
    assert printed.getvalue() == shown


def test_fenced_examples_are_test_files_that_pass(tmp_path: Path) -> None:
    sources = [
        source for name in list_modules() for source in _FENCED.findall(import_module(name).__doc__ or "")
    ]
    assert len(sources) == 4
    for number, source in enumerate(sources):
        (tmp_path / f"test_example_{number}.py").write_text(source, "utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "asyncio_mode=auto"]
    run = subprocess.run(  # noqa: S603 - our own
        [*command, str(tmp_path)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert re.search(r"\d\d passed", run.stdout)
