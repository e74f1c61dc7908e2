"""Financial statements, from Belvo's schema: `make models` writes this."""

import datetime as dt
from decimal import Decimal

from attrs import frozen

from belvo_async.models._data_model import DataModel, show_ids_only

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


@frozen(kw_only=True, field_transformer=show_ids_only)
class FinancialStatementBalanceSheetCurrentAssets(DataModel):
    """The value of `FinancialStatementBalanceSheet.current_assets`."""

    cash_and_equivalents: Decimal | None = None
    short_term_investments: Decimal | None = None
    accounts_receivable: Decimal | None = None
    notes_receivable: Decimal | None = None
    other_debtors: Decimal | None = None
    bad_debt_provision: Decimal | None = None
    tax_recoverable: Decimal | None = None
    inventory: Decimal | None = None
    prepaid_expenses: Decimal | None = None
    assets_available_for_sale: Decimal | None = None
    total: Decimal | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class FinancialStatementBalanceSheetNonCurrentAssets(DataModel):
    """The value of `FinancialStatementBalanceSheet.non_current_assets`."""

    property_plant_and_equipment: Decimal | None = None
    accumulated_depreciation_and_amortization: Decimal | None = None
    long_term_accounts_receivable: Decimal | None = None
    prepayment_to_suppliers: Decimal | None = None
    goodwill: Decimal | None = None
    intangible_assets: Decimal | None = None
    investments_in_associates: Decimal | None = None
    long_term_financial_instruments: Decimal | None = None
    total: Decimal | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class FinancialStatementBalanceSheetCurrentLiabilities(DataModel):
    """The value of `FinancialStatementBalanceSheet.current_liabilities`."""

    bank_loans: Decimal | None = None
    accounts_payable: Decimal | None = None
    notes_payable: Decimal | None = None
    financial_instruments: Decimal | None = None
    other_creditors: Decimal | None = None
    income_tax_payable: Decimal | None = None
    customer_advances: Decimal | None = None
    provisions: Decimal | None = None
    taxes_payable: Decimal | None = None
    total: Decimal | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class FinancialStatementBalanceSheetNonCurrentLiabilities(DataModel):
    """The value of `FinancialStatementBalanceSheet.non_current_liabilities`."""

    long_term_accounts_payable: Decimal | None = None
    long_term_financial_instruments: Decimal | None = None
    deferred_revenue: Decimal | None = None
    contributions_for_future_capital_increases: Decimal | None = None
    deferred_income_tax: Decimal | None = None
    employee_benefits: Decimal | None = None
    long_term_provisions: Decimal | None = None
    total: Decimal | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class FinancialStatementBalanceSheetEquity(DataModel):
    """The value of `FinancialStatementBalanceSheet.equity`."""

    stockholders_equity: Decimal | None = None
    future_capital_contributions: Decimal | None = None
    legal_reserve: Decimal | None = None
    capital_update_excess: Decimal | None = None
    capital_update_insufficiency: Decimal | None = None
    capital_reserve: Decimal | None = None
    share_premium_on_stock_sales: Decimal | None = None
    retained_earnings: Decimal | None = None
    other_comprehensive_income: Decimal | None = None
    controlling_interest: Decimal | None = None
    non_controlling_interest: Decimal | None = None
    total: Decimal | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class FinancialStatementBalanceSheet(DataModel):
    """The value of `FinancialStatement.balance_sheet`."""

    current_assets: FinancialStatementBalanceSheetCurrentAssets | None = None
    non_current_assets: FinancialStatementBalanceSheetNonCurrentAssets | None = None
    current_liabilities: FinancialStatementBalanceSheetCurrentLiabilities | None = None
    non_current_liabilities: FinancialStatementBalanceSheetNonCurrentLiabilities | None = None
    equity: FinancialStatementBalanceSheetEquity | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class FinancialStatementIncomeStatement(DataModel):
    """The value of `FinancialStatement.income_statement`."""

    net_revenue: Decimal | None = None
    domestic_sales: Decimal | None = None
    foreign_sales: Decimal | None = None
    materials_used: Decimal | None = None
    cost_of_goods_sold: Decimal | None = None
    cost_of_services_sold: Decimal | None = None
    gross_profit: Decimal | None = None
    gross_loss: Decimal | None = None
    operating_expenses: Decimal | None = None
    operating_income: Decimal | None = None
    operating_loss: Decimal | None = None
    financial_result: Decimal | None = None
    income_statement_financial_gains: Decimal | None = None
    income_statement_financial_costs: Decimal | None = None
    equity_in_earnings_of_affiliates: Decimal | None = None
    income_before_taxes: Decimal | None = None
    loss_before_taxes: Decimal | None = None
    income_taxes: Decimal | None = None
    income_from_continuing_operations: Decimal | None = None
    loss_from_continuing_operations: Decimal | None = None
    discontinued_operations: Decimal | None = None
    net_income: Decimal | None = None
    net_loss: Decimal | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class FinancialStatement(DataModel):
    """A row of `/api/financial-statements/`."""

    id: str | None = None
    link: str | None = None
    collected_at: dt.datetime | None = None
    created_at: dt.datetime | None = None
    error: str | None = None
    year: str | None = None
    currency: str | None = None
    balance_sheet: FinancialStatementBalanceSheet | None = None
    income_statement: FinancialStatementIncomeStatement | None = None
