"""What the package shows to the outside, and what importing it costs."""

import subprocess
import sys

import pytest

import belvo_async
from belvo_async import errors
from tests.surface import DATA_CALLS, DATA_MODELS, RECORD, write_surface


def test_the_public_names_exist_once_each() -> None:
    assert len(belvo_async.__all__) == len(set(belvo_async.__all__))
    assert all(hasattr(belvo_async, name) for name in belvo_async.__all__)


def test_no_public_name_is_forgotten() -> None:
    shown = {
        name
        for name, value in vars(belvo_async).items()
        if not name.startswith("_") and getattr(value, "__module__", "").startswith("belvo_async")
    }
    assert shown - set(belvo_async.__all__) == set()


def test_names_and_parameters_are_those_that_were_reviewed() -> None:
    assert write_surface() == RECORD.read_text("utf-8"), "run: python -m tests.surface, and look at the diff"


def test_every_error_is_in_the_tree_of_the_docstring() -> None:
    kinds = {name for name, value in vars(errors).items() if isinstance(value, type)}
    named = set((errors.__doc__ or "").replace(",", " ").split())
    assert {kind for kind in kinds if kind.endswith("Error")} <= named


@pytest.mark.parametrize(
    "module",
    [
        "typer",
        "rich",
        "segno",
        "jinja2",
        "redis",
        "psycopg",
        "opentelemetry",
        "procrastinate",
        "temporalio",
        "pytest",
        "aioresponses",
        "belvo_async.sandbox",
        *DATA_MODELS,
        *DATA_CALLS,
    ],
)
def test_importing_the_package_does_not_import(module: str) -> None:
    code = f"import belvo_async, sys; sys.exit({module!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603 - our own


def test_the_models_of_a_resource_load_no_others_but_those_they_hold() -> None:
    code = (
        "import sys, belvo_async.models.bills as _;"
        "print(*(name for name in sys.modules if name.startswith('belvo_async.models.')))"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our own
    loaded = {name for name in done.stdout.split() if "._" not in name}
    assert loaded == {"belvo_async.models.accounts", "belvo_async.models.bills"}


@pytest.mark.parametrize(
    ("missing", "use", "extra"),
    [
        ("jinja2", "import belvo_async.web", "web"),
        ("segno", "import belvo_async.web", "web"),
        (
            "redis",
            "from belvo_async.backends import make_backend; make_backend('redis://127.0.0.1/0')",
            "redis",
        ),
        (
            "psycopg",
            "from belvo_async.backends import make_backend; make_backend('postgresql://127.0.0.1/belvo')",
            "postgres",
        ),
        (
            "psycopg_pool",
            "from belvo_async.backends import make_backend; make_backend('postgresql://127.0.0.1/belvo')",
            "postgres",
        ),
        ("opentelemetry", "import belvo_async.contrib.opentelemetry", "otel"),
        ("procrastinate", "import belvo_async.contrib.procrastinate", "procrastinate"),
        ("temporalio", "import belvo_async.contrib.temporal", "temporal"),
    ],
    ids=[
        "jinja2",
        "segno",
        "redis",
        "psycopg",
        "psycopg_pool",
        "opentelemetry",
        "procrastinate",
        "temporalio",
    ],
)
def test_an_extra_that_is_missing_is_named(missing: str, use: str, extra: str) -> None:
    code = f"import sys; sys.modules[{missing!r}] = None; {use}"
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)  # noqa: S603 - our own
    assert f'pip install "belvo-async[{extra}]"' in done.stderr
    assert done.returncode == 1
