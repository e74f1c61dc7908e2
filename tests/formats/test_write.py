"""A fixture is written once."""

from pathlib import Path

import pytest

from tests.formats import places


def test_a_fixture_that_is_there_is_never_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(places, "HERE", tmp_path)
    path = tmp_path / "kind_1" / "fixture"
    for content in (b"first", b"second"):
        places.write_new(path, content)
    assert path.read_bytes() == b"first"
    assert "kept as it is: kind_1" in capsys.readouterr().err


def test_the_newest_version_is_the_highest_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "HERE", tmp_path)
    for version in (2, 10, 9):
        (tmp_path / f"kind_{version}").mkdir()
    assert places.find_newest("kind") == tmp_path / "kind_10"
