"""Models of chile debt reports. Generated from Belvo's schema: `make models`."""

import datetime as dt
from decimal import Decimal

from belvo_async.models._rows import DataRow, row
from belvo_async.models.chile_tax_status import TaxStatusSiiCompanyStakeDocumentIdType

__all__ = [
    "ChileDebtReport",
    "ChileDebtReportCreditLines",
    "ChileDebtReportDirectDebts",
    "ChileDebtReportIndirectDebts",
    "ChileDebtReportOtherCredits",
    "ChileDebtReportPersonalData",
]


@row
class ChileDebtReportCreditLines(DataRow):
    """The `credit_lines` of a `ChileDebtReport`."""

    direct_amount: Decimal | None = None
    financial_institution: str | None = None
    indirect_amount: Decimal | None = None


@row
class ChileDebtReportDirectDebts(DataRow):
    """The `direct_debts` of a `ChileDebtReport`."""

    amount: Decimal | None = None
    credit_type: str | None = None
    current: Decimal | None = None
    defaulted: Decimal | None = None
    delinquent: Decimal | None = None
    financial_institution: str | None = None
    severely_delinquent: Decimal | None = None


@row
class ChileDebtReportIndirectDebts(DataRow):
    """The `indirect_debts` of a `ChileDebtReport`."""

    amount: Decimal | None = None
    credit_type: str | None = None
    current: Decimal | None = None
    defaulted: Decimal | None = None
    delinquent: Decimal | None = None
    financial_institution: str | None = None
    severely_delinquent: Decimal | None = None


@row
class ChileDebtReportOtherCredits(DataRow):
    """The `other_credits` of a `ChileDebtReport`."""

    direct_amount: Decimal | None = None
    financial_institution: str | None = None
    indirect_amount: Decimal | None = None


@row
class ChileDebtReportPersonalData(DataRow):
    """The `personal_data` of a `ChileDebtReport`."""

    document_id_number: str | None = None
    document_id_type: TaxStatusSiiCompanyStakeDocumentIdType | None = None
    full_name: str | None = None


@row
class ChileDebtReport(DataRow):
    """One row of `pool.chile_debt_reports`."""

    collected_at: dt.datetime | None = None
    created_at: dt.datetime | None = None
    credit_lines: tuple[ChileDebtReportCreditLines, ...] = ()
    currency: str | None = None
    current: Decimal | None = None
    debt_data_last_update: dt.date | None = None
    defaulted: Decimal | None = None
    delinquent: Decimal | None = None
    direct_debts: tuple[ChileDebtReportDirectDebts, ...] = ()
    id: str | None = None
    indirect_debts: tuple[ChileDebtReportIndirectDebts, ...] = ()
    link: str | None = None
    other_credits: tuple[ChileDebtReportOtherCredits, ...] = ()
    personal_data: ChileDebtReportPersonalData | None = None
    severely_delinquent: Decimal | None = None
    total: Decimal | None = None
