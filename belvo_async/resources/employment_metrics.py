"""The calls about employment metrics. Generated from Belvo's schema: `make models`."""

from collections.abc import Iterable
from typing import Unpack
from uuid import UUID

from belvo_async.models.employment_metrics import EmploymentMetric
from belvo_async.params._options import Day
from belvo_async.resources._data import DeletableData, RetrievableData
from belvo_async.resources._data_options import DataSpec, ListOptions, RetrievalOptions
from belvo_async.resources._paginator import Paginator

__all__ = ["EmploymentMetricFilters", "EmploymentMetricOptions", "EmploymentMetrics"]


class EmploymentMetricFilters(ListOptions, total=False):
    """What `employment_metrics.list` can filter by."""

    link: str | UUID
    link__in: Iterable[str | UUID]


class EmploymentMetricOptions(RetrievalOptions, total=False):
    """What `employment_metrics.retrieve` can be told."""

    reference_date: Day


class EmploymentMetrics(DeletableData[EmploymentMetric], RetrievableData[EmploymentMetric]):
    """`pool.employment_metrics`."""

    _spec = DataSpec(
        collection="/api/employment-metrics/",
        model=EmploymentMetric,
        filters=EmploymentMetricFilters,
        options=EmploymentMetricOptions,
    )

    def list(self, **filters: Unpack[EmploymentMetricFilters]) -> Paginator[EmploymentMetric]:
        """List what Belvo has stored; see `DataResource`."""
        return self._list(filters)

    async def retrieve(
        self, link_id: str | UUID, **options: Unpack[EmploymentMetricOptions]
    ) -> tuple[EmploymentMetric, ...]:
        """Retrieve them from the institution, with one login; see `RetrievableData`."""
        return await self._retrieve(link_id, options)
