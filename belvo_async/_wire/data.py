"""The rows of data resources in the responses of the API."""

from collections.abc import Iterator
from typing import TypeVar

from belvo_async._http import Request, Response
from belvo_async._wire.error_bodies import unreadable
from belvo_async._wire.json import find_link_id, parse_exactly, read_page
from belvo_async._wire.responses import ANOTHER_LINK, read_as
from belvo_async._wire.rows import read_row as read_object
from belvo_async._wire.rows import share_accounts
from belvo_async.models import Page
from belvo_async.models._data_model import DataModel

D = TypeVar("D", bound=DataModel)


def read_rows(response: Response, request: Request, model: type[D]) -> tuple[D, ...]:
    """Read the rows in a success: a list of objects, or the only one of them, as Belvo sends either.

    Raises:
        UnreadableResponseError: The body is neither, or a row is about another link than the request.
    """
    rows = read_as(response, request, lambda value: _read_list(value, model), parse_exactly)
    if request.link_id is not None and any(link != request.link_id for link in _list_links(rows)):
        raise unreadable(ANOTHER_LINK, response, request)
    return rows


def read_row(response: Response, request: Request, model: type[D]) -> D:
    """Read the only row in a success: an object, or a list of one.

    Raises:
        UnreadableResponseError: The body is neither, or the row is about another link than the request.
    """
    rows = read_rows(response, request, model)
    if len(rows) != 1:
        raise unreadable(f"expected one {model.__name__}, got {len(rows)}", response, request)
    return rows[0]


def read_row_page(response: Response, request: Request, model: type[D]) -> Page[D]:
    """Read one page of rows; items that are no objects are kept beside them.

    Raises:
        UnreadableResponseError: The body is no page.
    """
    return read_as(response, request, lambda value: _read_page(value, model), parse_exactly)


def read_value(response: Response, request: Request) -> object:
    """Read any JSON in a success; None where it has none.

    Raises:
        UnreadableResponseError: The body is something else.
    """
    return read_as(response, request, lambda value: value, parse_exactly) if response.body.strip() else None


def _read_list(value: object, model: type[D]) -> tuple[D, ...]:
    items = value if isinstance(value, list) else [value]
    share_accounts(items, model)
    return tuple([read_object(item, model) for item in items])


def _read_page(value: object, model: type[D]) -> Page[D]:
    results = value.get("results") if isinstance(value, dict) else None
    if isinstance(results, list):
        share_accounts(results, model)
    return read_page(value, model, read_object)


def _list_links(rows: tuple[DataModel, ...]) -> Iterator[str]:
    """Yield the links that rows, or their accounts, name."""
    for row in rows:
        link = getattr(row, "link", None) or getattr(getattr(row, "account", None), "link", None)
        if link is not None:
            yield find_link_id(link) or link
