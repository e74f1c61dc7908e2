"""Chile invoices, from Belvo's schema: `make models` writes this."""

import datetime as dt
from decimal import Decimal

from attrs import frozen

from belvo_async.models._data_model import DataModel, show_ids_only
from belvo_async.models._enums import OpenEnum

__all__ = [
    "ChileInvoice",
    "ChileInvoicePurchaseInvoiceDetails",
    "ChileInvoiceSalesInvoiceDetails",
    "ChileInvoiceSummaryInvoiceDetails",
    "ChileInvoiceType",
]


class ChileInvoiceType(OpenEnum):
    """Values of `ChileInvoice.type`."""

    INFLOW = "INFLOW"
    OUTFLOW = "OUTFLOW"


@frozen(kw_only=True, field_transformer=show_ids_only)
class ChileInvoicePurchaseInvoiceDetails(DataModel):
    """The value of `ChileInvoice.purchase_invoice_details`."""

    vat_refundable_amount: Decimal | None = None
    vat_non_refundable_amount: Decimal | None = None
    vat_non_refundable_code: int | None = None
    net_amount_fixed_assets: Decimal | None = None
    vat_fixed_assets: Decimal | None = None
    vat_common_use: Decimal | None = None
    tax_non_credit_amount: Decimal | None = None
    vat_non_withheld: Decimal | None = None
    tax_exempt_amount: Decimal | None = None
    credit_or_debit_note_on_purchase: bool | None = None
    tax_cigarettes_amount: Decimal | None = None
    tax_cigar_amount: Decimal | None = None
    tax_processed_tobacco_amount: Decimal | None = None
    additional_tax_amount: Decimal | None = None
    additional_tax_rate: str | None = None
    additional_tax_code: int | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class ChileInvoiceSalesInvoiceDetails(DataModel):
    """The value of `ChileInvoice.sales_invoice_details`."""

    construction_sector_tax_credit: Decimal | None = None
    tax_free_trade_zone_amount: Decimal | None = None
    container_deposit_guarantee: Decimal | None = None
    is_free_of_charge: bool | None = None
    periodic_billing_type: bool | None = None
    non_billable_amount: Decimal | None = None
    total_amount_for_period: Decimal | None = None
    domestic_transportation_amount: Decimal | None = None
    international_transportation_amount: Decimal | None = None
    branch_code: int | None = None
    tax_exempt_amount: Decimal | None = None
    credit_or_debit_note_on_purchase: bool | None = None
    additional_tax_code: int | None = None
    additional_tax_rate: str | None = None
    additional_tax_amount: Decimal | None = None
    vat_total_withheld: Decimal | None = None
    vat_partially_withheld: Decimal | None = None
    vat_non_withheld: Decimal | None = None
    vat_sales: Decimal | None = None
    vat_third_party: Decimal | None = None
    vat_past_due: Decimal | None = None
    invoice_settlement_sender_id: str | None = None
    invoice_settlement_net_commission: Decimal | None = None
    invoice_settlement_exempt_commission: Decimal | None = None
    invoice_settlement_vat_commission: Decimal | None = None
    reference_document_type: str | None = None
    reference_document_folio: str | None = None
    foreign_recipient_id: str | None = None
    foreign_recipient_nationality: str | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class ChileInvoiceSummaryInvoiceDetails(DataModel):
    """The value of `ChileInvoice.summary_invoice_details`."""

    month: str | None = None
    updated_at: dt.datetime | None = None
    total_documents: int | None = None
    tax_exempt_amount: Decimal | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class ChileInvoice(DataModel):
    """A row of `/api/cl/invoices/`."""

    id: str | None = None
    link: str | None = None
    created_at: dt.datetime | None = None
    collected_at: dt.datetime | None = None
    total_amount: Decimal | None = None
    net_amount: Decimal | None = None
    vat_amount: Decimal | None = None
    currency: str | None = None
    issue_date: dt.date | None = None
    received_at: dt.datetime | None = None
    acknowledged_at: dt.datetime | None = None
    claim_date: dt.date | None = None
    status: str | None = None
    document_code: int | None = None
    category: str | None = None
    folio: str | None = None
    sender_id: str | None = None
    sender_name: str | None = None
    receiver_id: str | None = None
    receiver_name: str | None = None
    type: ChileInvoiceType | None = None
    purchase_invoice_details: ChileInvoicePurchaseInvoiceDetails | None = None
    sales_invoice_details: ChileInvoiceSalesInvoiceDetails | None = None
    summary_invoice_details: ChileInvoiceSummaryInvoiceDetails | None = None
