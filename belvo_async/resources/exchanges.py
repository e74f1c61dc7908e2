"""The calls about exchanges. Generated from Belvo's schema: `make models`."""

from collections.abc import Iterable
from typing import Required, Unpack
from uuid import UUID

from belvo_async.models.exchanges import CurrencyExchange, CurrencyExchangeEvent
from belvo_async.params._options import Day
from belvo_async.resources._data import DeletableData, RetrievableData
from belvo_async.resources._data_options import DataSpec, ListOptions, RetrievalOptions
from belvo_async.resources._paginator import Paginator

__all__ = ["CurrencyExchangeFilters", "CurrencyExchangeOptions", "Exchanges"]


class CurrencyExchangeFilters(ListOptions, total=False):
    """What `exchanges.list` can filter by."""

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


class CurrencyExchangeOptions(RetrievalOptions, total=False):
    """What `exchanges.retrieve` can be told."""

    date_from: Day
    date_to: Day


class Exchanges(DeletableData[CurrencyExchange], RetrievableData[CurrencyExchange]):
    """`pool.exchanges`."""

    _spec = DataSpec(
        collection="/api/br/exchanges/",
        model=CurrencyExchange,
        filters=CurrencyExchangeFilters,
        options=CurrencyExchangeOptions,
    )

    def list(self, **filters: Unpack[CurrencyExchangeFilters]) -> Paginator[CurrencyExchange]:
        """List what Belvo has stored; see `DataResource`."""
        return self._list(filters)

    async def retrieve(
        self, link_id: str | UUID, **options: Unpack[CurrencyExchangeOptions]
    ) -> tuple[CurrencyExchange, ...]:
        """Retrieve them from the institution, with one login; see `RetrievableData`."""
        return await self._retrieve(link_id, options)

    def history(
        self, item_id: str | UUID, **options: Unpack[ListOptions]
    ) -> Paginator[CurrencyExchangeEvent]:
        """List what has become of one of them."""
        return self._list_below(item_id, "history/", CurrencyExchangeEvent, options)
