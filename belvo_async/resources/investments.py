"""The calls about investments. Generated from Belvo's schema: `make models`."""

from collections.abc import Iterable
from typing import Required, Unpack
from uuid import UUID

from belvo_async.models.investments import Investment
from belvo_async.params._options import Day
from belvo_async.resources._data import DeletableData, RetrievableData
from belvo_async.resources._data_options import DataSpec, ListOptions, RetrievalOptions
from belvo_async.resources._paginator import Paginator

__all__ = ["InvestmentFilters", "InvestmentOptions", "Investments"]


class InvestmentFilters(ListOptions, total=False):
    """What `investments.list` can filter by."""

    created_at: Day
    created_at__gt: Day
    created_at__gte: Day
    created_at__lt: Day
    created_at__lte: Day
    created_at__range: Iterable[Day]
    id: str | UUID
    id__in: Iterable[str | UUID]
    link: Required[str | UUID]
    link__in: Iterable[str | UUID]
    type: str
    type__in: Iterable[str]


class InvestmentOptions(RetrievalOptions, total=False):
    """What `investments.retrieve` can be told."""


class Investments(DeletableData[Investment], RetrievableData[Investment]):
    """`pool.investments`."""

    _spec = DataSpec(
        collection="/api/br/investments/",
        model=Investment,
        filters=InvestmentFilters,
        options=InvestmentOptions,
    )

    def list(self, **filters: Unpack[InvestmentFilters]) -> Paginator[Investment]:
        """List what Belvo has stored; see `DataResource`."""
        return self._list(filters)

    async def retrieve(
        self, link_id: str | UUID, **options: Unpack[InvestmentOptions]
    ) -> tuple[Investment, ...]:
        """Retrieve them from the institution, with one login; see `RetrievableData`."""
        return await self._retrieve(link_id, options)
