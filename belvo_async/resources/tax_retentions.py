"""The calls about tax retentions. Generated from Belvo's schema: `make models`."""

from collections.abc import Iterable
from typing import Literal, Required, Unpack
from uuid import UUID

from belvo_async.models.tax_retentions import TaxRetention
from belvo_async.params._options import Day
from belvo_async.resources._data import DeletableData, RetrievableData
from belvo_async.resources._data_options import DataSpec, ListOptions, RetrievalOptions
from belvo_async.resources._paginator import Paginator

__all__ = ["TaxRetentionFilters", "TaxRetentionOptions", "TaxRetentions"]


class TaxRetentionFilters(ListOptions, total=False):
    """What `tax_retentions.list` can filter by."""

    created_at: Day
    created_at__gt: Day
    created_at__gte: Day
    created_at__lt: Day
    created_at__lte: Day
    created_at__range: Iterable[Day]
    link: str | UUID
    link__in: Iterable[str | UUID]


class TaxRetentionOptions(RetrievalOptions, total=False):
    """What `tax_retentions.retrieve` can be told."""

    attach_xml: bool
    date_from: Required[Day]
    date_to: Required[Day]
    type: Required[Literal["OUTFLOW", "INFLOW"]]


class TaxRetentions(DeletableData[TaxRetention], RetrievableData[TaxRetention]):
    """`pool.tax_retentions`."""

    _spec = DataSpec(
        collection="/api/tax-retentions/",
        model=TaxRetention,
        filters=TaxRetentionFilters,
        options=TaxRetentionOptions,
    )

    def list(self, **filters: Unpack[TaxRetentionFilters]) -> Paginator[TaxRetention]:
        """List what Belvo has stored; see `DataResource`."""
        return self._list(filters)

    async def retrieve(
        self, link_id: str | UUID, **options: Unpack[TaxRetentionOptions]
    ) -> tuple[TaxRetention, ...]:
        """Retrieve them from the institution, with one login; see `RetrievableData`."""
        return await self._retrieve(link_id, options)
