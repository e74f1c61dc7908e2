"""The calls about current employments. Generated from Belvo's schema: `make models`."""

from collections.abc import Iterable
from typing import Unpack
from uuid import UUID

from belvo_async.models.current_employments import CurrentEmployment
from belvo_async.params._options import Day
from belvo_async.resources._data import DeletableData, RetrievableData
from belvo_async.resources._data_options import DataSpec, PageOptions, WholeRowOptions
from belvo_async.resources._paginator import Paginator

__all__ = ["CurrentEmploymentFilters", "CurrentEmploymentOptions", "CurrentEmployments"]


class CurrentEmploymentFilters(PageOptions, total=False):
    """What `current_employments.list` can filter by."""

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
    link: str | UUID
    link__in: Iterable[str | UUID]


class CurrentEmploymentOptions(WholeRowOptions, total=False):
    """What `current_employments.retrieve` can be told."""


class CurrentEmployments(DeletableData[CurrentEmployment], RetrievableData[CurrentEmployment]):
    """`pool.current_employments`."""

    _spec = DataSpec(
        collection="/api/mx/current-employments/",
        model=CurrentEmployment,
        filters=CurrentEmploymentFilters,
        options=CurrentEmploymentOptions,
    )

    def list(self, **filters: Unpack[CurrentEmploymentFilters]) -> Paginator[CurrentEmployment]:
        """List what Belvo has stored; see `DataResource`."""
        return self._list(filters)

    async def retrieve(
        self, link_id: str | UUID, **options: Unpack[CurrentEmploymentOptions]
    ) -> tuple[CurrentEmployment, ...]:
        """Retrieve them from the institution, with one login; see `RetrievableData`."""
        return await self._retrieve(link_id, options)
