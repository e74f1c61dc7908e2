"""Shared records of any version are read, as deploys roll, and a changed form has a new version."""

import json
from pathlib import Path

import pytest

from tests.formats.places import HERE, find_newest
from tests.formats.shared_records import RECORDS

TEXTS = sorted(HERE.glob("shared_records_*/*.json"))


def name(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


@pytest.mark.parametrize("path", TEXTS, ids=name)
def test_a_record_is_read_as_it_was_written(path: Path) -> None:
    kind, record = RECORDS[path.stem]
    assert kind.load(path.read_text("utf-8")) == record


@pytest.mark.parametrize("path", sorted(find_newest("shared_records").glob("*.json")), ids=name)
def test_the_same_record_is_still_written_as_the_same_text(path: Path) -> None:
    kind, record = RECORDS[path.stem]
    assert json.loads(kind.dump(record)) == json.loads(path.read_text("utf-8"))


def test_each_record_has_a_fixture_in_the_newest_version() -> None:
    assert {path.stem for path in find_newest("shared_records").glob("*.json")} == set(RECORDS)
