"""The calls about employment records. Generated from Belvo's schema: `make models`."""

from collections.abc import Iterable
from typing import Unpack
from uuid import UUID

from belvo_async.models import AcceptedRequest
from belvo_async.models.employment_records import EmploymentRecord
from belvo_async.params._options import Day
from belvo_async.resources._data import DeletableData, RetrievableData
from belvo_async.resources._data_options import BackgroundOptions, DataSpec, ListOptions, RetrievalOptions
from belvo_async.resources._paginator import Paginator

__all__ = [
    "EmploymentRecordBackgroundOptions",
    "EmploymentRecordFilters",
    "EmploymentRecordOptions",
    "EmploymentRecords",
]


class EmploymentRecordFilters(ListOptions, total=False):
    """What `employment_records.list` can filter by."""

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
    internal_identification: str
    internal_identification__in: Iterable[str]
    link: str | UUID
    link__in: Iterable[str | UUID]


class EmploymentRecordBackgroundOptions(BackgroundOptions, total=False):
    """What `employment_records.retrieve_in_background` can be told."""

    attach_pdf: bool


class EmploymentRecordOptions(EmploymentRecordBackgroundOptions, RetrievalOptions, total=False):
    """What `employment_records.retrieve` can be told."""


class EmploymentRecords(DeletableData[EmploymentRecord], RetrievableData[EmploymentRecord]):
    """`pool.employment_records`."""

    _spec = DataSpec(
        collection="/api/employment-records/",
        model=EmploymentRecord,
        filters=EmploymentRecordFilters,
        options=EmploymentRecordOptions,
    )

    def list(self, **filters: Unpack[EmploymentRecordFilters]) -> Paginator[EmploymentRecord]:
        """List what Belvo has stored; see `DataResource`."""
        return self._list(filters)

    async def retrieve(
        self, link_id: str | UUID, **options: Unpack[EmploymentRecordOptions]
    ) -> tuple[EmploymentRecord, ...]:
        """Retrieve them from the institution, with one login; see `RetrievableData`."""
        return await self._retrieve(link_id, options)

    async def retrieve_in_background(
        self, link_id: str | UUID, **options: Unpack[EmploymentRecordBackgroundOptions]
    ) -> AcceptedRequest:
        """Let Belvo retrieve them, and tell by a webhook; see `RetrievableData`."""
        return await self._retrieve_in_background(link_id, options)
