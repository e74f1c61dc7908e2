"""Models of owners. Generated from Belvo's schema: `make models`."""

import datetime as dt
from decimal import Decimal

from belvo_async.models._enums import OpenEnum
from belvo_async.models._rows import DataRow, row

__all__ = [
    "Owner",
    "OwnerAdditionalDocuments",
    "OwnerAddresses",
    "OwnerBusinessEconomicActivies",
    "OwnerBusinessInformedRevenue",
    "OwnerBusinessInformedRevenueFrequency",
    "OwnerDocumentId",
    "OwnerEmails",
    "OwnerFiliationType",
    "OwnerFiliations",
    "OwnerFinancialProfile",
    "OwnerFinancialProfilePatrimony",
    "OwnerFinancialRelation",
    "OwnerFinancialRelationProducts",
    "OwnerGender",
    "OwnerIndividualDocumentIdType",
    "OwnerIndividualFinancialProfileOccupationCode",
    "OwnerIndividualInformedIncome",
    "OwnerIndividualNationalityDocumentId",
    "OwnerIndividualPayrollAccounts",
    "OwnerIndividualProductType",
    "OwnerIndividualSalaryPortabilityRequests",
    "OwnerInformedIncomeFrequency",
    "OwnerMaritalStatus",
    "OwnerNationalities",
    "OwnerParties",
    "OwnerPartyDocumentType",
    "OwnerPartyPersonType",
    "OwnerPartyType",
    "OwnerPhoneNumberType",
    "OwnerPhoneNumbers",
    "OwnerProcuratorType",
    "OwnerProcurators",
]


class OwnerIndividualDocumentIdType(OpenEnum):
    """The `type` of an `OwnerAdditionalDocuments`."""

    DRIVERS_LICENSE = "DRIVERS_LICENSE"
    PASSPORT = "PASSPORT"
    ID_CARD = "ID_CARD"
    FISCAL_ID = "FISCAL_ID"
    FOREIGNER_REGISTRATION_CARD = "FOREIGNER_REGISTRATION_CARD"
    OTHER = "OTHER"


@row
class OwnerAdditionalDocuments(DataRow):
    """The `additional_documents` of an `Owner`."""

    additional_info: str | None = None
    check_digit: str | None = None
    country_of_issuance: str | None = None
    expiration_date: dt.date | None = None
    issue_date: dt.date | None = None
    number: str | None = None
    type: OwnerIndividualDocumentIdType | None = None
    type_additional_info: str | None = None


@row
class OwnerAddresses(DataRow):
    """The `addresses` of an `Owner`."""

    additional_info: str | None = None
    address: str | None = None
    country_code: str | None = None
    country_name: str | None = None
    district_name: str | None = None
    is_main: bool | None = None
    latitude: str | None = None
    longitude: str | None = None
    postcode: str | None = None
    state: str | None = None
    town: str | None = None
    town_code: str | None = None


@row
class OwnerDocumentId(DataRow):
    """The `document_id` of an `Owner`."""

    document_number: str | None = None
    document_type: str | None = None


@row
class OwnerEmails(DataRow):
    """The `emails` of an `Owner`."""

    email: str | None = None
    is_main: bool | None = None


class OwnerFiliationType(OpenEnum):
    """The `type` of an `OwnerFiliations`."""

    MOTHER = "MOTHER"
    FATHER = "FATHER"


@row
class OwnerFiliations(DataRow):
    """The `filiations` of an `Owner`."""

    civil_name: str | None = None
    social_name: str | None = None
    type: OwnerFiliationType | None = None


class OwnerInformedIncomeFrequency(OpenEnum):
    """The `frequency` of an `OwnerIndividualInformedIncome`."""

    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    FORTNIGHTLY = "FORTNIGHTLY"
    MONTHLY = "MONTHLY"
    BIMONTHLY = "BIMONTHLY"
    QUARTERLY = "QUARTERLY"
    BIANNUALLY = "BIANNUALLY"
    ANNUALLY = "ANNUALLY"
    OTHERS = "OTHERS"


@row
class OwnerIndividualInformedIncome(DataRow):
    """The `informed_income` of an `OwnerFinancialProfile`."""

    amount: Decimal | None = None
    currency: str | None = None
    date: dt.date | None = None
    frequency: OwnerInformedIncomeFrequency | None = None


class OwnerIndividualFinancialProfileOccupationCode(OpenEnum):
    """The `occupation_code` of an `OwnerFinancialProfile`."""

    BRAZIL_PUBLIC_OFFICE = "BRAZIL_PUBLIC_OFFICE"
    BRAZIL_OCCUPATION_CODE = "BRAZIL_OCCUPATION_CODE"
    OTHER = "OTHER"


@row
class OwnerFinancialProfilePatrimony(DataRow):
    """The `patrimony` of an `OwnerFinancialProfile`."""

    amount: Decimal | None = None
    currency: str | None = None
    year: int | None = None
    date: dt.date | None = None


@row
class OwnerBusinessEconomicActivies(DataRow):
    """The `economic_activities` of an `OwnerFinancialProfile`."""

    code: str | None = None
    is_main: bool | None = None


class OwnerBusinessInformedRevenueFrequency(OpenEnum):
    """The `frequency` of an `OwnerBusinessInformedRevenue`."""

    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    FORTNIGHTLY = "FORTNIGHTLY"
    MONTHLY = "MONTHLY"
    BIMONTHLY = "BIMONTHLY"
    QUARTERLY = "QUARTERLY"
    BIANNUALLY = "BIANNUALLY"
    ANNUALLY = "ANNUALLY"
    OTHERS = "OTHERS"


@row
class OwnerBusinessInformedRevenue(DataRow):
    """The `informed_revenue` of an `OwnerFinancialProfile`."""

    amount: Decimal | None = None
    currency: str | None = None
    frequency: OwnerBusinessInformedRevenueFrequency | None = None
    frequency_additional_info: str | None = None
    year: int | None = None


@row
class OwnerFinancialProfile(DataRow):
    """The `financial_profile` of an `Owner`."""

    company_id: str | None = None
    informed_income: OwnerIndividualInformedIncome | None = None
    occupation_code: OwnerIndividualFinancialProfileOccupationCode | None = None
    occupation_description: str | None = None
    patrimony: OwnerFinancialProfilePatrimony | None = None
    economic_activities: tuple[OwnerBusinessEconomicActivies, ...] = ()
    informed_revenue: OwnerBusinessInformedRevenue | None = None


@row
class OwnerIndividualPayrollAccounts(DataRow):
    """The `payroll_accounts` of an `OwnerFinancialRelation`."""

    account_opening_date: dt.date | None = None
    employer_bank_code: str | None = None
    employer_bank_id_number: str | None = None
    employer_id_number: str | None = None
    employer_name: str | None = None


class OwnerProcuratorType(OpenEnum):
    """The `type` of an `OwnerProcurators`."""

    LEGAL_REPRESENTATIVE = "LEGAL_REPRESENTATIVE"
    ATTORNEY = "ATTORNEY"


@row
class OwnerProcurators(DataRow):
    """The `procurators` of an `OwnerFinancialRelation`."""

    civil_name: str | None = None
    document_number: str | None = None
    social_name: str | None = None
    type: OwnerProcuratorType | None = None


class OwnerIndividualProductType(OpenEnum):
    """The `type` of an `OwnerFinancialRelationProducts`."""

    SAVINGS_ACCOUNT = "SAVINGS_ACCOUNT"
    CHECKING_ACCOUNT = "CHECKING_ACCOUNT"


@row
class OwnerFinancialRelationProducts(DataRow):
    """The `products` of an `OwnerFinancialRelation`."""

    agency: str | None = None
    check_digit: str | None = None
    clearing_code: str | None = None
    number: str | None = None
    subtype: str | None = None
    type: OwnerIndividualProductType | None = None


@row
class OwnerIndividualSalaryPortabilityRequests(DataRow):
    """The `salary_portability_requests` of an `OwnerFinancialRelation`."""

    employer_bank_code: str | None = None
    employer_bank_id_number: str | None = None
    employer_id_number: str | None = None
    employer_name: str | None = None
    portability_approval_date: dt.date | None = None


@row
class OwnerFinancialRelation(DataRow):
    """The `financial_relation` of an `Owner`."""

    payroll_accounts: tuple[OwnerIndividualPayrollAccounts, ...] = ()
    procurators: tuple[OwnerProcurators, ...] = ()
    product_services: tuple[str, ...] = ()
    product_services_additional_info: str | None = None
    products: tuple[OwnerFinancialRelationProducts, ...] = ()
    salary_portability_requests: tuple[OwnerIndividualSalaryPortabilityRequests, ...] = ()
    start_date: dt.datetime | None = None


class OwnerGender(OpenEnum):
    """The `gender` of an `Owner`."""

    FEMALE = "FEMALE"
    MALE = "MALE"
    OTHER = "OTHER"


class OwnerMaritalStatus(OpenEnum):
    """The `marital_status` of an `Owner`."""

    SINGLE = "SINGLE"
    MARRIED = "MARRIED"
    WIDOWED = "WIDOWED"
    SEPARATED = "SEPARATED"
    DIVORCED = "DIVORCED"
    CIVIL_UNION = "CIVIL_UNION"
    OTHER = "OTHER"


@row
class OwnerIndividualNationalityDocumentId(DataRow):
    """The `documents` of an `OwnerNationalities`."""

    additional_info: str | None = None
    country_of_issuance: str | None = None
    expiration_date: dt.date | None = None
    issue_date: dt.date | None = None
    number: str | None = None
    type: OwnerIndividualDocumentIdType | None = None


@row
class OwnerNationalities(DataRow):
    """The `nationalities` of an `Owner`."""

    documents: tuple[OwnerIndividualNationalityDocumentId, ...] = ()
    info: str | None = None


class OwnerPhoneNumberType(OpenEnum):
    """The `type` of an `OwnerPhoneNumbers`."""

    LANDLINE = "LANDLINE"
    MOBILE = "MOBILE"
    OTHER = "OTHER"


@row
class OwnerPhoneNumbers(DataRow):
    """The `phone_numbers` of an `Owner`."""

    additional_info: str | None = None
    area_code: str | None = None
    country_code: str | None = None
    extension: str | None = None
    is_main: bool | None = None
    number: str | None = None
    type: OwnerPhoneNumberType | None = None


class OwnerPartyDocumentType(OpenEnum):
    """The `document_type` of an `OwnerParties`."""

    CPF = "CPF"
    CNPJ = "CNPJ"
    OTHER_TRAVEL_DOCUMENT = "OTHER_TRAVEL_DOCUMENT"
    PASSPORT = "PASSPORT"


class OwnerPartyPersonType(OpenEnum):
    """The `person_type` of an `OwnerParties`."""

    INDIVIDUAL = "INDIVIDUAL"
    COMPANY = "COMPANY"


class OwnerPartyType(OpenEnum):
    """The `type` of an `OwnerParties`."""

    MEMBER = "MEMBER"
    ADMINISTRATOR = "ADMINISTRATOR"


@row
class OwnerParties(DataRow):
    """The `parties` of an `Owner`."""

    company_name: str | None = None
    display_name: str | None = None
    document_additional_info: str | None = None
    document_country: str | None = None
    document_expiration_date: dt.date | None = None
    document_issue_date: dt.date | None = None
    document_number: str | None = None
    document_type: OwnerPartyDocumentType | None = None
    percentage_type: Decimal | None = None
    person_type: OwnerPartyPersonType | None = None
    social_name: str | None = None
    start_date: dt.date | None = None
    trade_name: str | None = None
    type: OwnerPartyType | None = None


@row
class Owner(DataRow):
    """One row of `pool.owners`."""

    additional_documents: tuple[OwnerAdditionalDocuments, ...] = ()
    address: str | None = None
    addresses: tuple[OwnerAddresses, ...] = ()
    birth_date: dt.date | None = None
    collected_at: dt.datetime | None = None
    companies_id: tuple[str, ...] = ()
    created_at: dt.datetime | None = None
    display_name: str | None = None
    document_id: OwnerDocumentId | None = None
    email: str | None = None
    emails: tuple[OwnerEmails, ...] = ()
    filiations: tuple[OwnerFiliations, ...] = ()
    financial_profile: OwnerFinancialProfile | None = None
    financial_relation: OwnerFinancialRelation | None = None
    gender: OwnerGender | None = None
    id: str | None = None
    internal_identification: str | None = None
    is_local_resident: bool | None = None
    link: str | None = None
    marital_status: OwnerMaritalStatus | None = None
    marital_status_additional_info: str | None = None
    nationalities: tuple[OwnerNationalities, ...] = ()
    phone_number: str | None = None
    phone_numbers: tuple[OwnerPhoneNumbers, ...] = ()
    social_name: str | None = None
    company_name: str | None = None
    incorporation_date: dt.date | None = None
    parties: tuple[OwnerParties, ...] = ()
    trade_name: str | None = None
    business_name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    second_last_name: str | None = None
