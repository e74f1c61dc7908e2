"""Models of financial statements. Generated from Belvo's schema: `make models`."""

import datetime as dt
from decimal import Decimal

from belvo_async.models._rows import DataRow, row

__all__ = [
    "FinancialStatement",
    "FinancialStatementBalanceSheet",
    "FinancialStatementBalanceSheetCurrentAssets",
    "FinancialStatementBalanceSheetCurrentLiabilities",
    "FinancialStatementBalanceSheetEquity",
    "FinancialStatementBalanceSheetNonCurrentAssets",
    "FinancialStatementBalanceSheetNonCurrentLiabilities",
    "FinancialStatementIncomeStatement",
]


@row
class FinancialStatementBalanceSheetCurrentAssets(DataRow):
    """The `current_assets` of a `FinancialStatementBalanceSheet`."""

    accounts_receivable: Decimal | None = None
    assets_available_for_sale: Decimal | None = None
    bad_debt_provision: Decimal | None = None
    cash_and_equivalents: Decimal | None = None
    inventory: Decimal | None = None
    notes_receivable: Decimal | None = None
    other_debtors: Decimal | None = None
    prepaid_expenses: Decimal | None = None
    short_term_investments: Decimal | None = None
    tax_recoverable: Decimal | None = None
    total: Decimal | None = None


@row
class FinancialStatementBalanceSheetCurrentLiabilities(DataRow):
    """The `current_liabilities` of a `FinancialStatementBalanceSheet`."""

    accounts_payable: Decimal | None = None
    bank_loans: Decimal | None = None
    customer_advances: Decimal | None = None
    financial_instruments: Decimal | None = None
    income_tax_payable: Decimal | None = None
    notes_payable: Decimal | None = None
    other_creditors: Decimal | None = None
    provisions: Decimal | None = None
    taxes_payable: Decimal | None = None
    total: Decimal | None = None


@row
class FinancialStatementBalanceSheetEquity(DataRow):
    """The `equity` of a `FinancialStatementBalanceSheet`."""

    capital_reserve: Decimal | None = None
    capital_update_excess: Decimal | None = None
    capital_update_insufficiency: Decimal | None = None
    controlling_interest: Decimal | None = None
    future_capital_contributions: Decimal | None = None
    legal_reserve: Decimal | None = None
    non_controlling_interest: Decimal | None = None
    other_comprehensive_income: Decimal | None = None
    retained_earnings: Decimal | None = None
    share_premium_on_stock_sales: Decimal | None = None
    stockholders_equity: Decimal | None = None
    total: Decimal | None = None


@row
class FinancialStatementBalanceSheetNonCurrentAssets(DataRow):
    """The `non_current_assets` of a `FinancialStatementBalanceSheet`."""

    accumulated_depreciation_and_amortization: Decimal | None = None
    goodwill: Decimal | None = None
    intangible_assets: Decimal | None = None
    investments_in_associates: Decimal | None = None
    long_term_accounts_receivable: Decimal | None = None
    long_term_financial_instruments: Decimal | None = None
    prepayment_to_suppliers: Decimal | None = None
    property_plant_and_equipment: Decimal | None = None
    total: Decimal | None = None


@row
class FinancialStatementBalanceSheetNonCurrentLiabilities(DataRow):
    """The `non_current_liabilities` of a `FinancialStatementBalanceSheet`."""

    contributions_for_future_capital_increases: Decimal | None = None
    deferred_income_tax: Decimal | None = None
    deferred_revenue: Decimal | None = None
    employee_benefits: Decimal | None = None
    long_term_accounts_payable: Decimal | None = None
    long_term_financial_instruments: Decimal | None = None
    long_term_provisions: Decimal | None = None
    total: Decimal | None = None


@row
class FinancialStatementBalanceSheet(DataRow):
    """The `balance_sheet` of a `FinancialStatement`."""

    current_assets: FinancialStatementBalanceSheetCurrentAssets | None = None
    current_liabilities: FinancialStatementBalanceSheetCurrentLiabilities | None = None
    equity: FinancialStatementBalanceSheetEquity | None = None
    non_current_assets: FinancialStatementBalanceSheetNonCurrentAssets | None = None
    non_current_liabilities: FinancialStatementBalanceSheetNonCurrentLiabilities | None = None


@row
class FinancialStatementIncomeStatement(DataRow):
    """The `income_statement` of a `FinancialStatement`."""

    cost_of_goods_sold: Decimal | None = None
    cost_of_services_sold: Decimal | None = None
    discontinued_operations: Decimal | None = None
    domestic_sales: Decimal | None = None
    equity_in_earnings_of_affiliates: Decimal | None = None
    financial_result: Decimal | None = None
    foreign_sales: Decimal | None = None
    gross_loss: Decimal | None = None
    gross_profit: Decimal | None = None
    income_before_taxes: Decimal | None = None
    income_from_continuing_operations: Decimal | None = None
    income_statement_financial_costs: Decimal | None = None
    income_statement_financial_gains: Decimal | None = None
    income_taxes: Decimal | None = None
    loss_before_taxes: Decimal | None = None
    loss_from_continuing_operations: Decimal | None = None
    materials_used: Decimal | None = None
    net_income: Decimal | None = None
    net_loss: Decimal | None = None
    net_revenue: Decimal | None = None
    operating_expenses: Decimal | None = None
    operating_income: Decimal | None = None
    operating_loss: Decimal | None = None


@row
class FinancialStatement(DataRow):
    """One row of `pool.financial_statements`."""

    balance_sheet: FinancialStatementBalanceSheet | None = None
    collected_at: dt.datetime | None = None
    created_at: dt.datetime | None = None
    currency: str | None = None
    error: str | None = None
    id: str | None = None
    income_statement: FinancialStatementIncomeStatement | None = None
    link: str | None = None
    year: str | None = None
