"""Chile debt reports, from Belvo's schema: `make models` writes this."""

import datetime as dt
from decimal import Decimal

from attrs import frozen

from belvo_async.models._data_model import DataModel, show_ids_only
from belvo_async.models.chile_tax_status import ChileDocumentIdType

__all__ = [
    "ChileDebtReport",
    "ChileDebtReportCreditLine",
    "ChileDebtReportDirectDebt",
    "ChileDebtReportIndirectDebt",
    "ChileDebtReportOtherCredit",
    "ChileDebtReportPersonalData",
]


@frozen(kw_only=True, field_transformer=show_ids_only)
class ChileDebtReportPersonalData(DataModel):
    """The value of `ChileDebtReport.personal_data`."""

    full_name: str | None = None
    document_id_type: ChileDocumentIdType | None = None
    document_id_number: str | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class ChileDebtReportDirectDebt(DataModel):
    """An item of `ChileDebtReport.direct_debts`."""

    financial_institution: str | None = None
    credit_type: str | None = None
    amount: Decimal | None = None
    current: Decimal | None = None
    delinquent: Decimal | None = None
    severely_delinquent: Decimal | None = None
    defaulted: Decimal | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class ChileDebtReportIndirectDebt(DataModel):
    """An item of `ChileDebtReport.indirect_debts`."""

    financial_institution: str | None = None
    credit_type: str | None = None
    amount: Decimal | None = None
    current: Decimal | None = None
    delinquent: Decimal | None = None
    severely_delinquent: Decimal | None = None
    defaulted: Decimal | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class ChileDebtReportCreditLine(DataModel):
    """An item of `ChileDebtReport.credit_lines`."""

    financial_institution: str | None = None
    direct_amount: Decimal | None = None
    indirect_amount: Decimal | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class ChileDebtReportOtherCredit(DataModel):
    """An item of `ChileDebtReport.other_credits`."""

    financial_institution: str | None = None
    direct_amount: Decimal | None = None
    indirect_amount: Decimal | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class ChileDebtReport(DataModel):
    """A row of `/api/cl/debt-reports/`."""

    id: str | None = None
    link: str | None = None
    collected_at: dt.datetime | None = None
    created_at: dt.datetime | None = None
    personal_data: ChileDebtReportPersonalData | None = None
    debt_data_last_update: dt.date | None = None
    currency: str | None = None
    total: Decimal | None = None
    current: Decimal | None = None
    delinquent: Decimal | None = None
    severely_delinquent: Decimal | None = None
    defaulted: Decimal | None = None
    direct_debts: tuple[ChileDebtReportDirectDebt, ...] = ()
    indirect_debts: tuple[ChileDebtReportIndirectDebt, ...] = ()
    credit_lines: tuple[ChileDebtReportCreditLine, ...] = ()
    other_credits: tuple[ChileDebtReportOtherCredit, ...] = ()
