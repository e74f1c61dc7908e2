"""The calls about bills. Generated from Belvo's schema: `make models`."""

from collections.abc import Iterable
from typing import Required, Unpack
from uuid import UUID

from belvo_async.models.bills import Bill
from belvo_async.params._options import Day
from belvo_async.resources._data import DeletableData, RetrievableData
from belvo_async.resources._data_options import DataSpec, ListOptions, RetrievalOptions
from belvo_async.resources._paginator import Paginator

__all__ = ["BillFilters", "BillOptions", "Bills"]


class BillFilters(ListOptions, total=False):
    """What `bills.list` can filter by."""

    account: str | UUID
    account__in: Iterable[str | UUID]
    collected_at__gt: Day
    collected_at__gte: Day
    collected_at__lt: Day
    collected_at__lte: Day
    collected_at__range: Iterable[Day]
    created_at: Day
    created_at__gt: Day
    created_at__gte: Day
    created_at__lt: Day
    created_at__lte: Day
    created_at__range: Iterable[Day]
    due_date: Day
    due_date__gt: Day
    due_date__gte: Day
    due_date__lt: Day
    due_date__lte: Day
    due_date__range: Iterable[Day]
    id: str | UUID
    id__in: Iterable[str | UUID]
    link: Required[str | UUID]


class BillOptions(RetrievalOptions, total=False):
    """What `bills.retrieve` can be told."""


class Bills(DeletableData[Bill], RetrievableData[Bill]):
    """`pool.bills`."""

    _spec = DataSpec(collection="/api/bills/", model=Bill, filters=BillFilters, options=BillOptions)

    def list(self, **filters: Unpack[BillFilters]) -> Paginator[Bill]:
        """List what Belvo has stored; see `DataResource`."""
        return self._list(filters)

    async def retrieve(self, link_id: str | UUID, **options: Unpack[BillOptions]) -> tuple[Bill, ...]:
        """Retrieve them from the institution, with one login; see `RetrievableData`."""
        return await self._retrieve(link_id, options)
