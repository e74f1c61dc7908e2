"""What a class, a field and a member of an enumeration are called."""

import keyword
import re
import unicodedata
from typing import Final

_ENDINGS: Final = re.compile("(OpenFinanceBrazil|OpenFinance|Brazil|Sat|OFDA)$")
_BEGINNINGS: Final = {
    "Enum": "",
    "InvoiceSat": "Invoice",
    "Invoices": "Invoice",
    "OwnerBusiness": "BusinessOwner",
    "OwnerIndividual": "IndividualOwner",
    "TaxStatusSii": "ChileTaxStatus",
}
"""Of names in the document, in this order: what a user would look for instead."""
_RENAMED: Final = {
    "BrokerNote": "InvestmentBrokerNote",
    "ChileDebtReportPersonalDataDocumentIdType": "ChileDocumentIdType",
    "ChileTaxStatusCompanyStakeDocumentIdType": "ChileDocumentIdType",
    "ChileTaxStatusEquityHolderDocumentIdType": "ChileDocumentIdType",
    "ChileTaxStatusLegalRepresentativeDocumentIdType": "ChileDocumentIdType",
    "AccountsLoanDataContractInstallmentFrequency": "AccountLoanDataContractFrequency",
    "AccountLoanDataContractRemainingFrequency": "AccountLoanDataContractFrequency",
    "BusinessOwnerDocumentId": "OwnerAdditionalDocument",
    "BusinessOwnerEconomicActivy": "BusinessOwnerEconomicActivity",
    "BusinessOwnerProduct": "OwnerProduct",
    "BusinessOwnerProductType": "OwnerProductType",
    "ClassificationDetails": "InvestmentClassification",
    "DebtorDetails": "InvestmentDebtor",
    "EmployerData": "EmploymentEmployer",
    "EmploymentRecordEmploymentStatusUpdate": "EmploymentRecordStatusUpdate",
    "ExchangeEventType": "CurrencyExchangeEventType",
    "ExchangeOperationType": "CurrencyExchangeOperationType",
    "ExchangeSettlementMethod": "CurrencyExchangeSettlementMethod",
    "IncomeStreamsBody": "IncomeStream",
    "IndividualOwnerDocumentId": "OwnerAdditionalDocument",
    "IndividualOwnerDocumentIdType": "OwnerAdditionalDocumentType",
    "IndividualOwnerProduct": "OwnerProduct",
    "IndividualOwnerProductType": "OwnerProductType",
    "InstitutionAccount": "AccountInstitution",
    "InvoiceInvoiceType": "InvoiceDocumentType",
    "Occupation": "EmploymentOccupation",
    "Remuneration": "InvestmentRemuneration",
    "RetentionBreakdown": "TaxRetentionBreakdown",
    "RiskInsightsCategoryMetric": "RiskInsightsCategoryMetrics",
    "Salary": "EmploymentSalary",
    "TaxDetailsInvoices": "InvoiceTaxDetails",
    "VoucherPaymentDetails": "InvestmentVoucherPayment",
}
"""What the rules make of a name: what it is called. What two names are made one of has to say the same."""


def name_class(origin: str, *, is_item: bool) -> str:
    """Return the name of a class.

    Args:
        origin: What the document calls it, or its owner and its field.
        is_item: Whether it stands in a list.
    """
    name = _ENDINGS.sub("", _join_words(origin))
    for beginning, ours in _BEGINNINGS.items():
        if name.startswith(beginning):
            name = ours + name.removeprefix(beginning)
    name = _make_singular(name) if is_item else name
    return _RENAMED.get(name, name)


def _join_words(text: str) -> str:
    return "".join(word[:1].upper() + word[1:] for word in re.split(r"[_\W]+", text))


def _make_singular(name: str) -> str:
    if name.endswith("ies"):
        return name.removesuffix("ies") + "y"
    if name.endswith(("sses", "xes")):
        return name.removesuffix("es")
    return name.removesuffix("s")


def name_field(wire: str) -> str:
    """Return the name of a field: a word of Python gets an underscore behind it."""
    if not wire.isidentifier() or wire.endswith("_") or wire in ("extra", "self"):
        raise ValueError(f"no rule for a field called {wire!r}")
    return f"{wire}_" if keyword.iskeyword(wire) else wire


def name_member(value: str) -> str:
    """Return the name of a member of an enumeration."""
    plain = unicodedata.normalize("NFKD", value).encode("ascii", "ignore").decode("ascii")
    name = re.sub(r"\W+", "_", plain).strip("_").upper()
    if not name.isidentifier() or name == "UNLISTED":  # that of a value which no list has
        raise ValueError(f"no rule for a member of the value {value!r}")
    return name
