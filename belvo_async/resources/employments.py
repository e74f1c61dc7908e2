"""The calls about employments. Generated from Belvo's schema: `make models`."""

from collections.abc import Iterable
from typing import Required, Unpack
from uuid import UUID

from belvo_async.models import AcceptedRequest
from belvo_async.models.employments import Employment
from belvo_async.params._options import Day
from belvo_async.resources._data import DeletableData, RetrievableData
from belvo_async.resources._data_options import BackgroundOptions, DataSpec, ListOptions, RetrievalOptions
from belvo_async.resources._paginator import Paginator

__all__ = ["EmploymentBackgroundOptions", "EmploymentFilters", "EmploymentOptions", "Employments"]


class EmploymentFilters(ListOptions, total=False):
    """What `employments.list` can filter by."""

    created_at: Day
    created_at__gt: Day
    created_at__gte: Day
    created_at__lt: Day
    created_at__lte: Day
    created_at__range: Iterable[Day]
    end_date: Day
    end_date__gt: Day
    end_date__gte: Day
    end_date__lt: Day
    end_date__lte: Day
    end_date__range: Iterable[Day]
    id: str | UUID
    id__in: Iterable[str | UUID]
    link: Required[str | UUID]
    link__in: Iterable[str | UUID]
    start_date: Day
    start_date__gt: Day
    start_date__gte: Day
    start_date__lt: Day
    start_date__lte: Day
    start_date__range: Iterable[Day]


class EmploymentBackgroundOptions(BackgroundOptions, total=False):
    """What `employments.retrieve_in_background` can be told."""

    date_from: Day
    date_to: Day


class EmploymentOptions(EmploymentBackgroundOptions, RetrievalOptions, total=False):
    """What `employments.retrieve` can be told."""


class Employments(DeletableData[Employment], RetrievableData[Employment]):
    """`pool.employments`."""

    _spec = DataSpec(
        collection="/api/br/employments/",
        model=Employment,
        filters=EmploymentFilters,
        options=EmploymentOptions,
    )

    def list(self, **filters: Unpack[EmploymentFilters]) -> Paginator[Employment]:
        """List what Belvo has stored; see `DataResource`."""
        return self._list(filters)

    async def retrieve(
        self, link_id: str | UUID, **options: Unpack[EmploymentOptions]
    ) -> tuple[Employment, ...]:
        """Retrieve them from the institution, with one login; see `RetrievableData`."""
        return await self._retrieve(link_id, options)

    async def retrieve_in_background(
        self, link_id: str | UUID, **options: Unpack[EmploymentBackgroundOptions]
    ) -> AcceptedRequest:
        """Let Belvo retrieve them, and tell by a webhook; see `RetrievableData`."""
        return await self._retrieve_in_background(link_id, options)
