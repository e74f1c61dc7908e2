"""Where a job stands, as a value."""

import json
from collections.abc import Mapping
from datetime import datetime

import attrs
from attrs import field, frozen

from belvo_async.models._text_limits import write_line

_COLUMNS = ("parked", "refused", "unsettled")


@frozen(kw_only=True)
class JobReport:
    """Where a job stands: this run, and what earlier runs have done for the same job."""

    purpose: str | None = None
    """What the job retrieves, with which options; None where it updates links."""
    total: int | None = None
    """Links in the source, where it is known."""
    read: int = 0
    """Items read from the source in this run."""
    repeated: int = 0
    """Items whose link id had come before: one login each, with the last value that came in time."""
    skipped: int = 0
    """Items that an earlier run had finished."""
    held_back: int = 0
    """Of the skipped items, those whose credentials were refused before and were not sent again."""
    waiting: int = 0
    """Links that wait for their login."""
    in_flight: int = 0
    """Logins under way."""
    asking: int = 0
    """Challenges whose person is being asked."""
    settling: int = 0
    """Logins of an earlier run that are being looked into."""
    updated: int = 0
    retrieved: int = 0
    """Links whose data were retrieved."""
    parked: int = 0
    refused: int = 0
    """Links whose login surely has not succeeded."""
    unsettled: int = 0
    rows: int = 0
    """Rows of data, retrieved in this run."""
    by_institution: Mapping[str, Mapping[str, int]] = field(factory=dict)
    """Counts by outcome for each institution; `unknown` where nobody has named it."""
    by_code: Mapping[str, int] = field(factory=dict)
    """Refused and unsettled links by error code, or by error class where Belvo gave no code."""
    elapsed: float = 0.0
    """Seconds since this run began."""
    rate: float | None = None
    """Links a second, lately; None before there are two."""
    seconds_left: float | None = None
    """From the rate limit, the room for logins, and their measured length; None where that is not known."""
    next_expiry: datetime | None = None
    """When the first open challenge of this run expires, in UTC."""
    stopped: str | None = None
    """Why the run stopped before its end."""
    is_dry_run: bool = False

    @property
    def finished(self) -> int:
        """How many links have a final outcome, in this run or an earlier one."""
        return self.updated + self.retrieved + self.parked + self.refused + self.unsettled

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the outcomes that a job of its purpose can have."""
        return ("updated" if self.purpose is None else "retrieved", *_COLUMNS)

    def to_json(self) -> str:
        """Return one line of JSON with every field; times as ISO 8601."""
        return json.dumps(attrs.asdict(self), default=_write, ensure_ascii=False)

    def to_table(self) -> str:
        """Return lines of text: totals, then a row for each institution, then the error codes."""
        lines = (*self._list_totals(), *self._list_institutions(), *self._list_codes())
        return "\n".join(map(write_line, lines))

    def __str__(self) -> str:
        """Tell the totals in one line."""
        of_total = "" if self.total is None else f" of {self.total}"
        parts = [f"{getattr(self, name)} {name}" for name in self.columns]
        parts += [f"{count} {name}" for name, count in self._list_under_way() if count]
        return f"{self.finished}{of_total} links: {', '.join(parts)}"

    def _list_under_way(self) -> list[tuple[str, int]]:
        return [
            ("in flight", self.in_flight),
            ("asking", self.asking),
            ("settling", self.settling),
            ("waiting", self.waiting),
        ]

    def _list_totals(self) -> list[str]:
        lines = [str(self)]
        if self.rows:
            lines.append(f"{self.rows} rows")
        if self.repeated:
            lines.append(f"{self.repeated} repeated ids, each one login")
        if self.held_back:
            lines.append(f"{self.held_back} held back: the same credentials were refused before")
        if self.stopped:
            lines.append(f"stopped: {self.stopped}")
        return lines

    def _list_institutions(self) -> list[str]:
        if not self.by_institution:
            return []
        width = max(len("institution"), *map(len, self.by_institution))
        rows = [f"{'institution':<{width}}" + "".join(f"{name:>11}" for name in self.columns)]
        for institution, counts in sorted(self.by_institution.items()):
            cells = "".join(f"{counts.get(name, 0):>11}" for name in self.columns)
            rows.append(f"{institution:<{width}}{cells}")
        return ["", *rows]

    def _list_codes(self) -> list[str]:
        if not self.by_code:
            return []
        ordered = sorted(self.by_code.items(), key=lambda item: (-item[1], item[0]))
        return ["", f"why not {self.columns[0]}", *(f"{count:>7}  {code}" for code, count in ordered)]


def _write(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)
