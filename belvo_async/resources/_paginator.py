"""Lists that come in pages."""

import logging
from collections.abc import AsyncIterator, Callable
from typing import Final, Generic, TypeVar

from belvo_async._engine.exchange import Exchange
from belvo_async._engine.lifecycle import Lifecycle
from belvo_async._http import Request, Response
from belvo_async._wire.requests import build_next_read, build_page_read
from belvo_async._wire.responses import read_list
from belvo_async.errors import InvalidValueError, UnreadableResponseError
from belvo_async.models import Page

T = TypeVar("T")

_TOO_MANY: Final = 10**9
_LOG: Final = logging.getLogger("belvo_async")


class Paginator(Generic[T]):
    """A list at Belvo: `async for item in listing`, `async for page in listing.pages()`, `.page(3)`.

    Nothing is read before it is asked for, and no more than one page is held. An item without an id is left
    out and logged; `pages()` shows it, as `page.unreadable`.
    """

    def __init__(
        self,
        exchange: Exchange,
        lifecycle: Lifecycle,
        path: str,
        query: tuple[tuple[str, str], ...],
        model: type[T],
        note: Callable[[T], None] | None = None,
        read: Callable[[Response, Request, type[T]], Page[T]] = read_list,
    ) -> None:
        self._exchange: Final = exchange
        self._lifecycle: Final = lifecycle
        self._path: Final = path
        self._query: Final = query
        self._model: Final = model
        self._note: Final = note
        self._read_page: Final = read

    async def __aiter__(self) -> AsyncIterator[T]:
        """Iterate over the items of all pages, in Belvo's order."""
        async for page in self.pages():
            if page.unreadable:
                _LOG.warning("%s: %d items of a page cannot be read", self._path, len(page.unreadable))
            for item in page:
                yield item

    async def pages(self) -> AsyncIterator[Page[T]]:
        """Iterate over the pages.

        Raises:
            BelvoError: A page could not be read.
        """
        request: Request | None = build_page_read(self._path, self._query)
        seen: set[frozenset[tuple[str, str]]] = set()
        while request is not None:
            page = await self._read(request)
            yield page
            seen.add(frozenset(request.query))
            request = build_next_read(request, page)
            if request is not None and frozenset(request.query) in seen:
                raise UnreadableResponseError(
                    "The page's `next` leads round in a circle.",
                    remedy="Read single pages with .page(number).",
                )

    async def page(self, number: int) -> Page[T]:
        """Read one page; the first has the number 1.

        Raises:
            InvalidValueError: The number is below 1.
            BelvoError: The page could not be read.
        """
        if type(number) is not int or not 1 <= number < _TOO_MANY:
            raise InvalidValueError.of("number", "is not a page number", remedy="Pages count from 1.")
        return await self._read(build_page_read(self._path, (*self._query, ("page", str(number)))))

    async def _read(self, request: Request) -> Page[T]:
        with self._lifecycle:
            page = self._read_page(await self._exchange.fetch(request), request, self._model)
        if self._note is not None:
            for item in page.results:
                self._note(item)
        return page
