"""Models of transactions. Generated from Belvo's schema: `make models`."""

import datetime as dt
from decimal import Decimal

from belvo_async.models._enums import OpenEnum
from belvo_async.models._rows import DataRow, row
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
    "TransactionLoanDataCharges",
    "TransactionLoanDataFees",
    "TransactionMerchantData",
    "TransactionPaymentType",
    "TransactionStatus",
    "TransactionSubcategory",
    "TransactionType",
]


class TransactionCategory(OpenEnum):
    """The `category` of a `Transaction`."""

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


class TransactionCounterpartyType(OpenEnum):
    """The `type` of a `TransactionCounterparty`."""

    INDIVIDUAL = "INDIVIDUAL"
    COMPANY = "COMPANY"


@row
class TransactionCounterparty(DataRow):
    """The `counterparty` of a `Transaction`."""

    agency: str | None = None
    check_digit: str | None = None
    clearing_code: str | None = None
    document_number: str | None = None
    number: str | None = None
    type: TransactionCounterpartyType | None = None


@row
class TransactionCreditCardBill(DataRow):
    """The `credit_card_bill` of a `TransactionCreditCardData`."""

    id: str | None = None
    internal_identification: str | None = None


class TransactionCreditCardDataCreditType(OpenEnum):
    """The `credits_type` of a `TransactionCreditCardData`."""

    REVOLVING_CREDIT = "REVOLVING_CREDIT"
    BILL_INSTALLMENT_PAYMENT = "BILL_INSTALLMENT_PAYMENT"
    LOAN = "LOAN"
    OTHERS = "OTHERS"


class TransactionCreditCardDataFeeType(OpenEnum):
    """The `fee_type` of a `TransactionCreditCardData`."""

    ANNUAL_FEE = "ANNUAL_FEE"
    NATIONAL_WITHDRAWAL = "NATIONAL_WITHDRAWAL"
    INTERNATIONAL_WITHDRAWAL = "INTERNATIONAL_WITHDRAWAL"
    EMERGENCY_CREDIT_EVALUATION_FEE = "EMERGENCY_CREDIT_EVALUATION_FEE"
    DUPLICATE_ISSUANCE_FEE = "DUPLICATE_ISSUANCE_FEE"
    PAYMENT_FEE = "PAYMENT_FEE"
    SMS_FEE = "SMS_FEE"
    OTHERS = "OTHERS"


@row
class TransactionCreditCardData(DataRow):
    """The `credit_card_data` of a `Transaction`."""

    bill_amount: Decimal | None = None
    bill_due_date: dt.date | None = None
    bill_internal_identification: str | None = None
    bill_name: str | None = None
    bill_status: str | None = None
    card_number: str | None = None
    collected_at: dt.datetime | None = None
    credit_card_bill: TransactionCreditCardBill | None = None
    credits_type: TransactionCreditCardDataCreditType | None = None
    credits_type_additional_info: str | None = None
    fee_type: TransactionCreditCardDataFeeType | None = None
    fee_type_additional_info: str | None = None
    installment_identifier: str | None = None
    number_of_installments: int | None = None
    previous_bill_total: str | None = None


@row
class TransactionLoanDataCharges(DataRow):
    """The `charges` of a `TransactionLoanData`."""

    amount: Decimal | None = None
    info: str | None = None
    type: str | None = None


@row
class TransactionLoanDataFees(DataRow):
    """The `fees` of a `TransactionLoanData`."""

    amount: Decimal | None = None
    code: str | None = None
    name: str | None = None


@row
class TransactionLoanData(DataRow):
    """The `loan_data` of a `Transaction`."""

    charges: tuple[TransactionLoanDataCharges, ...] = ()
    fees: tuple[TransactionLoanDataFees, ...] = ()
    installment_id: str | None = None
    is_detached: bool | None = None


@row
class TransactionMerchantData(DataRow):
    """The `merchant` of a `Transaction`."""

    logo: str | None = None
    merchant_name: str | None = None
    website: str | None = None


class TransactionPaymentType(OpenEnum):
    """The `payment_type` of a `Transaction`."""

    FULL = "FULL"
    INSTALLMENT = "INSTALLMENT"


class TransactionStatus(OpenEnum):
    """The `status` of a `Transaction`."""

    PENDING = "PENDING"
    PROCESSED = "PROCESSED"
    UNCATEGORIZED = "UNCATEGORIZED"


class TransactionSubcategory(OpenEnum):
    """The `subcategory` of a `Transaction`."""

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
    """The `type` of a `Transaction`."""

    OUTFLOW = "OUTFLOW"
    INFLOW = "INFLOW"


@row
class Transaction(DataRow):
    """One row of `pool.transactions`."""

    account: Account | None = None
    accounting_date: str | None = None
    amount: Decimal | None = None
    balance: Decimal | None = None
    category: TransactionCategory | None = None
    collected_at: dt.datetime | None = None
    counterparty: TransactionCounterparty | None = None
    created_at: dt.datetime | None = None
    credit_card_data: TransactionCreditCardData | None = None
    currency: str | None = None
    description: str | None = None
    id: str | None = None
    inferred_accounting_date: dt.date | None = None
    internal_identification: str | None = None
    loan_data: TransactionLoanData | None = None
    local_currency_amount: Decimal | None = None
    mcc: int | None = None
    merchant: TransactionMerchantData | None = None
    observations: str | None = None
    operation_type: str | None = None
    operation_type_additional_info: str | None = None
    payment_type: TransactionPaymentType | None = None
    reference: str | None = None
    status: TransactionStatus | None = None
    subcategory: TransactionSubcategory | None = None
    transacted_at: dt.datetime | None = None
    type: TransactionType | None = None
    value_date: dt.date | None = None
