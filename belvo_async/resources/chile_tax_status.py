"""The calls about chile tax status. Generated from Belvo's schema: `make models`."""

from collections.abc import Iterable
from typing import Unpack
from uuid import UUID

from belvo_async.models.chile_tax_status import ChileTaxStatus
from belvo_async.params._options import Day
from belvo_async.resources._data import DeletableData, RetrievableData
from belvo_async.resources._data_options import DataSpec, ListOptions, RetrievalOptions
from belvo_async.resources._paginator import Paginator

__all__ = ["ChileTaxStatusFilters", "ChileTaxStatusOptions", "ChileTaxStatuses"]


class ChileTaxStatusFilters(ListOptions, total=False):
    """What `chile_tax_status.list` can filter by."""

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


class ChileTaxStatusOptions(RetrievalOptions, total=False):
    """What `chile_tax_status.retrieve` can be told."""

    attach_pdf: bool


class ChileTaxStatuses(DeletableData[ChileTaxStatus], RetrievableData[ChileTaxStatus]):
    """`pool.chile_tax_status`."""

    _spec = DataSpec(
        collection="/api/cl/tax-status/",
        model=ChileTaxStatus,
        filters=ChileTaxStatusFilters,
        options=ChileTaxStatusOptions,
    )

    def list(self, **filters: Unpack[ChileTaxStatusFilters]) -> Paginator[ChileTaxStatus]:
        """List what Belvo has stored; see `DataResource`."""
        return self._list(filters)

    async def retrieve(
        self, link_id: str | UUID, **options: Unpack[ChileTaxStatusOptions]
    ) -> tuple[ChileTaxStatus, ...]:
        """Retrieve them from the institution, with one login; see `RetrievableData`."""
        return await self._retrieve(link_id, options)
