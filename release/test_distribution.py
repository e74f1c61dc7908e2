"""What is uploaded: built twice the same, whole, and good where nothing else is installed.

`make package` builds `dist/` and runs this.
"""

import hashlib
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from environments import ROOT, THIS, Setting, install, list_settings, run

EPOCH = "1767225600"
TESTED = (
    *("bulk", "challenges", "cli", "contrib", "engine", "formats", "mfa", "pure", "sandbox", "stores"),
    *("testing", "web"),
    "test_public_names.py",
)
ALLOWED = {
    *("belvo_async", "tests", "docs", "examples", "benchmarks", "constraints", "release", "tools"),
    *("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "LICENSE", "Makefile", "pyproject.toml"),
    *("PKG-INFO", ".gitignore"),
}
FILES = (
    "py.typed",
    "web/templates/form.html",
    "web/templates/message.html",
    "web/templates/operator.html",
    "web/static/page.css",
    "web/static/page.js",
    "web/static/operator.js",
)


def build(directory: Path) -> tuple[Path, Path]:
    """Build both files; return the wheel and the sdist."""
    run(sys.executable, "-m", "build", "--outdir", directory, SOURCE_DATE_EPOCH=EPOCH)
    (wheel,), (sdist,) = directory.glob("*.whl"), directory.glob("*.tar.gz")
    return wheel, sdist


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return build(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="session")
def python(built: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the wheel and its extras, and nothing of the checkout."""
    wheel = f"{built[0]}[cli,otel,postgres,procrastinate,redis,temporal,testing,web]"
    return install(Setting(THIS, sys.executable), tmp_path_factory.mktemp("fresh"), wheel)


def test_two_builds_are_the_same_bytes(built: tuple[Path, Path], tmp_path: Path) -> None:
    again = build(tmp_path)
    for first, second in zip(built, again, strict=True):
        digests = {hashlib.sha256(path.read_bytes()).hexdigest() for path in (first, second)}
        assert (first.name, len(digests)) == (second.name, 1)


def test_the_index_will_show_what_the_readme_says(built: tuple[Path, Path]) -> None:
    assert run(sys.executable, "-m", "twine", "check", "--strict", *built).count("PASSED") == 2


def test_the_wheel_holds_the_package_whole_and_nothing_else(built: tuple[Path, Path]) -> None:
    names = zipfile.ZipFile(built[0]).namelist()
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"belvo_async"}
    assert {f"belvo_async/{name}" for name in FILES} <= set(names)
    assert not [name for name in names if "__pycache__" in name]


def test_the_sdist_holds_no_unwanted_files(built: tuple[Path, Path]) -> None:
    with tarfile.open(built[1]) as archive:
        names = [name.partition("/")[2] for name in archive.getnames()]
    assert {name.partition("/")[0] for name in names} <= ALLOWED
    fixtures = re.compile(r"tests/formats/journal_\d+/")
    left = [name for name in names if fixtures.match(name) is None]
    assert not [
        name for name in left if "__pycache__" in name or "_build" in name or name.endswith(".sqlite")
    ]


def test_the_wheel_runs_where_nothing_else_is_installed(built: tuple[Path, Path], tmp_path: Path) -> None:
    python = install(Setting(THIS, sys.executable), tmp_path / "bare", built[0])
    code = (
        "import belvo_async, belvo_async.bulk, belvo_async.sandbox, belvo_async.backends, belvo_async.testing"
    )
    run(python, "-W", "error", "-c", code, cwd=tmp_path)


@pytest.mark.parametrize("setting", list_settings(), ids=str)
def test_the_tests_pass_on_the_wheel(setting: Setting, built: tuple[Path, Path], tmp_path: Path) -> None:
    """All that need neither the checkout nor a browser; `make test` runs the rest on this Python."""
    wheel = f"{built[0]}[cli,otel,postgres,procrastinate,redis,temporal,testing,web]"
    groups = ("--group", "test", "--group", "examples")
    python = install(setting, tmp_path / "environment", wheel, *groups)
    for name in ("tests", "pyproject.toml"):
        (tmp_path / name).symlink_to(ROOT / name)
    where = "import belvo_async; print(belvo_async.__file__)"
    assert str(ROOT) not in run(python, "-c", where, cwd=tmp_path)
    output = run(
        *(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "auto", "--dist", "worksteal"),
        *(f"tests/{name}" for name in TESTED),
        *("-m", "not slow"),
        cwd=tmp_path,
    )
    print(f"{setting}: {output.splitlines()[-1]}")


def test_the_command_line_is_there(python: Path, tmp_path: Path) -> None:
    assert "belvo-async" in run(python.parent / "belvo-async", "--version", cwd=tmp_path)
    demo = run(python.parent / "belvo-async", "demo", "--links", "30", "--job-links", "0", cwd=tmp_path)
    assert "tokens sent twice" in demo


def test_type_checkers_read_the_types(python: Path, tmp_path: Path) -> None:
    program = tmp_path / "consumer.py"
    program.write_text((ROOT / "release" / "consumer.py").read_text("utf-8"), "utf-8")
    run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "mypy", "basedpyright")
    for command in (("mypy", "--strict"), ("basedpyright", "--level", "error", "--pythonpath", str(python))):
        name, *options = command
        done = subprocess.run(
            [python.parent / name, *options, program],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        errors = [line for line in done.stdout.splitlines() if "error:" in line or " - error" in line]
        assert len(errors) == 1, done.stdout
        assert "int" in errors[0]


def test_importing_the_package_is_quick(python: Path, tmp_path: Path) -> None:
    """Most of it is aiohttp's: ours is less than that again."""
    timing = "import time; start = time.perf_counter(); import {}; print(time.perf_counter() - start)"

    def measure(module: str) -> float:
        return min(float(run(python, "-c", timing.format(module), cwd=tmp_path)) for _ in range(5))

    assert measure("belvo_async") < 2.5 * measure("aiohttp, attrs, cattrs, tenacity")
