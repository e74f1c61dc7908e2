"""The calls about financial statements. Generated from Belvo's schema: `make models`."""

from collections.abc import Iterable
from typing import Unpack
from uuid import UUID

from belvo_async.models import AcceptedRequest
from belvo_async.models.financial_statements import FinancialStatement
from belvo_async.params._options import Day
from belvo_async.resources._data import DeletableData, RetrievableData
from belvo_async.resources._data_options import BackgroundOptions, DataSpec, ListOptions, RetrievalOptions
from belvo_async.resources._paginator import Paginator

__all__ = [
    "FinancialStatementBackgroundOptions",
    "FinancialStatementFilters",
    "FinancialStatementOptions",
    "FinancialStatements",
]


class FinancialStatementFilters(ListOptions, total=False):
    """What `financial_statements.list` can filter by."""

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


class FinancialStatementBackgroundOptions(BackgroundOptions, total=False):
    """What `financial_statements.retrieve_in_background` can be told."""


class FinancialStatementOptions(FinancialStatementBackgroundOptions, RetrievalOptions, total=False):
    """What `financial_statements.retrieve` can be told."""


class FinancialStatements(DeletableData[FinancialStatement], RetrievableData[FinancialStatement]):
    """`pool.financial_statements`."""

    _spec = DataSpec(
        collection="/api/financial-statements/",
        model=FinancialStatement,
        filters=FinancialStatementFilters,
        options=FinancialStatementOptions,
    )

    def list(self, **filters: Unpack[FinancialStatementFilters]) -> Paginator[FinancialStatement]:
        """List what Belvo has stored; see `DataResource`."""
        return self._list(filters)

    async def retrieve(
        self, link_id: str | UUID, **options: Unpack[FinancialStatementOptions]
    ) -> tuple[FinancialStatement, ...]:
        """Retrieve them from the institution, with one login; see `RetrievableData`."""
        return await self._retrieve(link_id, options)

    async def retrieve_in_background(
        self, link_id: str | UUID, **options: Unpack[FinancialStatementBackgroundOptions]
    ) -> AcceptedRequest:
        """Let Belvo retrieve them, and tell by a webhook; see `RetrievableData`."""
        return await self._retrieve_in_background(link_id, options)
