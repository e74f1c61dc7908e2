"""The calls about tax status. Generated from Belvo's schema: `make models`."""

from collections.abc import Iterable
from typing import Unpack
from uuid import UUID

from belvo_async.models.tax_status import TaxStatus
from belvo_async.params._options import Day
from belvo_async.resources._data import DeletableData, RetrievableData
from belvo_async.resources._data_options import DataSpec, ListOptions, RetrievalOptions
from belvo_async.resources._paginator import Paginator

__all__ = ["TaxStatusFilters", "TaxStatusOptions", "TaxStatuses"]


class TaxStatusFilters(ListOptions, total=False):
    """What `tax_status.list` can filter by."""

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


class TaxStatusOptions(RetrievalOptions, total=False):
    """What `tax_status.retrieve` can be told."""

    attach_pdf: bool


class TaxStatuses(DeletableData[TaxStatus], RetrievableData[TaxStatus]):
    """`pool.tax_status`."""

    _spec = DataSpec(
        collection="/api/tax-status/", model=TaxStatus, filters=TaxStatusFilters, options=TaxStatusOptions
    )

    def list(self, **filters: Unpack[TaxStatusFilters]) -> Paginator[TaxStatus]:
        """List what Belvo has stored; see `DataResource`."""
        return self._list(filters)

    async def retrieve(
        self, link_id: str | UUID, **options: Unpack[TaxStatusOptions]
    ) -> tuple[TaxStatus, ...]:
        """Retrieve them from the institution, with one login; see `RetrievableData`."""
        return await self._retrieve(link_id, options)
