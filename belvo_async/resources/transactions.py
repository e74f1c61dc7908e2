"""The calls about transactions. Generated from Belvo's schema: `make models`."""

from collections.abc import Iterable
from typing import Required, Unpack
from uuid import UUID

from belvo_async.models import AcceptedRequest
from belvo_async.models.transactions import Transaction
from belvo_async.params._options import Amount, Day
from belvo_async.resources._data import DeletableData, ResumableData
from belvo_async.resources._data_options import BackgroundOptions, DataSpec, ListOptions, TokenOptions
from belvo_async.resources._paginator import Paginator

__all__ = ["TransactionBackgroundOptions", "TransactionFilters", "TransactionOptions", "Transactions"]


class TransactionFilters(ListOptions, total=False):
    """What `transactions.list` can filter by."""

    account: str | UUID
    account__balance__available: Amount
    account__balance__available__gt: Amount
    account__balance__available__gte: Amount
    account__balance__available__lt: Amount
    account__balance__available__lte: Amount
    account__balance__available__range: Iterable[Amount]
    account__balance__current: Amount
    account__balance__current__gt: Amount
    account__balance__current__gte: Amount
    account__balance__current__lt: Amount
    account__balance__current__lte: Amount
    account__balance__current__range: Iterable[Amount]
    account__in: Iterable[str | UUID]
    account_type: str
    account_type__in: Iterable[str]
    accounting_date: Day
    accounting_date__gt: Day
    accounting_date__gte: Day
    accounting_date__lt: Day
    accounting_date__lte: Day
    accounting_date__range: Iterable[Day]
    amount: Amount
    amount__gt: Amount
    amount__gte: Amount
    amount__lt: Amount
    amount__lte: Amount
    amount__range: Iterable[Amount]
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
    credit_card_data__bill_name__in: Iterable[str]
    currency: str
    currency__in: Iterable[str]
    link: Required[str | UUID]
    link__in: Iterable[str | UUID]
    reference: str
    reference__in: Iterable[str]
    status: str
    status__in: Iterable[str]
    type: str
    type__in: Iterable[str]
    value_date: Day
    value_date__gt: Day
    value_date__gte: Day
    value_date__lt: Day
    value_date__lte: Day
    value_date__range: Iterable[Day]


class TransactionBackgroundOptions(BackgroundOptions, total=False):
    """What `transactions.retrieve_in_background` can be told."""

    account: str | UUID
    date_from: Required[Day]
    date_to: Required[Day]
    token: str


class TransactionOptions(TransactionBackgroundOptions, TokenOptions, total=False):
    """What `transactions.retrieve` can be told."""


class Transactions(DeletableData[Transaction], ResumableData[Transaction]):
    """`pool.transactions`."""

    _spec = DataSpec(
        collection="/api/transactions/",
        model=Transaction,
        filters=TransactionFilters,
        options=TransactionOptions,
    )

    def list(self, **filters: Unpack[TransactionFilters]) -> Paginator[Transaction]:
        """List what Belvo has stored; see `DataResource`."""
        return self._list(filters)

    async def retrieve(
        self, link_id: str | UUID, **options: Unpack[TransactionOptions]
    ) -> tuple[Transaction, ...]:
        """Retrieve them from the institution, with one login; see `RetrievableData`."""
        return await self._retrieve(link_id, options)

    async def retrieve_in_background(
        self, link_id: str | UUID, **options: Unpack[TransactionBackgroundOptions]
    ) -> AcceptedRequest:
        """Let Belvo retrieve them, and tell by a webhook; see `RetrievableData`."""
        return await self._retrieve_in_background(link_id, options)
