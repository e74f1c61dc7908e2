"""Bills, from Belvo's schema: `make models` writes this."""

import datetime as dt
from decimal import Decimal

from attrs import frozen

from belvo_async.models._data_model import DataModel, show_ids_only
from belvo_async.models._enums import OpenEnum
from belvo_async.models.accounts import Account

__all__ = [
    "Bill",
    "BillFinanceCharge",
    "BillFinanceChargeType",
    "BillPayment",
    "BillPaymentPaymentMode",
    "BillPaymentType",
]


class BillFinanceChargeType(OpenEnum):
    """Values of `BillFinanceCharge.type`."""

    LATE_PAYMENT_INTEREST = "LATE_PAYMENT_INTEREST"
    LATE_FEE = "LATE_FEE"
    ARREARS_INTEREST = "ARREARS_INTEREST"
    IOF = "IOF"
    NO_CHARGE = "NO_CHARGE"
    OTHER = "OTHER"


@frozen(kw_only=True, field_transformer=show_ids_only)
class BillFinanceCharge(DataModel):
    """An item of `Bill.finance_charges`."""

    type: BillFinanceChargeType | None = None
    additional_info: str | None = None
    currency: str | None = None
    amount: Decimal | None = None


class BillPaymentType(OpenEnum):
    """Values of `BillPayment.type`."""

    INSTALLMENT = "INSTALLMENT"
    FULL = "FULL"
    OTHER = "OTHER"


class BillPaymentPaymentMode(OpenEnum):
    """Values of `BillPayment.payment_mode`."""

    DIRECT_DEBIT = "DIRECT_DEBIT"
    BANK_SLIP = "BANK_SLIP"
    SALARY_DEDUCTION = "SALARY_DEDUCTION"
    PIX = "PIX"


@frozen(kw_only=True, field_transformer=show_ids_only)
class BillPayment(DataModel):
    """An item of `Bill.payments`."""

    type: BillPaymentType | None = None
    payment_date: dt.date | None = None
    payment_mode: BillPaymentPaymentMode | None = None
    currency: str | None = None
    amount: Decimal | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class Bill(DataModel):
    """A row of `/api/bills/`."""

    id: str | None = None
    created_at: dt.datetime | None = None
    collected_at: dt.datetime | None = None
    account: Account | None = None
    internal_identification: str | None = None
    bill_name: str | None = None
    due_date: dt.date | None = None
    currency: str | None = None
    total_amount: Decimal | None = None
    minimum_amount: Decimal | None = None
    is_installment: bool | None = None
    finance_charges: tuple[BillFinanceCharge, ...] = ()
    payments: tuple[BillPayment, ...] = ()
