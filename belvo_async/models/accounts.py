"""Accounts, from Belvo's schema: `make models` writes this."""

import datetime as dt
from decimal import Decimal

from attrs import frozen

from belvo_async.models._data_model import DataModel, show_ids_only
from belvo_async.models._enums import OpenEnum

__all__ = [
    "Account",
    "AccountBalance",
    "AccountCategory",
    "AccountCreditCardNetwork",
    "AccountCreditData",
    "AccountCreditDataCard",
    "AccountCreditDataLimit",
    "AccountInstitution",
    "AccountLoanData",
    "AccountLoanDataBalloonPayment",
    "AccountLoanDataCollateral",
    "AccountLoanDataContractFrequency",
    "AccountLoanDataContractedCharge",
    "AccountLoanDataContractedChargeType",
    "AccountLoanDataFee",
    "AccountLoanDataFeeCharge",
    "AccountLoanDataFeeChargeType",
    "AccountLoanDataFeeType",
    "AccountLoanDataInstallmentFrequency",
    "AccountLoanDataInterestRate",
    "AccountLoanDataInterestRateData",
    "AccountLoanDataInterestRateDataRateType",
    "AccountLoanDataInterestRateDataReferenceIndexType",
    "AccountLoanDataInterestRateDataTaxType",
    "AccountLoanDataInterestRateType",
    "AccountOverdraft",
    "CreditCardLimitType",
    "InstitutionType",
]


class InstitutionType(OpenEnum):
    """Values of `AccountInstitution.type`."""

    BANK = "bank"
    FISCAL = "fiscal"
    EMPLOYMENT = "employment"


@frozen(kw_only=True, field_transformer=show_ids_only)
class AccountInstitution(DataModel):
    """The value of `Account.institution`."""

    name: str | None = None
    type: InstitutionType | None = None


class AccountCategory(OpenEnum):
    """Values of `Account.category`."""

    ADVANCE_DEPOSIT_ACCOUNT = "ADVANCE_DEPOSIT_ACCOUNT"
    CHECKING_ACCOUNT = "CHECKING_ACCOUNT"
    CREDIT_CARD = "CREDIT_CARD"
    FINANCING_ACCOUNT = "FINANCING_ACCOUNT"
    INVESTMENT_ACCOUNT = "INVESTMENT_ACCOUNT"
    INVOICE_FINANCING_ACCOUNT = "INVOICE_FINANCING_ACCOUNT"
    LOAN_ACCOUNT = "LOAN_ACCOUNT"
    PENSION_FUND_ACCOUNT = "PENSION_FUND_ACCOUNT"
    SAVINGS_ACCOUNT = "SAVINGS_ACCOUNT"
    UNCATEGORIZED = "UNCATEGORIZED"


@frozen(kw_only=True, field_transformer=show_ids_only)
class AccountOverdraft(DataModel):
    """The value of `Account.overdraft`."""

    arranged: Decimal | None = None
    used: Decimal | None = None
    unarranged: Decimal | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class AccountBalance(DataModel):
    """The value of `Account.balance`."""

    current: Decimal | None = None
    available: Decimal | None = None
    blocked: Decimal | None = None
    automatically_invested: Decimal | None = None


class CreditCardLimitType(OpenEnum):
    """Values of `AccountCreditDataLimit.type`."""

    TOTAL_LIMIT = "TOTAL_LIMIT"
    MODAL_LIMIT = "MODAL_LIMIT"


@frozen(kw_only=True, field_transformer=show_ids_only)
class AccountCreditDataLimit(DataModel):
    """An item of `AccountCreditData.limits`."""

    identification_number: str | None = None
    credit_limit: Decimal | None = None
    used_amount: Decimal | None = None
    available_amount: Decimal | None = None
    is_limit_flexible: bool | None = None
    type: CreditCardLimitType | None = None
    consolidation_type: str | None = None
    line_name: str | None = None
    line_name_additional_info: str | None = None


class AccountCreditCardNetwork(OpenEnum):
    """Values of `AccountCreditData.network`."""

    VISA = "VISA"
    MASTERCARD = "MASTERCARD"
    AMERICAN_EXPRESS = "AMERICAN_EXPRESS"
    DINERS_CLUB = "DINERS_CLUB"
    HIPERCARD = "HIPERCARD"
    BANDEIRA_PROPRIA = "BANDEIRA_PROPRIA"
    CHEQUE_ELETRONICO = "CHEQUE_ELETRONICO"
    ELO = "ELO"
    OTHER = "OTHER"


@frozen(kw_only=True, field_transformer=show_ids_only)
class AccountCreditDataCard(DataModel):
    """An item of `AccountCreditData.cards`."""

    is_multiple: bool | None = None
    identification_number: str | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class AccountCreditData(DataModel):
    """The value of `Account.credit_data`."""

    collected_at: dt.datetime | None = None
    credit_limit: Decimal | None = None
    limits: tuple[AccountCreditDataLimit, ...] = ()
    cutting_date: dt.date | None = None
    minimum_payment: Decimal | None = None
    network: AccountCreditCardNetwork | None = None
    network_additional_info: str | None = None
    cards: tuple[AccountCreditDataCard, ...] = ()
    next_payment_date: str | None = None
    no_interest_payment: Decimal | None = None
    interest_rate: Decimal | None = None
    monthly_payment: Decimal | None = None
    """Deprecated by Belvo."""
    last_payment_date: str | None = None
    """Deprecated by Belvo."""


class AccountLoanDataInterestRateType(OpenEnum):
    """Values of `AccountLoanDataInterestRate.type`."""

    MONTHLY = "MONTHLY"
    YEARLY = "YEARLY"


class AccountLoanDataInterestRateDataTaxType(OpenEnum):
    """Values of `AccountLoanDataInterestRateData.tax_type`."""

    NOMINAL = "NOMINAL"
    EFFECTIVE = "EFFECTIVE"


class AccountLoanDataInterestRateDataRateType(OpenEnum):
    """Values of `AccountLoanDataInterestRateData.rate_type`."""

    SIMPLE = "SIMPLE"
    COMPOUND = "COMPOUND"


class AccountLoanDataInterestRateDataReferenceIndexType(OpenEnum):
    """Values of `AccountLoanDataInterestRateData.reference_index_type`."""

    WITHOUT_INDEX_TYPE = "WITHOUT_INDEX_TYPE"
    PRE_FIXED = "PRE_FIXED"
    POST_FIXED = "POST_FIXED"
    FLOATING = "FLOATING"
    INDEXED_PRICE = "INDEXED_PRICE"
    RURAL_CREDIT = "RURAL_CREDIT"
    OTHER_INDEX = "OTHER_INDEX"


@frozen(kw_only=True, field_transformer=show_ids_only)
class AccountLoanDataInterestRateData(DataModel):
    """The value of `AccountLoanDataInterestRate.interest_rate_data`."""

    tax_type: AccountLoanDataInterestRateDataTaxType | None = None
    rate_type: AccountLoanDataInterestRateDataRateType | None = None
    type: AccountLoanDataInterestRateType | None = None
    calculation_base: str | None = None
    reference_index_type: AccountLoanDataInterestRateDataReferenceIndexType | None = None
    reference_index_subtype: str | None = None
    reference_index_info: str | None = None
    pre_fixed_rate: Decimal | None = None
    post_fixed_rate: Decimal | None = None
    additional_info: str | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class AccountLoanDataInterestRate(DataModel):
    """An item of `AccountLoanData.interest_rates`."""

    name: str | None = None
    type: AccountLoanDataInterestRateType | None = None
    value: Decimal | None = None
    interest_rate_data: AccountLoanDataInterestRateData | None = None


class AccountLoanDataFeeType(OpenEnum):
    """Values of `AccountLoanDataFee.type`."""

    OPERATION_FEE = "OPERATION_FEE"
    INSURANCE_FEE = "INSURANCE_FEE"
    OTHERS = "OTHERS"


class AccountLoanDataFeeChargeType(OpenEnum):
    """Values of `AccountLoanDataFee.fee_charge_type`."""

    SINGLE = "SINGLE"
    PER_INSTALLMENT = "PER_INSTALLMENT"


class AccountLoanDataFeeCharge(OpenEnum):
    """Values of `AccountLoanDataFee.fee_charge`."""

    MINIMUM = "MINIMUM"
    MAXIMUM = "MAXIMUM"
    FIXED = "FIXED"
    PERCENTAGE = "PERCENTAGE"


@frozen(kw_only=True, field_transformer=show_ids_only)
class AccountLoanDataFee(DataModel):
    """An item of `AccountLoanData.fees`."""

    type: AccountLoanDataFeeType | None = None
    value: Decimal | None = None
    name: str | None = None
    code: str | None = None
    fee_charge_type: AccountLoanDataFeeChargeType | None = None
    fee_charge: AccountLoanDataFeeCharge | None = None
    rate: Decimal | None = None


class AccountLoanDataContractedChargeType(OpenEnum):
    """Values of `AccountLoanDataContractedCharge.type`."""

    LATE_PAYMENT_INTEREST_FEE = "LATE_PAYMENT_INTEREST_FEE"
    LATE_PAYMENT_PENALTY_FEE = "LATE_PAYMENT_PENALTY_FEE"
    DEFAULT_INTEREST_FEE = "DEFAULT_INTEREST_FEE"
    LOAN_CONTRACT_TAX = "LOAN_CONTRACT_TAX"
    LATE_PAYMENT_TAX = "LATE_PAYMENT_TAX"
    NO_CHARGE = "NO_CHARGE"
    OTHER = "OTHER"


@frozen(kw_only=True, field_transformer=show_ids_only)
class AccountLoanDataContractedCharge(DataModel):
    """An item of `AccountLoanData.contracted_charges`."""

    type: AccountLoanDataContractedChargeType | None = None
    info: str | None = None
    rate: Decimal | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class AccountLoanDataCollateral(DataModel):
    """An item of `AccountLoanData.collaterals`."""

    type: str | None = None
    subtype: str | None = None
    currency: str | None = None
    amount: Decimal | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class AccountLoanDataBalloonPayment(DataModel):
    """An item of `AccountLoanData.balloon_payments`."""

    due_date: dt.date | None = None
    currency: str | None = None
    amount: Decimal | None = None


class AccountLoanDataContractFrequency(OpenEnum):
    """Values of `AccountLoanData.installments_contract_term_frequency`."""

    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"
    YEAR = "YEAR"
    NO_DEADLINE_REMAINING = "NO_DEADLINE_REMAINING"


class AccountLoanDataInstallmentFrequency(OpenEnum):
    """Values of `AccountLoanData.installment_frequency`."""

    IRREGULAR = "IRREGULAR"
    WEEKLY = "WEEKLY"
    FORTNIGHTLY = "FORTNIGHTLY"
    MONTHLY = "MONTHLY"
    BIMONTHLY = "BIMONTHLY"
    QUARTERLY = "QUARTERLY"
    BIANNUALLY = "BIANNUALLY"
    ANNUALLY = "ANNUALLY"
    OTHER = "OTHER"


@frozen(kw_only=True, field_transformer=show_ids_only)
class AccountLoanData(DataModel):
    """The value of `Account.loan_data`."""

    collected_at: dt.datetime | None = None
    loan_code: str | None = None
    contract_amount: Decimal | None = None
    total_effective_cost: Decimal | None = None
    loan_type: str | None = None
    outstanding_balance: Decimal | None = None
    interest_rates: tuple[AccountLoanDataInterestRate, ...] = ()
    fees: tuple[AccountLoanDataFee, ...] = ()
    contracted_charges: tuple[AccountLoanDataContractedCharge, ...] = ()
    collaterals: tuple[AccountLoanDataCollateral, ...] = ()
    balloon_payments: tuple[AccountLoanDataBalloonPayment, ...] = ()
    installments_contract_term_frequency: AccountLoanDataContractFrequency | None = None
    installment_frequency: AccountLoanDataInstallmentFrequency | None = None
    installment_frequency_info: str | None = None
    first_installment_due_date: dt.date | None = None
    number_of_installments_total: int | None = None
    number_of_installments_outstanding: int | None = None
    number_of_installments_paid: int | None = None
    number_of_installments_past_due: int | None = None
    disbursement_dates: tuple[str, ...] = ()
    settlement_date: str | None = None
    contract_start_date: dt.date | None = None
    contract_end_date: dt.date | None = None
    contract_remaining_frequency: AccountLoanDataContractFrequency | None = None
    contract_remaining_total: int | None = None
    amortization_schedule: str | None = None
    amortization_schedule_info: str | None = None
    consignee_id: str | None = None
    contract_number: str | None = None
    monthly_payment: Decimal | None = None
    principal: Decimal | None = None
    payment_day: str | None = None
    outstanding_principal: Decimal | None = None
    credit_limit: Decimal | None = None
    """Deprecated by Belvo."""
    last_period_balance: Decimal | None = None
    """Deprecated by Belvo."""
    interest_rate: Decimal | None = None
    """Deprecated by Belvo."""
    limit_day: str | None = None
    """Deprecated by Belvo."""
    cutting_day: str | None = None
    """Deprecated by Belvo."""
    cutting_date: str | None = None
    """Deprecated by Belvo."""
    last_payment_date: str | None = None
    """Deprecated by Belvo."""
    no_interest_payment: Decimal | None = None
    """Deprecated by Belvo."""


@frozen(kw_only=True, field_transformer=show_ids_only)
class Account(DataModel):
    """A row of `/api/accounts/`."""

    id: str | None = None
    link: str | None = None
    institution: AccountInstitution | None = None
    collected_at: dt.datetime | None = None
    created_at: dt.datetime | None = None
    last_accessed_at: dt.datetime | None = None
    category: AccountCategory | None = None
    balance_type: str | None = None
    overdraft: AccountOverdraft | None = None
    type: str | None = None
    subtype: str | None = None
    name: str | None = None
    number: str | None = None
    agency: str | None = None
    check_digit: str | None = None
    balance: AccountBalance | None = None
    currency: str | None = None
    public_identification_name: str | None = None
    public_identification_value: str | None = None
    internal_identification: str | None = None
    credit_data: AccountCreditData | None = None
    loan_data: AccountLoanData | None = None
    funds_data: str | None = None
