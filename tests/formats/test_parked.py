"""Parked text of any version is read as it was written, and a changed form has a new version."""

import json
from pathlib import Path

import pytest

from tests.formats.parked import write_texts
from tests.formats.places import HERE, find_newest
from tests.formats.pools import open_pool
from tests.formats.showing import show
from tests.formats.values import STATES

TEXTS = sorted(HERE.glob("parked_*/*.json"))


def name(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


@pytest.mark.parametrize("path", TEXTS, ids=name)
def test_a_text_that_was_parked_is_read_as_it_was_written(path: Path) -> None:
    found = open_pool().links.unpark(path.read_text("utf-8").removesuffix("\n"))
    assert show(found) == show(STATES[path.stem])


@pytest.mark.parametrize("path", sorted(find_newest("parked").glob("*.json")), ids=name)
def test_the_same_state_is_still_parked_as_the_same_text(path: Path) -> None:
    assert json.loads(write_texts()[path.stem]) == json.loads(path.read_text("utf-8"))


def test_each_state_has_a_fixture_in_the_newest_version() -> None:
    assert {path.stem for path in find_newest("parked").glob("*.json")} == set(STATES)
