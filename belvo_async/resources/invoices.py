"""The calls about invoices. Generated from Belvo's schema: `make models`."""

from collections.abc import Iterable
from typing import Literal, Required, Unpack
from uuid import UUID

from belvo_async.models import AcceptedRequest
from belvo_async.models.invoices import Invoice
from belvo_async.params._options import Amount, Day
from belvo_async.resources._data import DeletableData, ResumableData
from belvo_async.resources._data_options import BackgroundOptions, DataSpec, ListOptions, TokenOptions
from belvo_async.resources._paginator import Paginator

__all__ = ["InvoiceBackgroundOptions", "InvoiceFilters", "InvoiceOptions", "Invoices"]


class InvoiceFilters(ListOptions, total=False):
    """What `invoices.list` can filter by."""

    created_at: Day
    created_at__gt: Day
    created_at__gte: Day
    created_at__lt: Day
    created_at__lte: Day
    created_at__range: Iterable[Day]
    id: str | UUID
    id__in: Iterable[str | UUID]
    invoice_date: Day
    invoice_date__gt: Day
    invoice_date__gte: Day
    invoice_date__lt: Day
    invoice_date__lte: Day
    invoice_date__range: Iterable[Day]
    invoice_identification: str
    invoice_identification__in: Iterable[str]
    link: str | UUID
    link__in: Iterable[str | UUID]
    status: str
    status__in: Iterable[str]
    total_amount: Amount
    total_amount__gt: Amount
    total_amount__gte: Amount
    total_amount__lt: Amount
    total_amount__lte: Amount
    total_amount__range: Iterable[Amount]
    type: str
    type__in: Iterable[str]


class InvoiceBackgroundOptions(BackgroundOptions, total=False):
    """What `invoices.retrieve_in_background` can be told."""

    attach_xml: bool
    date_from: Required[Day]
    date_to: Required[Day]
    type: Required[Literal["OUTFLOW", "INFLOW"]]


class InvoiceOptions(InvoiceBackgroundOptions, TokenOptions, total=False):
    """What `invoices.retrieve` can be told."""


class Invoices(DeletableData[Invoice], ResumableData[Invoice]):
    """`pool.invoices`."""

    _spec = DataSpec(
        collection="/api/invoices/", model=Invoice, filters=InvoiceFilters, options=InvoiceOptions
    )

    def list(self, **filters: Unpack[InvoiceFilters]) -> Paginator[Invoice]:
        """List what Belvo has stored; see `DataResource`."""
        return self._list(filters)

    async def retrieve(self, link_id: str | UUID, **options: Unpack[InvoiceOptions]) -> tuple[Invoice, ...]:
        """Retrieve them from the institution, with one login; see `RetrievableData`."""
        return await self._retrieve(link_id, options)

    async def retrieve_in_background(
        self, link_id: str | UUID, **options: Unpack[InvoiceBackgroundOptions]
    ) -> AcceptedRequest:
        """Let Belvo retrieve them, and tell by a webhook; see `RetrievableData`."""
        return await self._retrieve_in_background(link_id, options)
