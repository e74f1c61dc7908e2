"""What an earlier version has pickled is read by this one, whole, and the other way round."""

import pickle

import pytest

from tests.formats.pickles import build_all, dump, find_names, read_file
from tests.formats.places import HERE, find_newest
from tests.formats.public import KEPT_HOME, find_classes, find_errors
from tests.formats.showing import show

EXPECTED = build_all()
FILES = {path.parent.name: read_file(path) for path in sorted(HERE.glob("pickles_*/*.json"))}
NEWEST = read_file(find_newest("pickles") / "pickles.json")
GONE = frozenset(
    {
        "Counts",
        "Durability",
        "JournalBusyError",
        "JournalError",
        "JournalMismatchError",
        "JournalUnreadableError",
        "JournalWriteError",
        "Record",
        "RefreshReport",
    }
)
"""Public once, and taken out on purpose: whoever keeps one cannot read it any more."""
EACH = [
    (version, name)
    for version, pickles in FILES.items()
    for name in pickles
    if name.partition(" ")[0] not in GONE
]


@pytest.mark.parametrize(("version", "name"), EACH)
def test_what_was_pickled_is_read_with_every_field(version: str, name: str) -> None:
    found = pickle.loads(FILES[version][name])  # noqa: S301 - our own bytes
    assert type(found) is type(EXPECTED[name])
    assert show(found) == show(EXPECTED[name])


@pytest.mark.parametrize("name", EXPECTED)
def test_a_pickle_of_today_asks_for_no_name_that_an_earlier_reader_lacks(name: str) -> None:
    assert find_names(dump(EXPECTED[name])) == find_names(NEWEST[name])


@pytest.mark.parametrize("name", EXPECTED)
def test_a_pickle_names_no_private_module(name: str) -> None:
    modules = {found.rpartition(".")[0] for found in find_names(dump(EXPECTED[name]))}
    assert [module for module in modules if "._" in module] == []


def test_every_public_error_and_value_has_a_pickle() -> None:
    pickled = {name.partition(" ")[0] for name in NEWEST}
    values = {kind.__name__ for kind in find_classes(object)} - KEPT_HOME
    # A RecordKind is two functions.
    assert (set(find_errors()) | values) - pickled == {"RecordKind"}
