"""The calls about chile invoices. Generated from Belvo's schema: `make models`."""

from collections.abc import Iterable
from typing import Literal, Required, Unpack
from uuid import UUID

from belvo_async.models import AcceptedRequest
from belvo_async.models.chile_invoices import ChileInvoice
from belvo_async.params._options import Day
from belvo_async.resources._data import DeletableData, RetrievableData
from belvo_async.resources._data_options import BackgroundOptions, DataSpec, ListOptions, RetrievalOptions
from belvo_async.resources._paginator import Paginator

__all__ = ["ChileInvoiceBackgroundOptions", "ChileInvoiceFilters", "ChileInvoiceOptions", "ChileInvoices"]


class ChileInvoiceFilters(ListOptions, total=False):
    """What `chile_invoices.list` can filter by."""

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


class ChileInvoiceBackgroundOptions(BackgroundOptions, total=False):
    """What `chile_invoices.retrieve_in_background` can be told."""

    date_from: Required[Day]
    date_to: Required[Day]
    type: Literal["OUTFLOW", "INFLOW"]


class ChileInvoiceOptions(ChileInvoiceBackgroundOptions, RetrievalOptions, total=False):
    """What `chile_invoices.retrieve` can be told."""


class ChileInvoices(DeletableData[ChileInvoice], RetrievableData[ChileInvoice]):
    """`pool.chile_invoices`."""

    _spec = DataSpec(
        collection="/api/cl/invoices/",
        model=ChileInvoice,
        filters=ChileInvoiceFilters,
        options=ChileInvoiceOptions,
    )

    def list(self, **filters: Unpack[ChileInvoiceFilters]) -> Paginator[ChileInvoice]:
        """List what Belvo has stored; see `DataResource`."""
        return self._list(filters)

    async def retrieve(
        self, link_id: str | UUID, **options: Unpack[ChileInvoiceOptions]
    ) -> tuple[ChileInvoice, ...]:
        """Retrieve them from the institution, with one login; see `RetrievableData`."""
        return await self._retrieve(link_id, options)

    async def retrieve_in_background(
        self, link_id: str | UUID, **options: Unpack[ChileInvoiceBackgroundOptions]
    ) -> AcceptedRequest:
        """Let Belvo retrieve them, and tell by a webhook; see `RetrievableData`."""
        return await self._retrieve_in_background(link_id, options)
