"""The calls about owners. Generated from Belvo's schema: `make models`."""

from collections.abc import Iterable
from typing import Unpack
from uuid import UUID

from belvo_async.models.owners import Owner
from belvo_async.params._options import Day
from belvo_async.resources._data import DeletableData, ResumableData
from belvo_async.resources._data_options import DataSpec, ListOptions, TokenOptions
from belvo_async.resources._paginator import Paginator

__all__ = ["OwnerFilters", "OwnerOptions", "Owners"]


class OwnerFilters(ListOptions, total=False):
    """What `owners.list` can filter by."""

    created_at: Day
    created_at__gt: Day
    created_at__gte: Day
    created_at__lt: Day
    created_at__lte: Day
    created_at__range: Iterable[Day]
    display_name__icontains: str
    email: str
    id: str | UUID
    id__in: Iterable[str | UUID]
    link: str | UUID
    link__in: Iterable[str | UUID]


class OwnerOptions(TokenOptions, total=False):
    """What `owners.retrieve` can be told."""

    token: str


class Owners(DeletableData[Owner], ResumableData[Owner]):
    """`pool.owners`."""

    _spec = DataSpec(collection="/api/owners/", model=Owner, filters=OwnerFilters, options=OwnerOptions)

    def list(self, **filters: Unpack[OwnerFilters]) -> Paginator[Owner]:
        """List what Belvo has stored; see `DataResource`."""
        return self._list(filters)

    async def retrieve(self, link_id: str | UUID, **options: Unpack[OwnerOptions]) -> tuple[Owner, ...]:
        """Retrieve them from the institution, with one login; see `RetrievableData`."""
        return await self._retrieve(link_id, options)
