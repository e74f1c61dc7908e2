"""The facts of Belvo's OpenAPI document that were kept: resources, operations, objects."""

import json
from pathlib import Path
from typing import Any, Final, TypeAlias

from attrs import frozen

Schema: TypeAlias = dict[str, Any]
"""A part of the document: of any form."""

SCHEMA: Final = Path(__file__).with_name("schema.json")
EXAMPLES: Final = Path(__file__).parents[2] / "tests" / "pure" / "data_examples.json"
"""The rows that the document shows, for the tests."""
_REFERENCE: Final = "#/components/schemas/"


@frozen
class Resource:
    """One data resource: what its rows are called, and where it is."""

    model: str
    path: str


RESOURCES: Final = {
    "accounts": Resource("Account", "/api/accounts/"),
    "transactions": Resource("Transaction", "/api/transactions/"),
    "owners": Resource("Owner", "/api/owners/"),
    "balances": Resource("Balance", "/api/br/balances/"),
    "bills": Resource("Bill", "/api/bills/"),
    "exchanges": Resource("CurrencyExchange", "/api/br/exchanges/"),
    "investments": Resource("Investment", "/api/br/investments/"),
    "investment_transactions": Resource("InvestmentTransaction", "/api/br/investment-transactions/"),
    "incomes": Resource("Income", "/api/incomes/"),
    "recurring_expenses": Resource("RecurringExpense", "/api/recurring-expenses/"),
    "risk_insights": Resource("RiskInsights", "/api/risk-insights/"),
    "consents": Resource("Consent", "/api/consents/"),
    "employment_records": Resource("EmploymentRecord", "/api/employment-records/"),
    "current_employments": Resource("CurrentEmployment", "/api/mx/current-employments/"),
    "employments": Resource("Employment", "/api/br/employments/"),
    "employment_metrics": Resource("EmploymentMetric", "/api/employment-metrics/"),
    "financial_statements": Resource("FinancialStatement", "/api/financial-statements/"),
    "invoices": Resource("Invoice", "/api/invoices/"),
    "tax_compliance_status": Resource("TaxComplianceStatus", "/api/tax-compliance-status/"),
    "tax_returns": Resource("TaxReturn", "/api/tax-returns/"),
    "tax_retentions": Resource("TaxRetention", "/api/tax-retentions/"),
    "tax_status": Resource("TaxStatus", "/api/tax-status/"),
    "chile_invoices": Resource("ChileInvoice", "/api/cl/invoices/"),
    "chile_tax_status": Resource("ChileTaxStatus", "/api/cl/tax-status/"),
    "chile_debt_reports": Resource("ChileDebtReport", "/api/cl/debt-reports/"),
}
"""By the name of its module. A class that several share is written for the first of them that needs it."""


def load_schema() -> Schema:
    """Return the facts that are kept beside this module."""
    schema: Schema = json.loads(SCHEMA.read_text("utf-8"))
    return schema


def find_origin(schema: Schema) -> str | None:
    """Return the name in the document of what a schema refers to, if it does."""
    reference: str | None = schema.get("$ref")
    return reference and reference.removeprefix(_REFERENCE)


def resolve(schema: Schema, schemas: Schema) -> Schema:
    """Return a schema itself, or what it refers to."""
    origin = find_origin(schema)
    return schema if origin is None else schemas[origin]


def merge_properties(schema: Schema, schemas: Schema) -> Schema:
    """Return the fields of an object, and of all that it may be made of or stand for."""
    schema = resolve(schema, schemas)
    fields: Schema = dict(schema.get("properties", {}))
    for kind in ("allOf", "oneOf", "anyOf"):
        for part in schema.get(kind, ()):
            fields = merge_properties(part, schemas) | fields
    return fields
