"""Models of bills. Generated from Belvo's schema: `make models`."""

import datetime as dt
from decimal import Decimal

from belvo_async.models._enums import OpenEnum
from belvo_async.models._rows import DataRow, row
from belvo_async.models.accounts import Account

__all__ = [
    "Bill",
    "BillFinanceChargeType",
    "BillFinanceCharges",
    "BillPaymentPaymentMode",
    "BillPaymentType",
    "BillPayments",
]


class BillFinanceChargeType(OpenEnum):
    """The `type` of a `BillFinanceCharges`."""

    LATE_PAYMENT_INTEREST = "LATE_PAYMENT_INTEREST"
    LATE_FEE = "LATE_FEE"
    ARREARS_INTEREST = "ARREARS_INTEREST"
    IOF = "IOF"
    NO_CHARGE = "NO_CHARGE"
    OTHER = "OTHER"


@row
class BillFinanceCharges(DataRow):
    """The `finance_charges` of a `Bill`."""

    additional_info: str | None = None
    amount: Decimal | None = None
    currency: str | None = None
    type: BillFinanceChargeType | None = None


class BillPaymentPaymentMode(OpenEnum):
    """The `payment_mode` of a `BillPayments`."""

    DIRECT_DEBIT = "DIRECT_DEBIT"
    BANK_SLIP = "BANK_SLIP"
    SALARY_DEDUCTION = "SALARY_DEDUCTION"
    PIX = "PIX"


class BillPaymentType(OpenEnum):
    """The `type` of a `BillPayments`."""

    INSTALLMENT = "INSTALLMENT"
    FULL = "FULL"
    OTHER = "OTHER"


@row
class BillPayments(DataRow):
    """The `payments` of a `Bill`."""

    amount: Decimal | None = None
    currency: str | None = None
    payment_date: dt.date | None = None
    payment_mode: BillPaymentPaymentMode | None = None
    type: BillPaymentType | None = None


@row
class Bill(DataRow):
    """One row of `pool.bills`."""

    account: Account | None = None
    bill_name: str | None = None
    collected_at: dt.datetime | None = None
    created_at: dt.datetime | None = None
    currency: str | None = None
    due_date: dt.date | None = None
    finance_charges: tuple[BillFinanceCharges, ...] = ()
    id: str | None = None
    internal_identification: str | None = None
    is_installment: bool | None = None
    minimum_amount: Decimal | None = None
    payments: tuple[BillPayments, ...] = ()
    total_amount: Decimal | None = None
