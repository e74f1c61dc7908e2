"""The calls about incomes. Generated from Belvo's schema: `make models`."""

from collections.abc import Iterable
from typing import Literal, Unpack
from uuid import UUID

from belvo_async.models.incomes import Income
from belvo_async.params._options import Day
from belvo_async.resources._data import DeletableData, ResumableData
from belvo_async.resources._data_options import DataSpec, ListOptions, TokenOptions
from belvo_async.resources._paginator import Paginator

__all__ = ["IncomeFilters", "IncomeOptions", "Incomes"]


class IncomeFilters(ListOptions, total=False):
    """What `incomes.list` can filter by."""

    account: str | UUID
    account__in: Iterable[str | UUID]
    link: str | UUID
    link__in: Iterable[str | UUID]


class IncomeOptions(TokenOptions, total=False):
    """What `incomes.retrieve` can be told."""

    allowed_income_types: Iterable[
        Literal[
            "SALARY",
            "GOVERNMENT",
            "INTEREST",
            "RENT",
            "RETIREMENT",
            "FREELANCE",
            "ALTERNATIVE_INCOME",
            "TRANSFER",
            "DEPOSIT",
            "UNKNOWN",
        ]
    ]
    date_from: Day
    date_to: Day
    minimum_confidence_level: Literal["HIGH", "MEDIUM", "LOW"]
    token: str


class Incomes(DeletableData[Income], ResumableData[Income]):
    """`pool.incomes`."""

    _spec = DataSpec(
        collection="/api/incomes/",
        model=Income,
        filters=IncomeFilters,
        options=IncomeOptions,
        shortest_period=90,
    )

    def list(self, **filters: Unpack[IncomeFilters]) -> Paginator[Income]:
        """List what Belvo has stored; see `DataResource`."""
        return self._list(filters)

    async def retrieve(self, link_id: str | UUID, **options: Unpack[IncomeOptions]) -> tuple[Income, ...]:
        """Retrieve them from the institution, with one login; see `RetrievableData`."""
        return await self._retrieve(link_id, options)
