"""Models of chile invoices. Generated from Belvo's schema: `make models`."""

import datetime as dt
from decimal import Decimal

from belvo_async.models._enums import OpenEnum
from belvo_async.models._rows import DataRow, row

__all__ = [
    "ChileInvoice",
    "ChileInvoicePurchaseInvoiceDetails",
    "ChileInvoiceSalesInvoiceDetails",
    "ChileInvoiceSummaryInvoiceDetails",
    "ChileInvoiceType",
]


@row
class ChileInvoicePurchaseInvoiceDetails(DataRow):
    """The `purchase_invoice_details` of a `ChileInvoice`."""

    additional_tax_amount: Decimal | None = None
    additional_tax_code: int | None = None
    additional_tax_rate: str | None = None
    credit_or_debit_note_on_purchase: bool | None = None
    net_amount_fixed_assets: Decimal | None = None
    tax_cigar_amount: Decimal | None = None
    tax_cigarettes_amount: Decimal | None = None
    tax_exempt_amount: Decimal | None = None
    tax_non_credit_amount: Decimal | None = None
    tax_processed_tobacco_amount: Decimal | None = None
    vat_common_use: Decimal | None = None
    vat_fixed_assets: Decimal | None = None
    vat_non_refundable_amount: Decimal | None = None
    vat_non_refundable_code: int | None = None
    vat_non_withheld: Decimal | None = None
    vat_refundable_amount: Decimal | None = None


@row
class ChileInvoiceSalesInvoiceDetails(DataRow):
    """The `sales_invoice_details` of a `ChileInvoice`."""

    additional_tax_amount: Decimal | None = None
    additional_tax_code: int | None = None
    additional_tax_rate: str | None = None
    branch_code: int | None = None
    construction_sector_tax_credit: Decimal | None = None
    container_deposit_guarantee: Decimal | None = None
    credit_or_debit_note_on_purchase: bool | None = None
    domestic_transportation_amount: Decimal | None = None
    foreign_recipient_id: str | None = None
    foreign_recipient_nationality: str | None = None
    international_transportation_amount: Decimal | None = None
    invoice_settlement_exempt_commission: Decimal | None = None
    invoice_settlement_net_commission: Decimal | None = None
    invoice_settlement_sender_id: str | None = None
    invoice_settlement_vat_commission: Decimal | None = None
    is_free_of_charge: bool | None = None
    non_billable_amount: Decimal | None = None
    periodic_billing_type: bool | None = None
    reference_document_folio: str | None = None
    reference_document_type: str | None = None
    tax_exempt_amount: Decimal | None = None
    tax_free_trade_zone_amount: Decimal | None = None
    total_amount_for_period: Decimal | None = None
    vat_non_withheld: Decimal | None = None
    vat_partially_withheld: Decimal | None = None
    vat_past_due: Decimal | None = None
    vat_sales: Decimal | None = None
    vat_third_party: Decimal | None = None
    vat_total_withheld: Decimal | None = None


@row
class ChileInvoiceSummaryInvoiceDetails(DataRow):
    """The `summary_invoice_details` of a `ChileInvoice`."""

    month: str | None = None
    tax_exempt_amount: Decimal | None = None
    total_documents: int | None = None
    updated_at: dt.datetime | None = None


class ChileInvoiceType(OpenEnum):
    """The `type` of a `ChileInvoice`."""

    INFLOW = "INFLOW"
    OUTFLOW = "OUTFLOW"


@row
class ChileInvoice(DataRow):
    """One row of `pool.chile_invoices`."""

    acknowledged_at: dt.datetime | None = None
    category: str | None = None
    claim_date: dt.date | None = None
    collected_at: dt.datetime | None = None
    created_at: dt.datetime | None = None
    currency: str | None = None
    document_code: int | None = None
    folio: str | None = None
    id: str | None = None
    issue_date: dt.date | None = None
    link: str | None = None
    net_amount: Decimal | None = None
    purchase_invoice_details: ChileInvoicePurchaseInvoiceDetails | None = None
    received_at: dt.datetime | None = None
    receiver_id: str | None = None
    receiver_name: str | None = None
    sales_invoice_details: ChileInvoiceSalesInvoiceDetails | None = None
    sender_id: str | None = None
    sender_name: str | None = None
    status: str | None = None
    summary_invoice_details: ChileInvoiceSummaryInvoiceDetails | None = None
    total_amount: Decimal | None = None
    type: ChileInvoiceType | None = None
    vat_amount: Decimal | None = None
