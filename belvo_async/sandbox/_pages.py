"""Cuts a list into pages and projects its items."""

from collections.abc import Callable, Sequence
from typing import Final, TypeVar
from urllib.parse import quote

from belvo_async._http import Request
from belvo_async.sandbox._options import SandboxOptions
from belvo_async.sandbox._problems import Problem, RefusedError

Query = tuple[tuple[str, str], ...]
Item = TypeVar("Item")

INVALID_PAGE: Final = Problem("not_found", "Invalid page.")


def build_page(
    items: Sequence[Item],
    show: Callable[[Item], dict[str, object]],
    request: Request,
    origin: str,
    options: SandboxOptions,
) -> dict[str, object]:
    """Return the page of *items* that the query asks for.

    Past the end there is a 404, and a page size that makes no sense means the default one: both are our
    choice, after the framework that Belvo seems to use.
    """
    query = dict(request.query)
    size = min(_read_positive(query.get("page_size"), options.page_size), options.max_page_size)
    number = _read_positive(query.get("page", "1"), 0)
    last = max(1, -(-len(items) // size))
    if not 1 <= number <= last:
        raise RefusedError(404, INVALID_PAGE)
    start = (number - 1) * size
    return {
        "count": len(items),
        "next": _address(request, origin, number + 1) if number < last else None,
        "previous": _address(request, origin, number - 1) if number > 1 else None,
        "results": [project(show(item), query) for item in items[start : start + size]],
    }


def project(item: dict[str, object], query: dict[str, str]) -> dict[str, object]:
    """Keep what `fields` names, and drop what `omit` names."""
    kept = split(query["fields"]) if "fields" in query else list(item)
    dropped = split(query.get("omit", ""))
    return {name: value for name, value in item.items() if name in kept and name not in dropped}


def split(value: str) -> list[str]:
    """Return the parts of a comma-joined list."""
    return [part for part in value.split(",") if part]


def _read_positive(text: str | None, default: int) -> int:
    if text is None or not (text.isascii() and text.isdigit()) or len(text) > 9:
        return default
    return int(text) or default


def _address(request: Request, origin: str, number: int) -> str:
    pairs = [(name, value) for name, value in request.query if name != "page"]
    query = "&".join(
        f"{quote(name)}={quote(value, safe=',')}" for name, value in (*pairs, ("page", str(number)))
    )
    return f"{origin}{request.path}?{query}"
