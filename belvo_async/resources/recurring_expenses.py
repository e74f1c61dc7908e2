"""The calls about recurring expenses. Generated from Belvo's schema: `make models`."""

from collections.abc import Iterable
from typing import Unpack
from uuid import UUID

from belvo_async.models.recurring_expenses import RecurringExpense
from belvo_async.params._options import Day
from belvo_async.resources._data import DeletableData, ResumableData
from belvo_async.resources._data_options import DataSpec, ListOptions, TokenOptions
from belvo_async.resources._paginator import Paginator

__all__ = ["RecurringExpenseFilters", "RecurringExpenseOptions", "RecurringExpenses"]


class RecurringExpenseFilters(ListOptions, total=False):
    """What `recurring_expenses.list` can filter by."""

    account: str | UUID
    account__in: Iterable[str | UUID]
    id: str | UUID
    id__in: Iterable[str | UUID]
    link: str | UUID
    link__in: Iterable[str | UUID]


class RecurringExpenseOptions(TokenOptions, total=False):
    """What `recurring_expenses.retrieve` can be told."""

    date_from: Day
    date_to: Day
    token: str


class RecurringExpenses(DeletableData[RecurringExpense], ResumableData[RecurringExpense]):
    """`pool.recurring_expenses`."""

    _spec = DataSpec(
        collection="/api/recurring-expenses/",
        model=RecurringExpense,
        filters=RecurringExpenseFilters,
        options=RecurringExpenseOptions,
    )

    def list(self, **filters: Unpack[RecurringExpenseFilters]) -> Paginator[RecurringExpense]:
        """List what Belvo has stored; see `DataResource`."""
        return self._list(filters)

    async def retrieve(
        self, link_id: str | UUID, **options: Unpack[RecurringExpenseOptions]
    ) -> tuple[RecurringExpense, ...]:
        """Retrieve them from the institution, with one login; see `RetrievableData`."""
        return await self._retrieve(link_id, options)
