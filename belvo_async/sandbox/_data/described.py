"""Records that are written after a description of their fields, `fields.json`.

There each leaf is a kind, a question mark if it may be null, and what the kind needs: the choices of a
`pick`, the usual size of a `number`, the length of `digits`. A name that ends in `*` stands for one of each
period.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any, Final

from attrs import evolve, frozen

from belvo_async.sandbox._data.origin import derive_digits, derive_id
from belvo_async.sandbox._data.owners import name_person
from belvo_async.sandbox._data.records import Fields
from belvo_async.sandbox._data.statements import find_currency
from belvo_async.sandbox._links import StoredLink, print_time

PERIODS: Final = ("3d", "1w", "1m", "3m", "6m", "12m")
MONTH: Final = timedelta(days=30)
AFTERWARDS: Final = frozenset({"due", "end", "expiration", "expired", "until"})
"""What is in the names of the days that come after the others of their record."""
ABSENCE: Final = 0.2
"""How likely a value that may be null is null."""


@cache
def describe(path: str) -> Mapping[str, Any]:
    """Return what is known of a resource: `filters`, and the fields of its `record`."""
    table: dict[str, dict[str, Any]] = json.loads(
        files("belvo_async.sandbox._data").joinpath("fields.json").read_text("utf-8")
    )
    return table[path]


@frozen(kw_only=True)
class Context:
    """Whose record is written, and when."""

    link: StoredLink
    path: str
    number: int
    """0 is the newest record of its kind, 1 one month older, and so on."""
    at: datetime
    form: str = "record"
    """Which of the resource's descriptions is followed."""
    account: Fields | None = None
    """The account that the record is about."""

    @property
    def id(self) -> str:
        """The id of the record."""
        return derive_id(self.link.id, self.path, self.form, str(self.number))

    @property
    def day(self) -> datetime:
        """The day that the record is about, the same at each retrieval."""
        return self.link.created_at - self.number * MONTH - timedelta(days=1)


def write_record(context: Context) -> Fields:
    """Return one record as its description says."""
    return _RecordWriter(context).write_fields(describe(context.path)[context.form])


class _RecordWriter:
    """Fills one description with values that depend on nothing but the context."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._random = Random(context.id)  # noqa: S311 - repeatable test data
        now = print_time(context.at)
        self._own = {
            "id": context.id,
            "link": context.link.id,
            "link_id": context.link.id,
            "created_at": now,
            "collected_at": now,
            "updated_at": now,
        }
        self._kinds: Mapping[str, Callable[[str, str], object]] = {
            "null": lambda _name, _detail: None,
            "account": lambda _name, _detail: context.account,
            "investment": lambda _name, _detail: write_record(evolve(context, path="br/investments")),
            "number": lambda _name, usual: self._draw_number(Decimal(usual)),
            "int": lambda _name, usual: int(usual),
            "flag": lambda _name, _detail: self._random.random() < 0.5,
            "day": lambda name, _detail: self._draw_time(name)[:10],
            "month": lambda name, _detail: self._draw_time(name)[:7],
            "year": lambda _name, _detail: self._find_year(),
            "time": lambda name, _detail: self._draw_time(name),
            "pick": lambda _name, choices: self._random.choice(choices.split("|")),
            "digits": lambda name, count: derive_digits(int(count), context.id, name),
            "uuid": lambda name, _detail: derive_id(context.id, name),
            "currency": lambda name, _detail: "USD" if name.startswith("foreign") else self._currency,
            "email": lambda _name, _detail: f"{derive_digits(6, context.link.id)}@example.com",
            "name": lambda _name, _detail: name_person(context.link),
            "text": lambda name, text: text or name.replace("_", " ").capitalize(),
        }

    def write_fields(self, description: Mapping[str, Any]) -> Fields:
        """Return a value for each field."""
        return {
            name: self._write(name, part)
            for pattern, part in description.items()
            for name in _expand(pattern)
        }

    def _write(self, name: str, part: Any) -> object:
        if isinstance(part, dict):
            return self.write_fields(part)
        if isinstance(part, list):
            return [self._write(name, part[0])]
        if name in self._own:
            return self._own[name]
        kind, _, detail = part.partition(" ")
        if kind.endswith("?") and self._random.random() < ABSENCE:
            return None
        return self._kinds[kind.rstrip("?")](name, detail)

    @property
    def _currency(self) -> str:
        country = self._context.path.partition("/")[0]
        return {"cl": "CLP", "mx": "MXN"}.get(country) or find_currency(self._context.link)[0]

    def _draw_number(self, usual: Decimal) -> Decimal:
        """Return a number of the usual size: half of it at least, and not above."""
        places = Decimal("0.01") if abs(usual) >= 10 else Decimal("0.0001")
        return (usual * self._random.randint(50, 100) / 100).quantize(places)

    def _find_year(self) -> str:
        monthly = self._context.form == "monthly"
        return str(
            self._context.day.year
            if monthly
            else self._context.link.created_at.year - self._context.number - 1
        )

    def _draw_time(self, name: str) -> str:
        days = timedelta(days=self._random.randint(1, 300))
        is_later = any(part in AFTERWARDS for part in name.split("_"))
        return print_time(self._context.day + days if is_later else self._context.day - days)


def _expand(pattern: str) -> Iterator[str]:
    if not pattern.endswith("*"):
        yield pattern
        return
    for period in PERIODS:
        yield pattern.removesuffix("*") + period
