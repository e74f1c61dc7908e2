"""`pool.institutions`: where Belvo can log in."""

from typing import Final, Unpack

from belvo_async._engine.exchange import Exchange
from belvo_async._engine.lifecycle import Lifecycle
from belvo_async._http import Request
from belvo_async._wire.responses import read_institution_body
from belvo_async.errors import InvalidValueError
from belvo_async.models import Institution
from belvo_async.params import InstitutionFilters
from belvo_async.params._filters import write_filters
from belvo_async.resources._paginator import Paginator

_PATH: Final = "/api/institutions/"
_TOO_LARGE: Final = 2**31
"""Belvo's ids have 32 bits."""
_FILTERS: Final = frozenset(InstitutionFilters.__annotations__)


class Institutions:
    """Reads institutions."""

    def __init__(self, exchange: Exchange, lifecycle: Lifecycle) -> None:
        self._exchange: Final = exchange
        self._lifecycle: Final = lifecycle

    def list(self, **filters: Unpack[InstitutionFilters]) -> Paginator[Institution]:
        """List institutions, filtered by what Belvo's reference names.

        Raises:
            InvalidValueError: A filter is not known, or has a wrong value.
        """
        return Paginator(
            self._exchange, self._lifecycle, _PATH, write_filters(filters, _FILTERS), Institution
        )

    async def get(self, institution_id: int) -> Institution:
        """Read one institution by its number.

        Raises:
            InvalidValueError: The id is not a number.
            NotFoundError: There is none.
        """
        if type(institution_id) is not int or not 0 <= institution_id < _TOO_LARGE:
            raise InvalidValueError.of(
                "institution_id",
                "is not a number",
                remedy="Pass the numeric `id`; find one by name with institutions.list(name=…).",
            )
        request = Request(method="GET", path=f"{_PATH}{institution_id}/")
        with self._lifecycle:
            return read_institution_body(await self._exchange.fetch(request), request, institution_id)
