"""Transactions, from Belvo's schema: `make models` writes this."""

import datetime as dt
from decimal import Decimal

from attrs import frozen

from belvo_async.models._data_model import DataModel, show_ids_only
from belvo_async.models._enums import OpenEnum
from belvo_async.models.accounts import Account

__all__ = [
    "Transaction",
    "TransactionCategory",
    "TransactionCounterparty",
    "TransactionCounterpartyType",
    "TransactionCreditCardBill",
    "TransactionCreditCardData",
    "TransactionCreditCardDataCreditType",
    "TransactionCreditCardDataFeeType",
    "TransactionLoanData",
    "TransactionLoanDataCharge",
    "TransactionLoanDataFee",
    "TransactionMerchantData",
    "TransactionPaymentType",
    "TransactionStatus",
    "TransactionSubcategory",
    "TransactionType",
]


@frozen(kw_only=True, field_transformer=show_ids_only)
class TransactionMerchantData(DataModel):
    """The value of `Transaction.merchant`."""

    logo: str | None = None
    website: str | None = None
    merchant_name: str | None = None


class TransactionCategory(OpenEnum):
    """Values of `Transaction.category`."""

    BILLS_UTILITIES = "Bills & Utilities"
    CREDITS_LOANS = "Credits & Loans"
    DEPOSITS = "Deposits"
    FEES_CHARGES = "Fees & Charges"
    FOOD_GROCERIES = "Food & Groceries"
    HOME_LIFE = "Home & Life"
    INCOME_PAYMENTS = "Income & Payments"
    INSURANCE = "Insurance"
    INVESTMENTS_SAVINGS = "Investments & Savings"
    ONLINE_PLATFORMS_LEISURE = "Online Platforms & Leisure"
    PERSONAL_SHOPPING = "Personal Shopping"
    TAXES = "Taxes"
    TRANSFERS = "Transfers"
    TRANSPORT_TRAVEL = "Transport & Travel"
    UNKNOWN = "Unknown"
    WITHDRAWAL_ATM = "Withdrawal & ATM"


class TransactionSubcategory(OpenEnum):
    """Values of `Transaction.subcategory`."""

    ELECTRICITY_ENERGY = "Electricity & Energy"
    RENT = "Rent"
    TELECOMMUNICATIONS = "Telecommunications"
    WATER = "Water"
    AUTO = "Auto"
    CREDIT_CARD = "Credit Card"
    INSTALMENT = "Instalment"
    INTEREST_CHARGES = "Interest & Charges"
    MORTGAGE = "Mortgage"
    PAY_ADVANCE = "Pay Advance"
    PERSONAL = "Personal"
    ADJUSTMENTS = "Adjustments"
    BANK_FEES = "Bank Fees"
    CHARGEBACK = "Chargeback"
    REFUND = "Refund"
    BLOCKED_BALANCES = "Blocked Balances"
    ALIMONY = "Alimony"
    ALCOHOL_TOBACCO = "Alcohol & Tobacco"
    BAKERY_COFFEE = "Bakery & Coffee"
    BARS_NIGHTCLUBS = "Bars & Nightclubs"
    CONVENIENCE_STORE = "Convenience Store"
    DELIVERY = "Delivery"
    GROCERIES = "Groceries"
    RESTAURANTS = "Restaurants"
    EDUCATION = "Education"
    GYMS_FITNESS = "Gyms & Fitness"
    HAIR_BEAUTY = "Hair & Beauty"
    HEALTH = "Health"
    HOME_DECOR_APPLIANCES = "Home Decor & Appliances"
    LAUNDRY_DRY_CLEANING = "Laundry & Dry Cleaning"
    PHARMACIES = "Pharmacies"
    PROFESSIONAL_SERVICES = "Professional Services"
    VETERINARY_SERVICES = "Veterinary Services"
    FREELANCE = "Freelance"
    INTEREST = "Interest"
    RETIREMENT = "Retirement"
    SALARY = "Salary"
    GOVERNMENT = "Government"
    HOME_INSURANCE = "Home Insurance"
    AUTO_INSURANCE = "Auto Insurance"
    HEALTH_LIFE_INSURANCE = "Health & Life Insurance"
    SAVINGS = "Savings"
    FIXED_INCOME = "Fixed income"
    EQUITY = "Equity"
    INVESTMENT_FUNDS = "Investment Funds"
    DERIVATIVES = "Derivatives"
    CRYPTOCURRENCIES = "Cryptocurrencies"
    APPS_SOFTWARE_AND_CLOUD_SERVICES = "Apps, Software and Cloud Services"
    EVENTS_PARKS_AND_MUSEUMS = "Events, Parks and Museums"
    GAMBLING = "Gambling"
    GAMING = "Gaming"
    LOTTERY = "Lottery"
    MOVIE_AUDIO = "Movie & Audio"
    BOOKS_NEWS = "Books & News"
    CLOTHING_ACCESSORIES = "Clothing & Accessories"
    DEPARTMENT_STORE = "Department Store"
    ELECTRONICS = "Electronics"
    E_COMMERCE = "E-commerce"
    GIFTS = "Gifts"
    OFFICE_SUPPLIES = "Office Supplies"
    PET_SUPPLIES = "Pet Supplies"
    AUTO_TAX_FEES = "Auto Tax & Fees"
    DONATION = "Donation"
    GOVERNMENT_FEES = "Government Fees"
    INCOME_TAX = "Income Tax"
    REAL_ESTATE_TAX_FEES = "Real Estate Tax & Fees"
    TAX_RETURN = "Tax Return"
    ACCOMMODATION = "Accommodation"
    AUTO_EXPENSES = "Auto Expenses"
    AUTO_RENTAL = "Auto Rental"
    FLIGHTS = "Flights"
    GAS = "Gas"
    MILEAGE_PROGRAMS = "Mileage Programs"
    PARKING_TOLLS = "Parking & Tolls"
    PUBLIC_TRANSIT = "Public Transit"
    TAXIS_RIDESHARES = "Taxis & Rideshares"
    OTHER = "Other"


class TransactionType(OpenEnum):
    """Values of `Transaction.type`."""

    OUTFLOW = "OUTFLOW"
    INFLOW = "INFLOW"


class TransactionStatus(OpenEnum):
    """Values of `Transaction.status`."""

    PENDING = "PENDING"
    PROCESSED = "PROCESSED"
    UNCATEGORIZED = "UNCATEGORIZED"


class TransactionCreditCardDataFeeType(OpenEnum):
    """Values of `TransactionCreditCardData.fee_type`."""

    ANNUAL_FEE = "ANNUAL_FEE"
    NATIONAL_WITHDRAWAL = "NATIONAL_WITHDRAWAL"
    INTERNATIONAL_WITHDRAWAL = "INTERNATIONAL_WITHDRAWAL"
    EMERGENCY_CREDIT_EVALUATION_FEE = "EMERGENCY_CREDIT_EVALUATION_FEE"
    DUPLICATE_ISSUANCE_FEE = "DUPLICATE_ISSUANCE_FEE"
    PAYMENT_FEE = "PAYMENT_FEE"
    SMS_FEE = "SMS_FEE"
    OTHERS = "OTHERS"


class TransactionCreditCardDataCreditType(OpenEnum):
    """Values of `TransactionCreditCardData.credits_type`."""

    REVOLVING_CREDIT = "REVOLVING_CREDIT"
    BILL_INSTALLMENT_PAYMENT = "BILL_INSTALLMENT_PAYMENT"
    LOAN = "LOAN"
    OTHERS = "OTHERS"


@frozen(kw_only=True, field_transformer=show_ids_only)
class TransactionCreditCardBill(DataModel):
    """The value of `TransactionCreditCardData.credit_card_bill`."""

    id: str | None = None
    internal_identification: str | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class TransactionCreditCardData(DataModel):
    """The value of `Transaction.credit_card_data`."""

    collected_at: dt.datetime | None = None
    bill_name: str | None = None
    bill_due_date: dt.date | None = None
    bill_internal_identification: str | None = None
    bill_status: str | None = None
    previous_bill_total: str | None = None
    bill_amount: Decimal | None = None
    card_number: str | None = None
    fee_type: TransactionCreditCardDataFeeType | None = None
    fee_type_additional_info: str | None = None
    credits_type: TransactionCreditCardDataCreditType | None = None
    credits_type_additional_info: str | None = None
    installment_identifier: str | None = None
    number_of_installments: int | None = None
    credit_card_bill: TransactionCreditCardBill | None = None


class TransactionCounterpartyType(OpenEnum):
    """Values of `TransactionCounterparty.type`."""

    INDIVIDUAL = "INDIVIDUAL"
    COMPANY = "COMPANY"


@frozen(kw_only=True, field_transformer=show_ids_only)
class TransactionCounterparty(DataModel):
    """The value of `Transaction.counterparty`."""

    type: TransactionCounterpartyType | None = None
    document_number: str | None = None
    clearing_code: str | None = None
    agency: str | None = None
    check_digit: str | None = None
    number: str | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class TransactionLoanDataFee(DataModel):
    """An item of `TransactionLoanData.fees`."""

    name: str | None = None
    code: str | None = None
    amount: Decimal | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class TransactionLoanDataCharge(DataModel):
    """An item of `TransactionLoanData.charges`."""

    type: str | None = None
    info: str | None = None
    amount: Decimal | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class TransactionLoanData(DataModel):
    """The value of `Transaction.loan_data`."""

    is_detached: bool | None = None
    installment_id: str | None = None
    fees: tuple[TransactionLoanDataFee, ...] = ()
    charges: tuple[TransactionLoanDataCharge, ...] = ()


class TransactionPaymentType(OpenEnum):
    """Values of `Transaction.payment_type`."""

    FULL = "FULL"
    INSTALLMENT = "INSTALLMENT"


@frozen(kw_only=True, field_transformer=show_ids_only)
class Transaction(DataModel):
    """A row of `/api/transactions/`."""

    id: str | None = None
    internal_identification: str | None = None
    account: Account | None = None
    collected_at: dt.datetime | None = None
    created_at: dt.datetime | None = None
    value_date: dt.date | None = None
    transacted_at: dt.datetime | None = None
    accounting_date: str | None = None
    inferred_accounting_date: dt.date | None = None
    amount: Decimal | None = None
    local_currency_amount: Decimal | None = None
    balance: Decimal | None = None
    currency: str | None = None
    description: str | None = None
    observations: str | None = None
    merchant: TransactionMerchantData | None = None
    category: TransactionCategory | None = None
    subcategory: TransactionSubcategory | None = None
    reference: str | None = None
    type: TransactionType | None = None
    status: TransactionStatus | None = None
    credit_card_data: TransactionCreditCardData | None = None
    counterparty: TransactionCounterparty | None = None
    loan_data: TransactionLoanData | None = None
    payment_type: TransactionPaymentType | None = None
    operation_type: str | None = None
    operation_type_additional_info: str | None = None
    mcc: int | None = None
