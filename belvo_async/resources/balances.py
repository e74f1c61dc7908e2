"""The calls about balances. Generated from Belvo's schema: `make models`."""

from collections.abc import Iterable
from typing import Required, Unpack
from uuid import UUID

from belvo_async.models.balances import Balance
from belvo_async.params._options import Day
from belvo_async.resources._data import RetrievableData
from belvo_async.resources._data_options import DataSpec, ListOptions, RetrievalOptions
from belvo_async.resources._paginator import Paginator

__all__ = ["BalanceFilters", "BalanceOptions", "Balances"]


class BalanceFilters(ListOptions, total=False):
    """What `balances.list` can filter by."""

    account: str | UUID
    account__in: Iterable[str | UUID]
    collected_at: Day
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
    id: str | UUID
    id__in: Iterable[str | UUID]
    link: Required[str | UUID]
    link__in: Iterable[str | UUID]


class BalanceOptions(RetrievalOptions, total=False):
    """What `balances.retrieve` can be told."""

    account_id: str | UUID


class Balances(RetrievableData[Balance]):
    """`pool.balances`."""

    _spec = DataSpec(
        collection="/api/br/balances/", model=Balance, filters=BalanceFilters, options=BalanceOptions
    )

    def list(self, **filters: Unpack[BalanceFilters]) -> Paginator[Balance]:
        """List what Belvo has stored; see `DataResource`."""
        return self._list(filters)

    async def retrieve(self, link_id: str | UUID, **options: Unpack[BalanceOptions]) -> tuple[Balance, ...]:
        """Retrieve them from the institution, with one login; see `RetrievableData`."""
        return await self._retrieve(link_id, options)
