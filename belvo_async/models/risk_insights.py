"""Risk insights, from Belvo's schema: `make models` writes this."""

import datetime as dt
from decimal import Decimal

from attrs import frozen

from belvo_async.models._data_model import DataModel, show_ids_only
from belvo_async.models.transactions import TransactionCategory, TransactionSubcategory

__all__ = [
    "RiskInsights",
    "RiskInsightsAssetMetrics",
    "RiskInsightsBalanceMetrics",
    "RiskInsightsCashflowMetrics",
    "RiskInsightsCategoryMetrics",
    "RiskInsightsCreditCardMetrics",
    "RiskInsightsLoansMetrics",
    "RiskInsightsTransactionMetrics",
]


@frozen(kw_only=True, field_transformer=show_ids_only)
class RiskInsightsAssetMetrics(DataModel):
    """The value of `RiskInsights.assets_metrics`."""

    institutions: tuple[str, ...] = ()
    num_assets_accounts: int | None = None
    num_checking_accounts: int | None = None
    num_savings_accounts: int | None = None
    checking_accounts_balance: Decimal | None = None
    savings_accounts_balance: Decimal | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class RiskInsightsCreditCardMetrics(DataModel):
    """The value of `RiskInsights.credit_cards_metrics`."""

    num_accounts: int | None = None
    sum_credit_limit: Decimal | None = None
    sum_credit_used: Decimal | None = None
    credit_card_limit_utilization: Decimal | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class RiskInsightsLoansMetrics(DataModel):
    """The value of `RiskInsights.loans_metrics`."""

    num_accounts: int | None = None
    sum_loans_principal: Decimal | None = None
    sum_loans_outstanding_principal: Decimal | None = None
    sum_loans_monthly_payment: Decimal | None = None
    loan_limit_utilization: Decimal | None = None
    overdraft_limit: Decimal | None = None
    overdraft_limit_utilization: Decimal | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class RiskInsightsBalanceMetrics(DataModel):
    """The value of `RiskInsights.balances_metrics`."""

    closing_balance: Decimal | None = None
    min_balance_3d: Decimal | None = None
    min_balance_1w: Decimal | None = None
    min_balance_1m: Decimal | None = None
    min_balance_3m: Decimal | None = None
    min_balance_6m: Decimal | None = None
    min_balance_12m: Decimal | None = None
    mean_balance_3d: Decimal | None = None
    mean_balance_1w: Decimal | None = None
    mean_balance_1m: Decimal | None = None
    mean_balance_3m: Decimal | None = None
    mean_balance_6m: Decimal | None = None
    mean_balance_12m: Decimal | None = None
    max_balance_3d: Decimal | None = None
    max_balance_1w: Decimal | None = None
    max_balance_1m: Decimal | None = None
    max_balance_3m: Decimal | None = None
    max_balance_6m: Decimal | None = None
    max_balance_12m: Decimal | None = None
    std_balance_3d: Decimal | None = None
    std_balance_1w: Decimal | None = None
    std_balance_1m: Decimal | None = None
    std_balance_3m: Decimal | None = None
    std_balance_6m: Decimal | None = None
    std_balance_12m: Decimal | None = None
    balance_trend_3d: Decimal | None = None
    balance_trend_1w: Decimal | None = None
    balance_trend_1m: Decimal | None = None
    balance_trend_3m: Decimal | None = None
    balance_trend_6m: Decimal | None = None
    balance_trend_12m: Decimal | None = None
    days_balance_below_0_3d: int | None = None
    days_balance_below_0_1w: int | None = None
    days_balance_below_0_1m: int | None = None
    days_balance_below_0_3m: int | None = None
    days_balance_below_0_6m: int | None = None
    days_balance_below_0_12m: int | None = None
    days_balance_below_mean_3d: int | None = None
    days_balance_below_mean_1w: int | None = None
    days_balance_below_mean_1m: int | None = None
    days_balance_below_mean_3m: int | None = None
    days_balance_below_mean_6m: int | None = None
    days_balance_below_mean_12m: int | None = None
    days_balance_below_x_3d: int | None = None
    days_balance_below_x_1w: int | None = None
    days_balance_below_x_1m: int | None = None
    days_balance_below_x_3m: int | None = None
    days_balance_below_x_6m: int | None = None
    days_balance_below_x_12m: int | None = None
    balance_threshold_x: Decimal | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class RiskInsightsTransactionMetrics(DataModel):
    """The value of `RiskInsights.transactions_metrics`."""

    num_transactions_3d: int | None = None
    num_transactions_1w: int | None = None
    num_transactions_1m: int | None = None
    num_transactions_3m: int | None = None
    num_transactions_6m: int | None = None
    num_transactions_12m: int | None = None
    max_num_transactions_3d: int | None = None
    max_num_transactions_1w: int | None = None
    max_num_transactions_1m: int | None = None
    max_num_transactions_3m: int | None = None
    max_num_transactions_6m: int | None = None
    max_num_transactions_12m: int | None = None
    mean_num_transactions_3d: Decimal | None = None
    mean_num_transactions_1w: Decimal | None = None
    mean_num_transactions_1m: Decimal | None = None
    mean_num_transactions_3m: Decimal | None = None
    mean_num_transactions_6m: Decimal | None = None
    mean_num_transactions_12m: Decimal | None = None
    num_incoming_transactions_3d: int | None = None
    num_incoming_transactions_1w: int | None = None
    num_incoming_transactions_1m: int | None = None
    num_incoming_transactions_3m: int | None = None
    num_incoming_transactions_6m: int | None = None
    num_incoming_transactions_12m: int | None = None
    max_num_incoming_transactions_3d: int | None = None
    max_num_incoming_transactions_1w: int | None = None
    max_num_incoming_transactions_1m: int | None = None
    max_num_incoming_transactions_3m: int | None = None
    max_num_incoming_transactions_6m: int | None = None
    max_num_incoming_transactions_12m: int | None = None
    mean_num_incoming_transactions_3d: Decimal | None = None
    mean_num_incoming_transactions_1w: Decimal | None = None
    mean_num_incoming_transactions_1m: Decimal | None = None
    mean_num_incoming_transactions_3m: Decimal | None = None
    mean_num_incoming_transactions_6m: Decimal | None = None
    mean_num_incoming_transactions_12m: Decimal | None = None
    sum_incoming_amount_3d: Decimal | None = None
    sum_incoming_amount_1w: Decimal | None = None
    sum_incoming_amount_1m: Decimal | None = None
    sum_incoming_amount_3m: Decimal | None = None
    sum_incoming_amount_6m: Decimal | None = None
    sum_incoming_amount_12m: Decimal | None = None
    max_incoming_amount_3d: Decimal | None = None
    max_incoming_amount_1w: Decimal | None = None
    max_incoming_amount_1m: Decimal | None = None
    max_incoming_amount_3m: Decimal | None = None
    max_incoming_amount_6m: Decimal | None = None
    max_incoming_amount_12m: Decimal | None = None
    mean_incoming_amount_3d: Decimal | None = None
    mean_incoming_amount_1w: Decimal | None = None
    mean_incoming_amount_1m: Decimal | None = None
    mean_incoming_amount_3m: Decimal | None = None
    mean_incoming_amount_6m: Decimal | None = None
    mean_incoming_amount_12m: Decimal | None = None
    num_outgoing_transactions_3d: int | None = None
    num_outgoing_transactions_1w: int | None = None
    num_outgoing_transactions_1m: int | None = None
    num_outgoing_transactions_3m: int | None = None
    num_outgoing_transactions_6m: int | None = None
    num_outgoing_transactions_12m: int | None = None
    max_num_outgoing_transactions_3d: int | None = None
    max_num_outgoing_transactions_1w: int | None = None
    max_num_outgoing_transactions_1m: int | None = None
    max_num_outgoing_transactions_3m: int | None = None
    max_num_outgoing_transactions_6m: int | None = None
    max_num_outgoing_transactions_12m: int | None = None
    mean_num_outgoing_transactions_3d: Decimal | None = None
    mean_num_outgoing_transactions_1w: Decimal | None = None
    mean_num_outgoing_transactions_1m: Decimal | None = None
    mean_num_outgoing_transactions_3m: Decimal | None = None
    mean_num_outgoing_transactions_6m: Decimal | None = None
    mean_num_outgoing_transactions_12m: Decimal | None = None
    sum_outgoing_amount_3d: Decimal | None = None
    sum_outgoing_amount_1w: Decimal | None = None
    sum_outgoing_amount_1m: Decimal | None = None
    sum_outgoing_amount_3m: Decimal | None = None
    sum_outgoing_amount_6m: Decimal | None = None
    sum_outgoing_amount_12m: Decimal | None = None
    max_outgoing_amount_3d: Decimal | None = None
    max_outgoing_amount_1w: Decimal | None = None
    max_outgoing_amount_1m: Decimal | None = None
    max_outgoing_amount_3m: Decimal | None = None
    max_outgoing_amount_6m: Decimal | None = None
    max_outgoing_amount_12m: Decimal | None = None
    mean_outgoing_amount_3d: Decimal | None = None
    mean_outgoing_amount_1w: Decimal | None = None
    mean_outgoing_amount_1m: Decimal | None = None
    mean_outgoing_amount_3m: Decimal | None = None
    mean_outgoing_amount_6m: Decimal | None = None
    mean_outgoing_amount_12m: Decimal | None = None
    days_without_transactions_3d: int | None = None
    days_without_transactions_1w: int | None = None
    days_without_transactions_1m: int | None = None
    days_without_transactions_3m: int | None = None
    days_without_transactions_6m: int | None = None
    days_without_transactions_12m: int | None = None
    days_since_last_transaction: int | None = None
    days_since_last_incoming_transaction: int | None = None
    days_since_last_outgoing_transaction: int | None = None
    days_history: int | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class RiskInsightsCashflowMetrics(DataModel):
    """The value of `RiskInsights.cashflow_metrics`."""

    max_positive_3d: Decimal | None = None
    max_positive_1w: Decimal | None = None
    max_positive_1m: Decimal | None = None
    max_positive_3m: Decimal | None = None
    max_positive_6m: Decimal | None = None
    max_positive_12m: Decimal | None = None
    max_negative_3d: Decimal | None = None
    max_negative_1w: Decimal | None = None
    max_negative_1m: Decimal | None = None
    max_negative_3m: Decimal | None = None
    max_negative_6m: Decimal | None = None
    max_negative_12m: Decimal | None = None
    mean_positive_3d: Decimal | None = None
    mean_positive_1w: Decimal | None = None
    mean_positive_1m: Decimal | None = None
    mean_positive_3m: Decimal | None = None
    mean_positive_6m: Decimal | None = None
    mean_positive_12m: Decimal | None = None
    mean_negative_3d: Decimal | None = None
    mean_negative_1w: Decimal | None = None
    mean_negative_1m: Decimal | None = None
    mean_negative_3m: Decimal | None = None
    mean_negative_6m: Decimal | None = None
    mean_negative_12m: Decimal | None = None
    sum_positive_3d: Decimal | None = None
    sum_positive_1w: Decimal | None = None
    sum_positive_1m: Decimal | None = None
    sum_positive_3m: Decimal | None = None
    sum_positive_6m: Decimal | None = None
    sum_positive_12m: Decimal | None = None
    sum_positive_trend_3d: Decimal | None = None
    sum_positive_trend_1w: Decimal | None = None
    sum_positive_trend_1m: Decimal | None = None
    sum_positive_trend_3m: Decimal | None = None
    sum_positive_trend_6m: Decimal | None = None
    sum_positive_trend_12m: Decimal | None = None
    sum_negative_3d: Decimal | None = None
    sum_negative_1w: Decimal | None = None
    sum_negative_1m: Decimal | None = None
    sum_negative_3m: Decimal | None = None
    sum_negative_6m: Decimal | None = None
    sum_negative_12m: Decimal | None = None
    sum_negative_trend_3d: Decimal | None = None
    sum_negative_trend_1w: Decimal | None = None
    sum_negative_trend_1m: Decimal | None = None
    sum_negative_trend_3m: Decimal | None = None
    sum_negative_trend_6m: Decimal | None = None
    sum_negative_trend_12m: Decimal | None = None
    positive_to_negative_ratio_3d: Decimal | None = None
    positive_to_negative_ratio_1w: Decimal | None = None
    positive_to_negative_ratio_1m: Decimal | None = None
    positive_to_negative_ratio_3m: Decimal | None = None
    positive_to_negative_ratio_6m: Decimal | None = None
    positive_to_negative_ratio_12m: Decimal | None = None
    net_cashflow_3d: Decimal | None = None
    net_cashflow_1w: Decimal | None = None
    net_cashflow_1m: Decimal | None = None
    net_cashflow_3m: Decimal | None = None
    net_cashflow_6m: Decimal | None = None
    net_cashflow_12m: Decimal | None = None
    net_cashflow_trend_3d: Decimal | None = None
    net_cashflow_trend_1w: Decimal | None = None
    net_cashflow_trend_1m: Decimal | None = None
    net_cashflow_trend_3m: Decimal | None = None
    net_cashflow_trend_6m: Decimal | None = None
    net_cashflow_trend_12m: Decimal | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class RiskInsightsCategoryMetrics(DataModel):
    """An item of `RiskInsights.category_metrics`."""

    category: TransactionCategory | None = None
    subcategory: TransactionSubcategory | None = None
    net_amount_3m: Decimal | None = None
    category_inflow_ratio_3m: Decimal | None = None
    trend_3m: Decimal | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class RiskInsights(DataModel):
    """A row of `/api/risk-insights/`."""

    id: str | None = None
    link: str | None = None
    created_at: dt.datetime | None = None
    accounts: tuple[str, ...] = ()
    assets_metrics: RiskInsightsAssetMetrics | None = None
    credit_cards_metrics: RiskInsightsCreditCardMetrics | None = None
    loans_metrics: RiskInsightsLoansMetrics | None = None
    balances_metrics: RiskInsightsBalanceMetrics | None = None
    transactions_metrics: RiskInsightsTransactionMetrics | None = None
    cashflow_metrics: RiskInsightsCashflowMetrics | None = None
    category_metrics: tuple[RiskInsightsCategoryMetrics, ...] = ()
