"""Tax retentions, from Belvo's schema: `make models` writes this."""

import datetime as dt
from decimal import Decimal

from attrs import frozen

from belvo_async.models._data_model import DataModel, show_ids_only
from belvo_async.models._enums import OpenEnum

__all__ = [
    "TaxRetention",
    "TaxRetentionBreakdown",
    "TaxRetentionPaymentStatus",
    "TaxRetentionReceiverNationality",
]


class TaxRetentionReceiverNationality(OpenEnum):
    """Values of `TaxRetention.receiver_nationality`."""

    NATIONAL = "NATIONAL"
    FOREIGN = "FOREIGN"


class TaxRetentionPaymentStatus(OpenEnum):
    """Values of `TaxRetentionBreakdown.payment_status`."""

    PAID = "PAID"
    PROVISIONED = "PROVISIONED"


@frozen(kw_only=True, field_transformer=show_ids_only)
class TaxRetentionBreakdown(DataModel):
    """An item of `TaxRetention.retention_breakdown`."""

    base_amount: Decimal | None = None
    tax_type: str | None = None
    retained_amount: Decimal | None = None
    payment_status: TaxRetentionPaymentStatus | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class TaxRetention(DataModel):
    """A row of `/api/tax-retentions/`."""

    id: str | None = None
    link: str | None = None
    collected_at: dt.datetime | None = None
    created_at: dt.datetime | None = None
    invoice_identification: str | None = None
    version: str | None = None
    code: int | None = None
    issued_at: dt.datetime | None = None
    certified_at: dt.datetime | None = None
    cancelled_at: dt.datetime | None = None
    sender_id: str | None = None
    sender_name: str | None = None
    receiver_nationality: TaxRetentionReceiverNationality | None = None
    receiver_id: str | None = None
    receiver_name: str | None = None
    total_invoice_amount: Decimal | None = None
    total_exempt_amount: Decimal | None = None
    total_retained_amount: Decimal | None = None
    total_taxable_amount: Decimal | None = None
    retention_breakdown: tuple[TaxRetentionBreakdown, ...] = ()
    xml: str | None = None
