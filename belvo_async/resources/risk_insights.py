"""The calls about risk insights. Generated from Belvo's schema: `make models`."""

from collections.abc import Iterable
from typing import Unpack
from uuid import UUID

from belvo_async.models.risk_insights import RiskInsights
from belvo_async.resources._data import DeletableData, ResumableData
from belvo_async.resources._data_options import DataSpec, ListOptions, TokenOptions
from belvo_async.resources._paginator import Paginator

__all__ = ["RiskInsightReports", "RiskInsightsFilters", "RiskInsightsOptions"]


class RiskInsightsFilters(ListOptions, total=False):
    """What `risk_insights.list` can filter by."""

    account: str | UUID
    account__in: Iterable[str | UUID]
    id: str | UUID
    id__in: Iterable[str | UUID]
    link: str | UUID
    link__in: Iterable[str | UUID]


class RiskInsightsOptions(TokenOptions, total=False):
    """What `risk_insights.retrieve` can be told."""

    token: str


class RiskInsightReports(DeletableData[RiskInsights], ResumableData[RiskInsights]):
    """`pool.risk_insights`."""

    _spec = DataSpec(
        collection="/api/risk-insights/",
        model=RiskInsights,
        filters=RiskInsightsFilters,
        options=RiskInsightsOptions,
    )

    def list(self, **filters: Unpack[RiskInsightsFilters]) -> Paginator[RiskInsights]:
        """List what Belvo has stored; see `DataResource`."""
        return self._list(filters)

    async def retrieve(
        self, link_id: str | UUID, **options: Unpack[RiskInsightsOptions]
    ) -> tuple[RiskInsights, ...]:
        """Retrieve them from the institution, with one login; see `RetrievableData`."""
        return await self._retrieve(link_id, options)
