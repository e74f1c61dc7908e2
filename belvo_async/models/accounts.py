"""Models of accounts. Generated from Belvo's schema: `make models`."""

import datetime as dt
from decimal import Decimal

from belvo_async.models._enums import OpenEnum
from belvo_async.models._rows import DataRow, row

__all__ = [
    "Account",
    "AccountBalance",
    "AccountCategory",
    "AccountCreditCardNetwork",
    "AccountCreditData",
    "AccountCreditDataCards",
    "AccountCreditDataLimits",
    "AccountLoanData",
    "AccountLoanDataBalloonPayments",
    "AccountLoanDataCollaterals",
    "AccountLoanDataContractRemainingFrequency",
    "AccountLoanDataContractedChargeType",
    "AccountLoanDataContractedCharges",
    "AccountLoanDataFeeCharge",
    "AccountLoanDataFeeChargeType",
    "AccountLoanDataFeeType",
    "AccountLoanDataFees",
    "AccountLoanDataInstallmentFrequency",
    "AccountLoanDataInterestRate",
    "AccountLoanDataInterestRateData",
    "AccountLoanDataInterestRateDataRateType",
    "AccountLoanDataInterestRateDataReferenceIndexType",
    "AccountLoanDataInterestRateDataTaxType",
    "AccountLoanDataInterestRateType",
    "AccountOverdraft",
    "AccountsLoanDataContractInstallmentFrequency",
    "CreditCardLimitType",
    "InstitutionAccount",
    "InstitutionType",
]


@row
class AccountBalance(DataRow):
    """The `balance` of an `Account`."""

    automatically_invested: Decimal | None = None
    available: Decimal | None = None
    blocked: Decimal | None = None
    current: Decimal | None = None


class AccountCategory(OpenEnum):
    """The `category` of an `Account`."""

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


@row
class AccountCreditDataCards(DataRow):
    """The `cards` of an `AccountCreditData`."""

    identification_number: str | None = None
    is_multiple: bool | None = None


class CreditCardLimitType(OpenEnum):
    """The `type` of an `AccountCreditDataLimits`."""

    TOTAL_LIMIT = "TOTAL_LIMIT"
    MODAL_LIMIT = "MODAL_LIMIT"


@row
class AccountCreditDataLimits(DataRow):
    """The `limits` of an `AccountCreditData`."""

    available_amount: Decimal | None = None
    consolidation_type: str | None = None
    credit_limit: Decimal | None = None
    identification_number: str | None = None
    is_limit_flexible: bool | None = None
    line_name: str | None = None
    line_name_additional_info: str | None = None
    type: CreditCardLimitType | None = None
    used_amount: Decimal | None = None


class AccountCreditCardNetwork(OpenEnum):
    """The `network` of an `AccountCreditData`."""

    VISA = "VISA"
    MASTERCARD = "MASTERCARD"
    AMERICAN_EXPRESS = "AMERICAN_EXPRESS"
    DINERS_CLUB = "DINERS_CLUB"
    HIPERCARD = "HIPERCARD"
    BANDEIRA_PROPRIA = "BANDEIRA_PROPRIA"
    CHEQUE_ELETRONICO = "CHEQUE_ELETRONICO"
    ELO = "ELO"
    OTHER = "OTHER"


@row
class AccountCreditData(DataRow):
    """The `credit_data` of an `Account`."""

    cards: tuple[AccountCreditDataCards, ...] = ()
    collected_at: dt.datetime | None = None
    credit_limit: Decimal | None = None
    cutting_date: dt.date | None = None
    interest_rate: Decimal | None = None
    last_payment_date: str | None = None
    limits: tuple[AccountCreditDataLimits, ...] = ()
    minimum_payment: Decimal | None = None
    monthly_payment: Decimal | None = None
    network: AccountCreditCardNetwork | None = None
    network_additional_info: str | None = None
    next_payment_date: str | None = None
    no_interest_payment: Decimal | None = None


class InstitutionType(OpenEnum):
    """The `type` of an `InstitutionAccount`."""

    BANK = "bank"
    FISCAL = "fiscal"
    EMPLOYMENT = "employment"


@row
class InstitutionAccount(DataRow):
    """The `institution` of an `Account`."""

    name: str | None = None
    type: InstitutionType | None = None


@row
class AccountLoanDataBalloonPayments(DataRow):
    """The `balloon_payments` of an `AccountLoanData`."""

    amount: Decimal | None = None
    currency: str | None = None
    due_date: dt.date | None = None


@row
class AccountLoanDataCollaterals(DataRow):
    """The `collaterals` of an `AccountLoanData`."""

    amount: Decimal | None = None
    currency: str | None = None
    subtype: str | None = None
    type: str | None = None


class AccountLoanDataContractRemainingFrequency(OpenEnum):
    """The `contract_remaining_frequency` of an `AccountLoanData`."""

    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"
    YEAR = "YEAR"
    NO_DEADLINE_REMAINING = "NO_DEADLINE_REMAINING"


class AccountLoanDataContractedChargeType(OpenEnum):
    """The `type` of an `AccountLoanDataContractedCharges`."""

    LATE_PAYMENT_INTEREST_FEE = "LATE_PAYMENT_INTEREST_FEE"
    LATE_PAYMENT_PENALTY_FEE = "LATE_PAYMENT_PENALTY_FEE"
    DEFAULT_INTEREST_FEE = "DEFAULT_INTEREST_FEE"
    LOAN_CONTRACT_TAX = "LOAN_CONTRACT_TAX"
    LATE_PAYMENT_TAX = "LATE_PAYMENT_TAX"
    NO_CHARGE = "NO_CHARGE"
    OTHER = "OTHER"


@row
class AccountLoanDataContractedCharges(DataRow):
    """The `contracted_charges` of an `AccountLoanData`."""

    info: str | None = None
    rate: Decimal | None = None
    type: AccountLoanDataContractedChargeType | None = None


class AccountLoanDataFeeCharge(OpenEnum):
    """The `fee_charge` of an `AccountLoanDataFees`."""

    MINIMUM = "MINIMUM"
    MAXIMUM = "MAXIMUM"
    FIXED = "FIXED"
    PERCENTAGE = "PERCENTAGE"


class AccountLoanDataFeeChargeType(OpenEnum):
    """The `fee_charge_type` of an `AccountLoanDataFees`."""

    SINGLE = "SINGLE"
    PER_INSTALLMENT = "PER_INSTALLMENT"


class AccountLoanDataFeeType(OpenEnum):
    """The `type` of an `AccountLoanDataFees`."""

    OPERATION_FEE = "OPERATION_FEE"
    INSURANCE_FEE = "INSURANCE_FEE"
    OTHERS = "OTHERS"


@row
class AccountLoanDataFees(DataRow):
    """The `fees` of an `AccountLoanData`."""

    code: str | None = None
    fee_charge: AccountLoanDataFeeCharge | None = None
    fee_charge_type: AccountLoanDataFeeChargeType | None = None
    name: str | None = None
    rate: Decimal | None = None
    type: AccountLoanDataFeeType | None = None
    value: Decimal | None = None


class AccountLoanDataInstallmentFrequency(OpenEnum):
    """The `installment_frequency` of an `AccountLoanData`."""

    IRREGULAR = "IRREGULAR"
    WEEKLY = "WEEKLY"
    FORTNIGHTLY = "FORTNIGHTLY"
    MONTHLY = "MONTHLY"
    BIMONTHLY = "BIMONTHLY"
    QUARTERLY = "QUARTERLY"
    BIANNUALLY = "BIANNUALLY"
    ANNUALLY = "ANNUALLY"
    OTHER = "OTHER"


class AccountsLoanDataContractInstallmentFrequency(OpenEnum):
    """The `installments_contract_term_frequency` of an `AccountLoanData`."""

    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"
    YEAR = "YEAR"
    NO_DEADLINE_REMAINING = "NO_DEADLINE_REMAINING"


class AccountLoanDataInterestRateDataRateType(OpenEnum):
    """The `rate_type` of an `AccountLoanDataInterestRateData`."""

    SIMPLE = "SIMPLE"
    COMPOUND = "COMPOUND"


class AccountLoanDataInterestRateDataReferenceIndexType(OpenEnum):
    """The `reference_index_type` of an `AccountLoanDataInterestRateData`."""

    WITHOUT_INDEX_TYPE = "WITHOUT_INDEX_TYPE"
    PRE_FIXED = "PRE_FIXED"
    POST_FIXED = "POST_FIXED"
    FLOATING = "FLOATING"
    INDEXED_PRICE = "INDEXED_PRICE"
    RURAL_CREDIT = "RURAL_CREDIT"
    OTHER_INDEX = "OTHER_INDEX"


class AccountLoanDataInterestRateDataTaxType(OpenEnum):
    """The `tax_type` of an `AccountLoanDataInterestRateData`."""

    NOMINAL = "NOMINAL"
    EFFECTIVE = "EFFECTIVE"


class AccountLoanDataInterestRateType(OpenEnum):
    """The `type` of an `AccountLoanDataInterestRateData`."""

    MONTHLY = "MONTHLY"
    YEARLY = "YEARLY"


@row
class AccountLoanDataInterestRateData(DataRow):
    """The `interest_rate_data` of an `AccountLoanDataInterestRate`."""

    additional_info: str | None = None
    calculation_base: str | None = None
    post_fixed_rate: Decimal | None = None
    pre_fixed_rate: Decimal | None = None
    rate_type: AccountLoanDataInterestRateDataRateType | None = None
    reference_index_info: str | None = None
    reference_index_subtype: str | None = None
    reference_index_type: AccountLoanDataInterestRateDataReferenceIndexType | None = None
    tax_type: AccountLoanDataInterestRateDataTaxType | None = None
    type: AccountLoanDataInterestRateType | None = None


@row
class AccountLoanDataInterestRate(DataRow):
    """The `interest_rates` of an `AccountLoanData`."""

    interest_rate_data: AccountLoanDataInterestRateData | None = None
    name: str | None = None
    type: AccountLoanDataInterestRateType | None = None
    value: Decimal | None = None


@row
class AccountLoanData(DataRow):
    """The `loan_data` of an `Account`."""

    amortization_schedule: str | None = None
    amortization_schedule_info: str | None = None
    balloon_payments: tuple[AccountLoanDataBalloonPayments, ...] = ()
    collaterals: tuple[AccountLoanDataCollaterals, ...] = ()
    collected_at: dt.datetime | None = None
    consignee_id: str | None = None
    contract_amount: Decimal | None = None
    contract_end_date: dt.date | None = None
    contract_number: str | None = None
    contract_remaining_frequency: AccountLoanDataContractRemainingFrequency | None = None
    contract_remaining_total: int | None = None
    contract_start_date: dt.date | None = None
    contracted_charges: tuple[AccountLoanDataContractedCharges, ...] = ()
    credit_limit: Decimal | None = None
    cutting_date: str | None = None
    cutting_day: str | None = None
    disbursement_dates: tuple[str, ...] = ()
    fees: tuple[AccountLoanDataFees, ...] = ()
    first_installment_due_date: dt.date | None = None
    installment_frequency: AccountLoanDataInstallmentFrequency | None = None
    installment_frequency_info: str | None = None
    installments_contract_term_frequency: AccountsLoanDataContractInstallmentFrequency | None = None
    interest_rate: Decimal | None = None
    interest_rates: tuple[AccountLoanDataInterestRate, ...] = ()
    last_payment_date: str | None = None
    last_period_balance: Decimal | None = None
    limit_day: str | None = None
    loan_code: str | None = None
    loan_type: str | None = None
    monthly_payment: Decimal | None = None
    no_interest_payment: Decimal | None = None
    number_of_installments_outstanding: int | None = None
    number_of_installments_paid: int | None = None
    number_of_installments_past_due: int | None = None
    number_of_installments_total: int | None = None
    outstanding_balance: Decimal | None = None
    outstanding_principal: Decimal | None = None
    payment_day: str | None = None
    principal: Decimal | None = None
    settlement_date: str | None = None
    total_effective_cost: Decimal | None = None


@row
class AccountOverdraft(DataRow):
    """The `overdraft` of an `Account`."""

    arranged: Decimal | None = None
    unarranged: Decimal | None = None
    used: Decimal | None = None


@row
class Account(DataRow):
    """One row of `pool.accounts`."""

    agency: str | None = None
    balance: AccountBalance | None = None
    balance_type: str | None = None
    category: AccountCategory | None = None
    check_digit: str | None = None
    collected_at: dt.datetime | None = None
    created_at: dt.datetime | None = None
    credit_data: AccountCreditData | None = None
    currency: str | None = None
    funds_data: str | None = None
    id: str | None = None
    institution: InstitutionAccount | None = None
    internal_identification: str | None = None
    last_accessed_at: dt.datetime | None = None
    link: str | None = None
    loan_data: AccountLoanData | None = None
    name: str | None = None
    number: str | None = None
    overdraft: AccountOverdraft | None = None
    public_identification_name: str | None = None
    public_identification_value: str | None = None
    subtype: str | None = None
    type: str | None = None
