"""Invoices, from Belvo's schema: `make models` writes this."""

import datetime as dt
from decimal import Decimal

from attrs import frozen

from belvo_async.models._data_model import DataModel, show_ids_only
from belvo_async.models._enums import OpenEnum

__all__ = [
    "Invoice",
    "InvoiceDetail",
    "InvoiceDetailRetainedTax",
    "InvoiceDetailTransferredTax",
    "InvoiceDocumentType",
    "InvoicePayment",
    "InvoicePaymentMethod",
    "InvoicePaymentsRelatedDocument",
    "InvoicePayroll",
    "InvoicePayrollEarningsBreakdown",
    "InvoicePayrollOtherPayment",
    "InvoicePayrollPeriodicity",
    "InvoicePayrollTaxDeduction",
    "InvoiceTaxDetails",
    "InvoiceTaxDetailsRetainedTax",
    "InvoiceTaxDetailsTransferredTax",
    "InvoiceType",
    "InvoiceWarnings",
    "RelatedInvoice",
]


class InvoiceDocumentType(OpenEnum):
    """Values of `Invoice.invoice_type`."""

    EGRESO = "Egreso"
    INGRESO = "Ingreso"
    NOMINA = "Nómina"
    PAGO = "Pago"
    TRASLADO = "Traslado"


class InvoiceType(OpenEnum):
    """Values of `Invoice.type`."""

    OUTFLOW = "OUTFLOW"
    INFLOW = "INFLOW"


@frozen(kw_only=True, field_transformer=show_ids_only)
class InvoiceTaxDetailsRetainedTax(DataModel):
    """An item of `InvoiceTaxDetails.retained_taxes`."""

    tax_type: str | None = None
    tax: str | None = None
    tax_percentage: Decimal | None = None
    pre_tax_amount: Decimal | None = None
    tax_amount: Decimal | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class InvoiceTaxDetailsTransferredTax(DataModel):
    """An item of `InvoiceTaxDetails.transferred_taxes`."""

    tax_type: str | None = None
    tax: str | None = None
    tax_percentage: Decimal | None = None
    pre_tax_amount: Decimal | None = None
    tax_amount: Decimal | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class InvoiceTaxDetails(DataModel):
    """The value of `Invoice.tax_details`."""

    total_tax_retained: Decimal | None = None
    total_tax_transferred: Decimal | None = None
    retained_taxes: tuple[InvoiceTaxDetailsRetainedTax, ...] = ()
    transferred_taxes: tuple[InvoiceTaxDetailsTransferredTax, ...] = ()


class InvoicePaymentMethod(OpenEnum):
    """Values of `Invoice.payment_method`."""

    PUE = "PUE"
    PPD = "PPD"


@frozen(kw_only=True, field_transformer=show_ids_only)
class InvoiceDetailRetainedTax(DataModel):
    """An item of `InvoiceDetail.retained_taxes`."""

    collected_at: dt.datetime | None = None
    tax_type: str | None = None
    tax: str | None = None
    tax_percentage: Decimal | None = None
    retained_tax_amount: Decimal | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class InvoiceDetailTransferredTax(DataModel):
    """An item of `InvoiceDetail.transferred_taxes`."""

    collected_at: dt.datetime | None = None
    tax_type: str | None = None
    tax: str | None = None
    tax_percentage: Decimal | None = None
    transferred_tax_amount: Decimal | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class InvoiceDetail(DataModel):
    """An item of `Invoice.invoice_details`."""

    collected_at: dt.datetime | None = None
    description: str | None = None
    product_identification: str | None = None
    quantity: Decimal | None = None
    unit_code: str | None = None
    unit_description: str | None = None
    unit_amount: Decimal | None = None
    discount: Decimal | None = None
    tax_subject_code: str | None = None
    identifier_number: str | None = None
    pre_tax_amount: Decimal | None = None
    tax_percentage: Decimal | None = None
    tax_amount: Decimal | None = None
    total_amount: Decimal | None = None
    retained_taxes: tuple[InvoiceDetailRetainedTax, ...] = ()
    transferred_taxes: tuple[InvoiceDetailTransferredTax, ...] = ()


@frozen(kw_only=True, field_transformer=show_ids_only)
class RelatedInvoice(DataModel):
    """An item of `Invoice.related_invoices`."""

    relationship_type: str | None = None
    related_invoice_identification: str | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class InvoicePaymentsRelatedDocument(DataModel):
    """An item of `InvoicePayment.related_documents`."""

    invoice_identification: str | None = None
    currency: str | None = None
    payment_method: str | None = None
    partiality_number: int | None = None
    previous_balance: Decimal | None = None
    amount_paid: Decimal | None = None
    outstanding_balance: Decimal | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class InvoicePayment(DataModel):
    """An item of `Invoice.payments`."""

    date: dt.datetime | None = None
    payment_type: str | None = None
    currency: str | None = None
    exchange_rate: str | None = None
    amount: Decimal | None = None
    operation_number: str | None = None
    beneficiary_rfc: str | None = None
    beneficiary_account_number: str | None = None
    payer_rfc: str | None = None
    payer_account_number: str | None = None
    payer_bank_name: str | None = None
    related_documents: tuple[InvoicePaymentsRelatedDocument, ...] = ()


class InvoicePayrollPeriodicity(OpenEnum):
    """Values of `InvoicePayroll.periodicity`."""

    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    TENTH_DAY = "TENTH_DAY"
    FOURTEENTH_DAY = "FOURTEENTH_DAY"
    FIFTEENTH_DAY = "FIFTEENTH_DAY"
    MONTHLY = "MONTHLY"
    BIMONTHLY = "BIMONTHLY"
    PER_TASK = "PER_TASK"
    COMMISSION = "COMMISSION"
    ONE_OFF = "ONE_OFF"
    OTHER_PERIODICITY = "OTHER_PERIODICITY"


@frozen(kw_only=True, field_transformer=show_ids_only)
class InvoicePayrollEarningsBreakdown(DataModel):
    """An item of `InvoicePayroll.earnings_breakdown`."""

    type: str | None = None
    taxable_amount: Decimal | None = None
    vat_free_amount: Decimal | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class InvoicePayrollTaxDeduction(DataModel):
    """An item of `InvoicePayroll.tax_deductions`."""

    type: str | None = None
    amount: Decimal | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class InvoicePayrollOtherPayment(DataModel):
    """An item of `InvoicePayroll.other_payments`."""

    type: str | None = None
    amount: Decimal | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class InvoicePayroll(DataModel):
    """The value of `Invoice.payroll`."""

    days: int | None = None
    type: str | None = None
    amount: Decimal | None = None
    version: str | None = None
    date_from: dt.date | None = None
    date_to: dt.date | None = None
    collected_at: dt.datetime | None = None
    payment_date: dt.date | None = None
    periodicity: InvoicePayrollPeriodicity | None = None
    earnings_breakdown: tuple[InvoicePayrollEarningsBreakdown, ...] = ()
    tax_deductions: tuple[InvoicePayrollTaxDeduction, ...] = ()
    other_payments: tuple[InvoicePayrollOtherPayment, ...] = ()


@frozen(kw_only=True, field_transformer=show_ids_only)
class InvoiceWarnings(DataModel):
    """The value of `Invoice.warnings`."""

    code: str | None = None
    message: str | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class Invoice(DataModel):
    """A row of `/api/invoices/`."""

    id: str | None = None
    link: str | None = None
    collected_at: dt.datetime | None = None
    created_at: dt.datetime | None = None
    invoice_identification: str | None = None
    invoice_date: str | None = None
    status: str | None = None
    invoice_type: InvoiceDocumentType | None = None
    type: InvoiceType | None = None
    tax_details: InvoiceTaxDetails | None = None
    sender_id: str | None = None
    sender_fiscal_regime: str | None = None
    sender_name: str | None = None
    sender_tax_fraud_status: str | None = None
    receiver_id: str | None = None
    receiver_postal_code: str | None = None
    receiver_fiscal_regime: str | None = None
    receiver_name: str | None = None
    receiver_tax_fraud_status: str | None = None
    cancelation_status: str | None = None
    cancelation_update_date: dt.date | None = None
    certification_date: dt.date | None = None
    certification_authority: str | None = None
    payment_type: str | None = None
    payment_type_description: str | None = None
    """Deprecated by Belvo."""
    payment_method: InvoicePaymentMethod | None = None
    payment_method_description: str | None = None
    """Deprecated by Belvo."""
    usage: str | None = None
    version: str | None = None
    place_of_issue: str | None = None
    invoice_details: tuple[InvoiceDetail, ...] = ()
    currency: str | None = None
    subtotal_amount: Decimal | None = None
    exchange_rate: Decimal | None = None
    tax_amount: Decimal | None = None
    discount_amount: Decimal | None = None
    total_amount: Decimal | None = None
    related_invoices: tuple[RelatedInvoice, ...] = ()
    payments: tuple[InvoicePayment, ...] = ()
    payroll: InvoicePayroll | None = None
    folio: str | None = None
    series: str | None = None
    export_type: str | None = None
    xml: str | None = None
    warnings: InvoiceWarnings | None = None
    sender_blacklist_status: str | None = None
    """Deprecated by Belvo."""
    receiver_blacklist_status: str | None = None
    """Deprecated by Belvo."""
