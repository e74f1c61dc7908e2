"""The calls about tax returns. Generated from Belvo's schema: `make models`."""

from collections.abc import Iterable
from typing import Required, Unpack
from uuid import UUID

from belvo_async.models.tax_returns import TaxReturn
from belvo_async.params._options import Day
from belvo_async.resources._data import DeletableData, RetrievableData
from belvo_async.resources._data_options import DataSpec, ListOptions, RetrievalOptions
from belvo_async.resources._paginator import Paginator

__all__ = ["TaxReturnFilters", "TaxReturnOptions", "TaxReturns"]


class TaxReturnFilters(ListOptions, total=False):
    """What `tax_returns.list` can filter by."""

    created_at: Day
    created_at__gt: Day
    created_at__gte: Day
    created_at__lt: Day
    created_at__lte: Day
    created_at__range: Iterable[Day]
    ejercicio: int
    ejercicio__gt: int
    ejercicio__gte: int
    ejercicio__lt: int
    ejercicio__lte: int
    ejercicio__range: Iterable[int]
    id: str | UUID
    id__in: Iterable[str | UUID]
    link: str | UUID
    link__in: Iterable[str | UUID]
    tipo_declaracion: str
    tipo_declaracion__in: Iterable[str]


class TaxReturnOptions(RetrievalOptions, total=False):
    """What `tax_returns.retrieve` can be told."""

    attach_pdf: bool
    date_from: Day
    date_to: Day
    type: Required[str]
    year_from: str
    year_to: str


class TaxReturns(DeletableData[TaxReturn], RetrievableData[TaxReturn]):
    """`pool.tax_returns`."""

    _spec = DataSpec(
        collection="/api/tax-returns/",
        model=TaxReturn,
        filters=TaxReturnFilters,
        options=TaxReturnOptions,
        alternatives=(("date_from", "date_to"), ("year_from", "year_to")),
    )

    def list(self, **filters: Unpack[TaxReturnFilters]) -> Paginator[TaxReturn]:
        """List what Belvo has stored; see `DataResource`."""
        return self._list(filters)

    async def retrieve(
        self, link_id: str | UUID, **options: Unpack[TaxReturnOptions]
    ) -> tuple[TaxReturn, ...]:
        """Retrieve them from the institution, with one login; see `RetrievableData`."""
        return await self._retrieve(link_id, options)
