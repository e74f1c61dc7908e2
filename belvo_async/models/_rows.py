"""What all models of data have in common."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeVar, dataclass_transform

from attrs import Attribute, field, frozen

T = TypeVar("T")

_SHOWN: Final = frozenset(
    {"id", "link", "collected_at", "created_at", "accounting_date", "value_date", "received_at", "valued_at"}
)
"""Fields that tell nothing of a person."""


class _Nothing(Mapping[str, object]):
    """A mapping without anything, one for all."""

    __slots__ = ()

    def __getitem__(self, name: str) -> object:
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __repr__(self) -> str:
        return "{}"

    def __reduce__(self) -> str:
        return "NOTHING"


NOTHING: Final = _Nothing()
"""The `extra` of a row that has none."""


# Any: attrs has it so, as a field may be of any type.
def _hide(_: type, fields: "list[Attribute[Any]]") -> "list[Attribute[Any]]":
    return [one if one.name in _SHOWN else one.evolve(repr=False) for one in fields]


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def row(model: type[T]) -> type[T]:
    """Make a class a model of data, whose `repr` shows nothing of a person: ids and times alone."""
    return frozen(kw_only=True, field_transformer=_hide)(model)


@row
class DataRow:
    """What Belvo knows of somebody: one row of a data resource, or a part of one.

    Every field may be missing. Amounts, and all numbers with a fraction, are `Decimal`. Its `repr` shows ids
    and times alone.
    """

    extra: Mapping[str, object] = field(default=NOTHING, eq=False)
    """What no field can hold, under its name on the wire: keys that are new, and odd values."""
