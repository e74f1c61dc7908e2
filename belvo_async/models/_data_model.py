"""What all models of Belvo's data resources have in common."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from attrs import Attribute, field, frozen

_SHOWN: Final = frozenset(
    {
        *("id", "link", "link_id", "account_id", "exchange_id"),
        *("collected_at", "created_at", "updated_at", "last_updated_at", "last_accessed_at", "expired_at"),
    }
)


class _Nothing(Mapping[str, object]):
    """An empty mapping that nobody can fill, so that all rows can share it."""

    __module__ = "belvo_async.models"
    """Where a pickle finds it."""

    def __getitem__(self, key: str) -> object:
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __repr__(self) -> str:
        return "{}"

    def __reduce__(self) -> str:
        return "_NOTHING"


NOTHING: Final = _Nothing()
"""The `extra` of all that has none."""


@frozen(kw_only=True)
class DataModel:
    """An object of a data resource: a row, or a part of one.

    Belvo says what its fields are; any of them may be missing, and is None then, or empty where it is a list.
    Amounts, and all numbers that may have a fraction, are exact decimals.
    """

    extra: Mapping[str, object] = field(default=NOTHING, eq=False, repr=False)
    """Keys that this version does not know, and values that their fields cannot hold, as Belvo sent them."""


def show_ids_only(_: type, attributes: list["Attribute[Any]"]) -> list["Attribute[Any]"]:
    """Keep out of `repr` all that may tell of a person: only ids of Belvo's, and its times, are shown."""
    return [one.evolve(repr=one.name in _SHOWN) for one in attributes]
