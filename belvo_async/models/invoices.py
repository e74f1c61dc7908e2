"""Models of invoices. Generated from Belvo's schema: `make models`."""

import datetime as dt
from decimal import Decimal

from belvo_async.models._enums import OpenEnum
from belvo_async.models._rows import DataRow, row

__all__ = [
    "Invoice",
    "InvoiceDetail",
    "InvoiceDetailRetainedTax",
    "InvoiceDetailTransferredTax",
    "InvoicePayrollEarningsBreakdown",
    "InvoicePayrollOtherPayments",
    "InvoicePayrollPeriodicity",
    "InvoicePayrollTaxDeductions",
    "InvoiceSatInvoiceType",
    "InvoiceSatPaymentMethod",
    "InvoiceType",
    "InvoiceWarnings",
    "InvoicesPayments",
    "InvoicesPaymentsRelatedDocuments",
    "InvoicesPayroll",
    "RelatedInvoice",
    "TaxDetailsInvoices",
    "TaxDetailsInvoicesRetainedTaxes",
    "TaxDetailsInvoicesTransferredTaxes",
]


@row
class InvoiceDetailRetainedTax(DataRow):
    """The `retained_taxes` of an `InvoiceDetail`."""

    collected_at: dt.datetime | None = None
    retained_tax_amount: Decimal | None = None
    tax: str | None = None
    tax_percentage: Decimal | None = None
    tax_type: str | None = None


@row
class InvoiceDetailTransferredTax(DataRow):
    """The `transferred_taxes` of an `InvoiceDetail`."""

    collected_at: dt.datetime | None = None
    tax: str | None = None
    tax_percentage: Decimal | None = None
    tax_type: str | None = None
    transferred_tax_amount: Decimal | None = None


@row
class InvoiceDetail(DataRow):
    """The `invoice_details` of an `Invoice`."""

    collected_at: dt.datetime | None = None
    description: str | None = None
    discount: Decimal | None = None
    identifier_number: str | None = None
    pre_tax_amount: Decimal | None = None
    product_identification: str | None = None
    quantity: Decimal | None = None
    retained_taxes: tuple[InvoiceDetailRetainedTax, ...] = ()
    tax_amount: Decimal | None = None
    tax_percentage: Decimal | None = None
    tax_subject_code: str | None = None
    total_amount: Decimal | None = None
    transferred_taxes: tuple[InvoiceDetailTransferredTax, ...] = ()
    unit_amount: Decimal | None = None
    unit_code: str | None = None
    unit_description: str | None = None


class InvoiceSatInvoiceType(OpenEnum):
    """The `invoice_type` of an `Invoice`."""

    EGRESO = "Egreso"
    INGRESO = "Ingreso"
    NOMINA = "Nómina"
    PAGO = "Pago"
    TRASLADO = "Traslado"


class InvoiceSatPaymentMethod(OpenEnum):
    """The `payment_method` of an `Invoice`."""

    PUE = "PUE"
    PPD = "PPD"


@row
class InvoicesPaymentsRelatedDocuments(DataRow):
    """The `related_documents` of an `InvoicesPayments`."""

    amount_paid: Decimal | None = None
    currency: str | None = None
    invoice_identification: str | None = None
    outstanding_balance: Decimal | None = None
    partiality_number: int | None = None
    payment_method: str | None = None
    previous_balance: Decimal | None = None


@row
class InvoicesPayments(DataRow):
    """The `payments` of an `Invoice`."""

    amount: Decimal | None = None
    beneficiary_account_number: str | None = None
    beneficiary_rfc: str | None = None
    currency: str | None = None
    date: dt.datetime | None = None
    exchange_rate: str | None = None
    operation_number: str | None = None
    payer_account_number: str | None = None
    payer_bank_name: str | None = None
    payer_rfc: str | None = None
    payment_type: str | None = None
    related_documents: tuple[InvoicesPaymentsRelatedDocuments, ...] = ()


@row
class InvoicePayrollEarningsBreakdown(DataRow):
    """The `earnings_breakdown` of an `InvoicesPayroll`."""

    taxable_amount: Decimal | None = None
    type: str | None = None
    vat_free_amount: Decimal | None = None


@row
class InvoicePayrollOtherPayments(DataRow):
    """The `other_payments` of an `InvoicesPayroll`."""

    amount: Decimal | None = None
    type: str | None = None


class InvoicePayrollPeriodicity(OpenEnum):
    """The `periodicity` of an `InvoicesPayroll`."""

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
    NULL = "null"


@row
class InvoicePayrollTaxDeductions(DataRow):
    """The `tax_deductions` of an `InvoicesPayroll`."""

    amount: Decimal | None = None
    type: str | None = None


@row
class InvoicesPayroll(DataRow):
    """The `payroll` of an `Invoice`."""

    amount: Decimal | None = None
    collected_at: dt.datetime | None = None
    date_from: dt.date | None = None
    date_to: dt.date | None = None
    days: int | None = None
    earnings_breakdown: tuple[InvoicePayrollEarningsBreakdown, ...] = ()
    other_payments: tuple[InvoicePayrollOtherPayments, ...] = ()
    payment_date: dt.date | None = None
    periodicity: InvoicePayrollPeriodicity | None = None
    tax_deductions: tuple[InvoicePayrollTaxDeductions, ...] = ()
    type: str | None = None
    version: str | None = None


@row
class RelatedInvoice(DataRow):
    """The `related_invoices` of an `Invoice`."""

    related_invoice_identification: str | None = None
    relationship_type: str | None = None


@row
class TaxDetailsInvoicesRetainedTaxes(DataRow):
    """The `retained_taxes` of a `TaxDetailsInvoices`."""

    pre_tax_amount: Decimal | None = None
    tax: str | None = None
    tax_amount: Decimal | None = None
    tax_percentage: Decimal | None = None
    tax_type: str | None = None


@row
class TaxDetailsInvoicesTransferredTaxes(DataRow):
    """The `transferred_taxes` of a `TaxDetailsInvoices`."""

    pre_tax_amount: Decimal | None = None
    tax: str | None = None
    tax_amount: Decimal | None = None
    tax_percentage: Decimal | None = None
    tax_type: str | None = None


@row
class TaxDetailsInvoices(DataRow):
    """The `tax_details` of an `Invoice`."""

    retained_taxes: tuple[TaxDetailsInvoicesRetainedTaxes, ...] = ()
    total_tax_retained: Decimal | None = None
    total_tax_transferred: Decimal | None = None
    transferred_taxes: tuple[TaxDetailsInvoicesTransferredTaxes, ...] = ()


class InvoiceType(OpenEnum):
    """The `type` of an `Invoice`."""

    OUTFLOW = "OUTFLOW"
    INFLOW = "INFLOW"


@row
class InvoiceWarnings(DataRow):
    """The `warnings` of an `Invoice`."""

    code: str | None = None
    message: str | None = None


@row
class Invoice(DataRow):
    """One row of `pool.invoices`."""

    cancelation_status: str | None = None
    cancelation_update_date: dt.date | None = None
    certification_authority: str | None = None
    certification_date: dt.date | None = None
    collected_at: dt.datetime | None = None
    created_at: dt.datetime | None = None
    currency: str | None = None
    discount_amount: Decimal | None = None
    exchange_rate: Decimal | None = None
    export_type: str | None = None
    folio: str | None = None
    id: str | None = None
    invoice_date: str | None = None
    invoice_details: tuple[InvoiceDetail, ...] = ()
    invoice_identification: str | None = None
    invoice_type: InvoiceSatInvoiceType | None = None
    link: str | None = None
    payment_method: InvoiceSatPaymentMethod | None = None
    payment_method_description: str | None = None
    payment_type: str | None = None
    payment_type_description: str | None = None
    payments: tuple[InvoicesPayments, ...] = ()
    payroll: InvoicesPayroll | None = None
    place_of_issue: str | None = None
    receiver_blacklist_status: str | None = None
    receiver_fiscal_regime: str | None = None
    receiver_id: str | None = None
    receiver_name: str | None = None
    receiver_postal_code: str | None = None
    receiver_tax_fraud_status: str | None = None
    related_invoices: tuple[RelatedInvoice, ...] = ()
    sender_blacklist_status: str | None = None
    sender_fiscal_regime: str | None = None
    sender_id: str | None = None
    sender_name: str | None = None
    sender_tax_fraud_status: str | None = None
    series: str | None = None
    status: str | None = None
    subtotal_amount: Decimal | None = None
    tax_amount: Decimal | None = None
    tax_details: TaxDetailsInvoices | None = None
    total_amount: Decimal | None = None
    type: InvoiceType | None = None
    usage: str | None = None
    version: str | None = None
    warnings: InvoiceWarnings | None = None
    xml: str | None = None
