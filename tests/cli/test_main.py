import subprocess
import sys

import pytest

from belvo_async import __version__
from belvo_async.cli import main
from tests.cli.command import run_command


def test_without_the_extra_one_line_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "segno", None)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert error == "The command line needs segno: python -m pip install 'belvo-async[cli]'\n"


def test_the_package_of_the_command_line_imports_nothing_of_the_extra() -> None:
    check = "import sys, belvo_async.cli; sys.exit(bool({'typer', 'rich', 'segno'} & set(sys.modules)))"
    assert not subprocess.run([sys.executable, "-c", check], check=False).returncode  # noqa: S603 - our own interpreter


def test_ctrl_c_during_the_start_leaves_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("typer.Typer.__call__", interrupt)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 130


@pytest.mark.parametrize("command", [[], ["demo"], ["update"], ["sandbox"], ["links"], ["links", "list"]])
def test_every_help_ends_with_the_exit_codes(command: list[str]) -> None:
    result = run_command(*command, "--help")
    text = " ".join(result.output.split())
    assert result.exit_code == 0
    assert "4 a challenge is left open; 130 interrupted" in text


def test_no_option_takes_a_secret() -> None:
    help_text = run_command("update", "--help").output
    assert "--password2 " in help_text
    assert "--password2 <" not in help_text
    assert "--password " not in help_text
    assert "--token" not in help_text


def test_the_version_is_told() -> None:
    assert run_command("--version").output == f"belvo-async {__version__}\n"


@pytest.mark.usefixtures("no_environment")
@pytest.mark.parametrize("command", [["links", "list"], ["update", "e443df78-9558-467f-9ba9-1faf7a024204"]])
def test_a_missing_variable_is_named(command: list[str]) -> None:
    result = run_command(*command, lines="secret\n")
    assert result.exit_code == 2
    assert result.stderr == (
        "Error: Not set in the environment: BELVO_SECRET_ID, BELVO_SECRET_PASSWORD, BELVO_ENVIRONMENT. "
        "Take the keys from Belvo's dashboard; BELVO_ENVIRONMENT is sandbox or production.\n"
    )
    assert not result.stdout
