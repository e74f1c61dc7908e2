"""Models of tax retentions. Generated from Belvo's schema: `make models`."""

import datetime as dt
from decimal import Decimal

from belvo_async.models._enums import OpenEnum
from belvo_async.models._rows import DataRow, row

__all__ = [
    "RetentionBreakdown",
    "TaxRetention",
    "TaxRetentionPaymentStatus",
    "TaxRetentionReceiverNationality",
]


class TaxRetentionReceiverNationality(OpenEnum):
    """The `receiver_nationality` of a `TaxRetention`."""

    NATIONAL = "NATIONAL"
    FOREIGN = "FOREIGN"


class TaxRetentionPaymentStatus(OpenEnum):
    """The `payment_status` of a `RetentionBreakdown`."""

    PAID = "PAID"
    PROVISIONED = "PROVISIONED"


@row
class RetentionBreakdown(DataRow):
    """The `retention_breakdown` of a `TaxRetention`."""

    base_amount: Decimal | None = None
    payment_status: TaxRetentionPaymentStatus | None = None
    retained_amount: Decimal | None = None
    tax_type: str | None = None


@row
class TaxRetention(DataRow):
    """One row of `pool.tax_retentions`."""

    cancelled_at: dt.datetime | None = None
    certified_at: dt.datetime | None = None
    code: int | None = None
    collected_at: dt.datetime | None = None
    created_at: dt.datetime | None = None
    id: str | None = None
    invoice_identification: str | None = None
    issued_at: dt.datetime | None = None
    link: str | None = None
    receiver_id: str | None = None
    receiver_name: str | None = None
    receiver_nationality: TaxRetentionReceiverNationality | None = None
    retention_breakdown: tuple[RetentionBreakdown, ...] = ()
    sender_id: str | None = None
    sender_name: str | None = None
    total_exempt_amount: Decimal | None = None
    total_invoice_amount: Decimal | None = None
    total_retained_amount: Decimal | None = None
    total_taxable_amount: Decimal | None = None
    version: str | None = None
    xml: str | None = None
