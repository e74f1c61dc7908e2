"""Belvo's data resources, and what the schema says of each."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeAlias

from attrs import frozen

Json: TypeAlias = Mapping[str, Any]  # Any: JSON

SCHEMA: Final = Path(__file__).with_name("schema.json")
RESOURCES: Final[Mapping[str, tuple[str, str]]] = {
    "accounts": ("Account", "/api/accounts/"),
    "transactions": ("Transaction", "/api/transactions/"),
    "owners": ("Owner", "/api/owners/"),
    "balances": ("Balance", "/api/br/balances/"),
    "bills": ("Bill", "/api/bills/"),
    "exchanges": ("CurrencyExchange", "/api/br/exchanges/"),
    "investments": ("Investment", "/api/br/investments/"),
    "investment_transactions": ("InvestmentTransaction", "/api/br/investment-transactions/"),
    "incomes": ("Income", "/api/incomes/"),
    "recurring_expenses": ("RecurringExpense", "/api/recurring-expenses/"),
    "risk_insights": ("RiskInsight", "/api/risk-insights/"),
    "consents": ("Consent", "/api/consents/"),
    "employment_records": ("EmploymentRecord", "/api/employment-records/"),
    "current_employments": ("CurrentEmployment", "/api/mx/current-employments/"),
    "employments": ("Employment", "/api/br/employments/"),
    "employment_metrics": ("EmploymentMetric", "/api/employment-metrics/"),
    "financial_statements": ("FinancialStatement", "/api/financial-statements/"),
    "invoices": ("Invoice", "/api/invoices/"),
    "tax_compliance_status": ("TaxComplianceStatus", "/api/tax-compliance-status/"),
    "tax_returns": ("TaxReturn", "/api/tax-returns/"),
    "tax_retentions": ("TaxRetention", "/api/tax-retentions/"),
    "tax_status": ("TaxStatus", "/api/tax-status/"),
    "chile_invoices": ("ChileInvoice", "/api/cl/invoices/"),
    "chile_tax_status": ("ChileTaxStatus", "/api/cl/tax-status/"),
    "chile_debt_reports": ("ChileDebtReport", "/api/cl/debt-reports/"),
}
"""Under the name that each has at a client: the name of its model, and its path."""


@frozen
class Schema:
    """What `schema.json` holds."""

    operations: Json
    """By method and path: `query`, `body`, `is_async`, and the schema of a row under `row`."""
    named: Json
    """Schemas that others refer to."""

    def resolve(self, schema: Json) -> Json:
        """Follow references."""
        while "$ref" in schema:
            schema = self.named[find_name(schema)]
        return schema


def find_name(schema: Json) -> str:
    """Return the name that a schema refers to; the empty text where it is none of a reference."""
    return str(schema.get("$ref", "")).rpartition("/")[2]


@cache
def load_schema() -> Schema:
    """Read the schema that the project keeps."""
    found = json.loads(SCHEMA.read_text("utf-8"))
    return Schema(found["operations"], found["schemas"])


def write_camel(text: str) -> str:
    """Return the name of a class for the name of a field or a module."""
    return "".join(part[:1].upper() + part[1:] for part in text.replace("-", "_").split("_"))
