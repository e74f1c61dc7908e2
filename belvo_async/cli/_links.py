"""`belvo-async links list`: the links of the account, as a table or as JSON lines."""

import json
from collections.abc import Sequence
from datetime import datetime

import attrs
from attrs import frozen
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from belvo_async import Link, LinkFilters, SessionPool
from belvo_async.cli._exit_codes import ExitCode
from belvo_async.models import write_line

_LARGEST_PAGE = 1000


@frozen(kw_only=True)
class Wanted:
    """Which links to list, and how."""

    statuses: tuple[str, ...] = ()
    institutions: tuple[str, ...] = ()
    limit: int
    as_json: bool = False

    def build_filters(self) -> LinkFilters:
        """Build the filters of the API's list."""
        filters: LinkFilters = {"page_size": min(self.limit, _LARGEST_PAGE)}
        if self.statuses:
            filters["status__in"] = self.statuses
        if self.institutions:
            filters["institution__in"] = self.institutions
        return filters


async def list_links(pool: SessionPool, wanted: Wanted, output: Console, messages: Console) -> ExitCode:
    """Write the links that are wanted."""
    async with pool:
        links: list[Link] = []
        unreadable = 0
        async for page in pool.links.list(**wanted.build_filters()).pages():
            links += page.results[: wanted.limit - len(links)]
            unreadable += len(page.unreadable)
            if len(links) >= wanted.limit:
                break
    if unreadable:
        messages.print(
            f"{unreadable} items of the list have no readable id and are left out.", style="yellow"
        )
    if wanted.as_json:
        for link in links:
            output.file.write(f"{_write_json(link)}\n")
        return ExitCode.OK
    if links:
        output.print(build_links(links))
    messages.print(_tell_count(len(links), wanted.limit), style="dim")
    return ExitCode.OK


def _tell_count(count: int, limit: int) -> str:
    if count == limit:
        return f"{count} links: the limit is reached, there may be more (--limit)."
    return "No links." if not count else f"{count} links."


def _write_json(link: Link) -> str:
    """Write all that is known of a link; what this version does not know comes as it came."""
    known = attrs.asdict(link, filter=attrs.filters.exclude("extra"))
    return json.dumps(known | dict(link.extra), default=_write_time)


def _write_time(moment: datetime) -> str:
    return moment.isoformat()


def build_links(links: Sequence[Link]) -> Table:
    """Build the table of `links list`; a column that would be empty is left out."""
    has_external_ids = any(link.external_id or "external_id" in link.extra for link in links)
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("id", no_wrap=True)
    for heading in ("institution", "status", "last accessed", *(("external id",) * has_external_ids)):
        table.add_column(heading, overflow="fold")
    for link in links:
        odd = {name: str(value) for name, value in link.extra.items()}  # of a type that nobody knows
        accessed_at = _tell_time(link.last_accessed_at) or odd.get("last_accessed_at", "never")
        cells = [
            link.id,
            link.institution or odd.get("institution", ""),
            link.status or odd.get("status", ""),
            accessed_at,
        ]
        if has_external_ids:
            cells.append(link.external_id or odd.get("external_id", ""))
        table.add_row(*(Text(write_line(cell)) for cell in cells))
    return table


def _tell_time(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment.astimezone():%Y-%m-%d %H:%M}"
