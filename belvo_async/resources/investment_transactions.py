"""The calls about investment transactions. Generated from Belvo's schema: `make models`."""

from collections.abc import Iterable
from typing import Required, Unpack
from uuid import UUID

from belvo_async.models.investment_transactions import InvestmentTransaction
from belvo_async.params._options import Day
from belvo_async.resources._data import DeletableData, RetrievableData
from belvo_async.resources._data_options import DataSpec, ListOptions, RetrievalOptions
from belvo_async.resources._paginator import Paginator

__all__ = ["InvestmentTransactionFilters", "InvestmentTransactionOptions", "InvestmentTransactions"]


class InvestmentTransactionFilters(ListOptions, total=False):
    """What `investment_transactions.list` can filter by."""

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


class InvestmentTransactionOptions(RetrievalOptions, total=False):
    """What `investment_transactions.retrieve` can be told."""

    date_from: Day
    date_to: Day


class InvestmentTransactions(DeletableData[InvestmentTransaction], RetrievableData[InvestmentTransaction]):
    """`pool.investment_transactions`."""

    _spec = DataSpec(
        collection="/api/br/investment-transactions/",
        model=InvestmentTransaction,
        filters=InvestmentTransactionFilters,
        options=InvestmentTransactionOptions,
    )

    def list(self, **filters: Unpack[InvestmentTransactionFilters]) -> Paginator[InvestmentTransaction]:
        """List what Belvo has stored; see `DataResource`."""
        return self._list(filters)

    async def retrieve(
        self, link_id: str | UUID, **options: Unpack[InvestmentTransactionOptions]
    ) -> tuple[InvestmentTransaction, ...]:
        """Retrieve them from the institution, with one login; see `RetrievableData`."""
        return await self._retrieve(link_id, options)
