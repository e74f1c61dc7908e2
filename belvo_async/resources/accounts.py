"""The calls about accounts. Generated from Belvo's schema: `make models`."""

from collections.abc import Iterable
from typing import Unpack
from uuid import UUID

from belvo_async.models.accounts import Account
from belvo_async.params._options import Amount, Day
from belvo_async.resources._data import DeletableData, ResumableData
from belvo_async.resources._data_options import DataSpec, ListOptions, TokenOptions
from belvo_async.resources._paginator import Paginator

__all__ = ["AccountFilters", "AccountOptions", "Accounts"]


class AccountFilters(ListOptions, total=False):
    """What `accounts.list` can filter by."""

    balance__available: Amount
    balance__available__gt: Amount
    balance__available__gte: Amount
    balance__available__lt: Amount
    balance__available__lte: Amount
    balance__available__range: Iterable[Amount]
    balance__current: Amount
    balance__current__gt: Amount
    balance__current__gte: Amount
    balance__current__lt: Amount
    balance__current__lte: Amount
    balance__current__range: Iterable[Amount]
    category: str
    category__in: Iterable[str]
    created_at: Day
    created_at__gt: Day
    created_at__gte: Day
    created_at__lt: Day
    created_at__lte: Day
    created_at__range: Iterable[Day]
    currency: str
    currency__in: Iterable[str]
    id: str | UUID
    id__in: Iterable[str | UUID]
    institution: str
    institution__in: Iterable[str]
    link: str | UUID
    link__in: Iterable[str | UUID]
    name: str
    name__icontains: str
    number: str
    number__in: Iterable[str]
    public_identification_name: str
    public_identification_value: str
    type: str


class AccountOptions(TokenOptions, total=False):
    """What `accounts.retrieve` can be told."""

    token: str


class Accounts(DeletableData[Account], ResumableData[Account]):
    """`pool.accounts`."""

    _spec = DataSpec(
        collection="/api/accounts/", model=Account, filters=AccountFilters, options=AccountOptions
    )

    def list(self, **filters: Unpack[AccountFilters]) -> Paginator[Account]:
        """List what Belvo has stored; see `DataResource`."""
        return self._list(filters)

    async def retrieve(self, link_id: str | UUID, **options: Unpack[AccountOptions]) -> tuple[Account, ...]:
        """Retrieve them from the institution, with one login; see `RetrievableData`."""
        return await self._retrieve(link_id, options)
