"""The calls about chile debt reports. Generated from Belvo's schema: `make models`."""

from collections.abc import Iterable
from typing import Unpack
from uuid import UUID

from belvo_async.models import AcceptedRequest
from belvo_async.models.chile_debt_reports import ChileDebtReport
from belvo_async.params._options import Day
from belvo_async.resources._data import DeletableData, RetrievableData
from belvo_async.resources._data_options import BackgroundOptions, DataSpec, ListOptions, RetrievalOptions
from belvo_async.resources._paginator import Paginator

__all__ = [
    "ChileDebtReportBackgroundOptions",
    "ChileDebtReportFilters",
    "ChileDebtReportOptions",
    "ChileDebtReports",
]


class ChileDebtReportFilters(ListOptions, total=False):
    """What `chile_debt_reports.list` can filter by."""

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


class ChileDebtReportBackgroundOptions(BackgroundOptions, total=False):
    """What `chile_debt_reports.retrieve_in_background` can be told."""

    attach_pdf: bool


class ChileDebtReportOptions(ChileDebtReportBackgroundOptions, RetrievalOptions, total=False):
    """What `chile_debt_reports.retrieve` can be told."""


class ChileDebtReports(DeletableData[ChileDebtReport], RetrievableData[ChileDebtReport]):
    """`pool.chile_debt_reports`."""

    _spec = DataSpec(
        collection="/api/cl/debt-reports/",
        model=ChileDebtReport,
        filters=ChileDebtReportFilters,
        options=ChileDebtReportOptions,
    )

    def list(self, **filters: Unpack[ChileDebtReportFilters]) -> Paginator[ChileDebtReport]:
        """List what Belvo has stored; see `DataResource`."""
        return self._list(filters)

    async def retrieve(
        self, link_id: str | UUID, **options: Unpack[ChileDebtReportOptions]
    ) -> tuple[ChileDebtReport, ...]:
        """Retrieve them from the institution, with one login; see `RetrievableData`."""
        return await self._retrieve(link_id, options)

    async def retrieve_in_background(
        self, link_id: str | UUID, **options: Unpack[ChileDebtReportBackgroundOptions]
    ) -> AcceptedRequest:
        """Let Belvo retrieve them, and tell by a webhook; see `RetrievableData`."""
        return await self._retrieve_in_background(link_id, options)
