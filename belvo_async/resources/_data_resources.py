"""The data resources of a client. Generated from Belvo's schema: `make models`."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from belvo_async.models import DataModel
from belvo_async.resources._data import ResumableData
from belvo_async.resources._lazy import LazyResource

if TYPE_CHECKING:  # each is imported when it is first used
    from belvo_async.resources.accounts import Accounts
    from belvo_async.resources.balances import Balances
    from belvo_async.resources.bills import Bills
    from belvo_async.resources.chile_debt_reports import ChileDebtReports
    from belvo_async.resources.chile_invoices import ChileInvoices
    from belvo_async.resources.chile_tax_status import ChileTaxStatuses
    from belvo_async.resources.consents import Consents
    from belvo_async.resources.current_employments import CurrentEmployments
    from belvo_async.resources.employment_metrics import EmploymentMetrics
    from belvo_async.resources.employment_records import EmploymentRecords
    from belvo_async.resources.employments import Employments
    from belvo_async.resources.exchanges import Exchanges
    from belvo_async.resources.financial_statements import FinancialStatements
    from belvo_async.resources.incomes import Incomes
    from belvo_async.resources.investment_transactions import InvestmentTransactions
    from belvo_async.resources.investments import Investments
    from belvo_async.resources.invoices import Invoices
    from belvo_async.resources.owners import Owners
    from belvo_async.resources.recurring_expenses import RecurringExpenses
    from belvo_async.resources.risk_insights import RiskInsightReports
    from belvo_async.resources.tax_compliance_status import TaxComplianceStatuses
    from belvo_async.resources.tax_retentions import TaxRetentions
    from belvo_async.resources.tax_returns import TaxReturns
    from belvo_async.resources.tax_status import TaxStatuses
    from belvo_async.resources.transactions import Transactions

_RESUMABLE: Final[Mapping[str, str]] = {
    "/api/accounts/": "accounts",
    "/api/transactions/": "transactions",
    "/api/owners/": "owners",
    "/api/incomes/": "incomes",
    "/api/recurring-expenses/": "recurring_expenses",
    "/api/risk-insights/": "risk_insights",
    "/api/invoices/": "invoices",
}
"""The collections at which a token can be given, and their resources."""


class DataResources:
    """One attribute for each data resource, imported when it is first used."""

    accounts: "LazyResource[Accounts]" = LazyResource("Accounts")
    transactions: "LazyResource[Transactions]" = LazyResource("Transactions")
    owners: "LazyResource[Owners]" = LazyResource("Owners")
    balances: "LazyResource[Balances]" = LazyResource("Balances")
    bills: "LazyResource[Bills]" = LazyResource("Bills")
    exchanges: "LazyResource[Exchanges]" = LazyResource("Exchanges")
    investments: "LazyResource[Investments]" = LazyResource("Investments")
    investment_transactions: "LazyResource[InvestmentTransactions]" = LazyResource("InvestmentTransactions")
    incomes: "LazyResource[Incomes]" = LazyResource("Incomes")
    recurring_expenses: "LazyResource[RecurringExpenses]" = LazyResource("RecurringExpenses")
    risk_insights: "LazyResource[RiskInsightReports]" = LazyResource("RiskInsightReports")
    consents: "LazyResource[Consents]" = LazyResource("Consents")
    employment_records: "LazyResource[EmploymentRecords]" = LazyResource("EmploymentRecords")
    current_employments: "LazyResource[CurrentEmployments]" = LazyResource("CurrentEmployments")
    employments: "LazyResource[Employments]" = LazyResource("Employments")
    employment_metrics: "LazyResource[EmploymentMetrics]" = LazyResource("EmploymentMetrics")
    financial_statements: "LazyResource[FinancialStatements]" = LazyResource("FinancialStatements")
    invoices: "LazyResource[Invoices]" = LazyResource("Invoices")
    tax_compliance_status: "LazyResource[TaxComplianceStatuses]" = LazyResource("TaxComplianceStatuses")
    tax_returns: "LazyResource[TaxReturns]" = LazyResource("TaxReturns")
    tax_retentions: "LazyResource[TaxRetentions]" = LazyResource("TaxRetentions")
    tax_status: "LazyResource[TaxStatuses]" = LazyResource("TaxStatuses")
    chile_invoices: "LazyResource[ChileInvoices]" = LazyResource("ChileInvoices")
    chile_tax_status: "LazyResource[ChileTaxStatuses]" = LazyResource("ChileTaxStatuses")
    chile_debt_reports: "LazyResource[ChileDebtReports]" = LazyResource("ChileDebtReports")

    def _find_resumable(self, collection: str) -> ResumableData[DataModel] | None:
        """Return the resource at whose collection a token can be given; None where there is none."""
        name = _RESUMABLE.get(collection)
        return None if name is None else getattr(self, name)
