"""The page for who moves from belvo-python names each of its calls."""

import re
from typing import Final

import pytest

from belvo_async import SessionPool
from tests.docs.pages import DOCS

PAGE: Final = (DOCS / "how-to" / "from-belvo-python.md").read_text("utf-8")
DATA: Final = ("create", "resume", "list", "get", "delete")
CALLS: Final = {
    "Accounts": DATA,
    "Balances": DATA,
    "EmploymentRecords": DATA,
    "Incomes": DATA,
    "Institutions": ("list", "get"),
    "InvestmentsPortfolios": DATA,
    "Invoices": DATA,
    "Links": ("create", "update", "resume", "list", "get", "patch", "delete", "token"),
    "Owners": DATA,
    "RecurringExpenses": DATA,
    "RiskInsights": DATA,
    "Statements": DATA,
    "TaxComplianceStatus": DATA,
    "TaxDeclarations": DATA,
    "TaxRetentions": DATA,
    "TaxReturns": DATA,
    "TaxStatus": DATA,
    "Transactions": DATA,
    "WidgetToken": ("create",),
}
"""The resources of belvo-python 0.39.1, with the calls that each has at Belvo (its `belvo/resources`)."""


@pytest.mark.parametrize("resource", CALLS)
def test_each_resource_has_its_replacement(resource: str) -> None:
    assert f"`client.{resource}" in PAGE


@pytest.mark.parametrize(
    "call", [f"{name}.{call}" for name in ("Links", "Transactions") for call in CALLS[name]]
)
def test_each_call_of_links_and_of_data_has_its_replacement(call: str) -> None:
    assert f"`client.{call}(" in PAGE


def test_what_is_named_as_a_replacement_is_there() -> None:
    for name in set(re.findall(r"pool\.(\w+)", PAGE)):
        assert hasattr(SessionPool, name) or name in {"links", "challenges", "institutions", "widget", "name"}
