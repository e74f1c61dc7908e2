"""Owners, from Belvo's schema: `make models` writes this."""

import datetime as dt
from decimal import Decimal

from attrs import frozen

from belvo_async.models._data_model import DataModel, show_ids_only
from belvo_async.models._enums import OpenEnum

__all__ = [
    "BusinessOwner",
    "BusinessOwnerEconomicActivity",
    "BusinessOwnerFinancialProfile",
    "BusinessOwnerFinancialRelation",
    "BusinessOwnerInformedRevenue",
    "BusinessOwnerInformedRevenueFrequency",
    "BusinessOwnerPatrimony",
    "IndividualOwner",
    "IndividualOwnerFinancialProfile",
    "IndividualOwnerFinancialProfileOccupationCode",
    "IndividualOwnerFinancialRelation",
    "IndividualOwnerInformedIncome",
    "IndividualOwnerNationalityDocumentId",
    "IndividualOwnerPatrimony",
    "IndividualOwnerPayrollAccount",
    "IndividualOwnerSalaryPortabilityRequest",
    "Owner",
    "OwnerAdditionalDocument",
    "OwnerAdditionalDocumentType",
    "OwnerAddress",
    "OwnerDocumentId",
    "OwnerEmail",
    "OwnerFiliation",
    "OwnerFiliationType",
    "OwnerGender",
    "OwnerInformedIncomeFrequency",
    "OwnerMaritalStatus",
    "OwnerNationality",
    "OwnerParty",
    "OwnerPartyDocumentType",
    "OwnerPartyPersonType",
    "OwnerPartyType",
    "OwnerPhoneNumber",
    "OwnerPhoneNumberType",
    "OwnerProcurator",
    "OwnerProcuratorType",
    "OwnerProduct",
    "OwnerProductType",
]


@frozen(kw_only=True, field_transformer=show_ids_only)
class OwnerDocumentId(DataModel):
    """The value of `Owner.document_id`."""

    document_type: str | None = None
    document_number: str | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class Owner(DataModel):
    """A row of `/api/owners/`."""

    id: str | None = None
    link: str | None = None
    internal_identification: str | None = None
    collected_at: dt.datetime | None = None
    created_at: dt.datetime | None = None
    display_name: str | None = None
    email: str | None = None
    phone_number: str | None = None
    address: str | None = None
    document_id: OwnerDocumentId | None = None
    business_name: str | None = None
    """Deprecated by Belvo."""
    first_name: str | None = None
    """Deprecated by Belvo."""
    last_name: str | None = None
    """Deprecated by Belvo."""
    second_last_name: str | None = None
    """Deprecated by Belvo."""


class OwnerMaritalStatus(OpenEnum):
    """Values of `IndividualOwner.marital_status`."""

    SINGLE = "SINGLE"
    MARRIED = "MARRIED"
    WIDOWED = "WIDOWED"
    SEPARATED = "SEPARATED"
    DIVORCED = "DIVORCED"
    CIVIL_UNION = "CIVIL_UNION"
    OTHER = "OTHER"


class OwnerGender(OpenEnum):
    """Values of `IndividualOwner.gender`."""

    FEMALE = "FEMALE"
    MALE = "MALE"
    OTHER = "OTHER"


class OwnerAdditionalDocumentType(OpenEnum):
    """Values of `OwnerAdditionalDocument.type`."""

    DRIVERS_LICENSE = "DRIVERS_LICENSE"
    PASSPORT = "PASSPORT"
    ID_CARD = "ID_CARD"
    FISCAL_ID = "FISCAL_ID"
    FOREIGNER_REGISTRATION_CARD = "FOREIGNER_REGISTRATION_CARD"
    OTHER = "OTHER"


@frozen(kw_only=True, field_transformer=show_ids_only)
class OwnerAdditionalDocument(DataModel):
    """An item of `IndividualOwner.additional_documents`."""

    type: OwnerAdditionalDocumentType | None = None
    type_additional_info: str | None = None
    number: str | None = None
    check_digit: str | None = None
    issue_date: dt.date | None = None
    expiration_date: dt.date | None = None
    country_of_issuance: str | None = None
    additional_info: str | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class IndividualOwnerNationalityDocumentId(DataModel):
    """An item of `OwnerNationality.documents`."""

    type: OwnerAdditionalDocumentType | None = None
    number: str | None = None
    issue_date: dt.date | None = None
    expiration_date: dt.date | None = None
    country_of_issuance: str | None = None
    additional_info: str | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class OwnerNationality(DataModel):
    """An item of `IndividualOwner.nationalities`."""

    info: str | None = None
    documents: tuple[IndividualOwnerNationalityDocumentId, ...] = ()


@frozen(kw_only=True, field_transformer=show_ids_only)
class OwnerEmail(DataModel):
    """An item of `IndividualOwner.emails`."""

    is_main: bool | None = None
    email: str | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class OwnerAddress(DataModel):
    """An item of `IndividualOwner.addresses`."""

    is_main: bool | None = None
    address: str | None = None
    additional_info: str | None = None
    district_name: str | None = None
    town: str | None = None
    town_code: str | None = None
    state: str | None = None
    postcode: str | None = None
    country_name: str | None = None
    country_code: str | None = None
    latitude: str | None = None
    longitude: str | None = None


class OwnerPhoneNumberType(OpenEnum):
    """Values of `OwnerPhoneNumber.type`."""

    LANDLINE = "LANDLINE"
    MOBILE = "MOBILE"
    OTHER = "OTHER"


@frozen(kw_only=True, field_transformer=show_ids_only)
class OwnerPhoneNumber(DataModel):
    """An item of `IndividualOwner.phone_numbers`."""

    is_main: bool | None = None
    type: OwnerPhoneNumberType | None = None
    additional_info: str | None = None
    number: str | None = None
    country_code: str | None = None
    area_code: str | None = None
    extension: str | None = None


class OwnerFiliationType(OpenEnum):
    """Values of `OwnerFiliation.type`."""

    MOTHER = "MOTHER"
    FATHER = "FATHER"


@frozen(kw_only=True, field_transformer=show_ids_only)
class OwnerFiliation(DataModel):
    """An item of `IndividualOwner.filiations`."""

    type: OwnerFiliationType | None = None
    civil_name: str | None = None
    social_name: str | None = None


class IndividualOwnerFinancialProfileOccupationCode(OpenEnum):
    """Values of `IndividualOwnerFinancialProfile.occupation_code`."""

    BRAZIL_PUBLIC_OFFICE = "BRAZIL_PUBLIC_OFFICE"
    BRAZIL_OCCUPATION_CODE = "BRAZIL_OCCUPATION_CODE"
    OTHER = "OTHER"


class OwnerInformedIncomeFrequency(OpenEnum):
    """Values of `IndividualOwnerInformedIncome.frequency`."""

    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    FORTNIGHTLY = "FORTNIGHTLY"
    MONTHLY = "MONTHLY"
    BIMONTHLY = "BIMONTHLY"
    QUARTERLY = "QUARTERLY"
    BIANNUALLY = "BIANNUALLY"
    ANNUALLY = "ANNUALLY"
    OTHERS = "OTHERS"


@frozen(kw_only=True, field_transformer=show_ids_only)
class IndividualOwnerInformedIncome(DataModel):
    """The value of `IndividualOwnerFinancialProfile.informed_income`."""

    frequency: OwnerInformedIncomeFrequency | None = None
    amount: Decimal | None = None
    currency: str | None = None
    date: dt.date | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class IndividualOwnerPatrimony(DataModel):
    """The value of `IndividualOwnerFinancialProfile.patrimony`."""

    amount: Decimal | None = None
    currency: str | None = None
    year: int | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class IndividualOwnerFinancialProfile(DataModel):
    """The value of `IndividualOwner.financial_profile`."""

    company_id: str | None = None
    occupation_code: IndividualOwnerFinancialProfileOccupationCode | None = None
    occupation_description: str | None = None
    informed_income: IndividualOwnerInformedIncome | None = None
    patrimony: IndividualOwnerPatrimony | None = None


class OwnerProcuratorType(OpenEnum):
    """Values of `OwnerProcurator.type`."""

    LEGAL_REPRESENTATIVE = "LEGAL_REPRESENTATIVE"
    ATTORNEY = "ATTORNEY"


@frozen(kw_only=True, field_transformer=show_ids_only)
class OwnerProcurator(DataModel):
    """An item of `IndividualOwnerFinancialRelation.procurators`."""

    type: OwnerProcuratorType | None = None
    civil_name: str | None = None
    social_name: str | None = None
    document_number: str | None = None


class OwnerProductType(OpenEnum):
    """Values of `OwnerProduct.type`."""

    SAVINGS_ACCOUNT = "SAVINGS_ACCOUNT"
    CHECKING_ACCOUNT = "CHECKING_ACCOUNT"


@frozen(kw_only=True, field_transformer=show_ids_only)
class OwnerProduct(DataModel):
    """An item of `IndividualOwnerFinancialRelation.products`."""

    type: OwnerProductType | None = None
    subtype: str | None = None
    agency: str | None = None
    clearing_code: str | None = None
    number: str | None = None
    check_digit: str | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class IndividualOwnerSalaryPortabilityRequest(DataModel):
    """An item of `IndividualOwnerFinancialRelation.salary_portability_requests`."""

    employer_name: str | None = None
    employer_id_number: str | None = None
    employer_bank_id_number: str | None = None
    employer_bank_code: str | None = None
    portability_approval_date: dt.date | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class IndividualOwnerPayrollAccount(DataModel):
    """An item of `IndividualOwnerFinancialRelation.payroll_accounts`."""

    employer_name: str | None = None
    employer_id_number: str | None = None
    employer_bank_id_number: str | None = None
    employer_bank_code: str | None = None
    account_opening_date: dt.date | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class IndividualOwnerFinancialRelation(DataModel):
    """The value of `IndividualOwner.financial_relation`."""

    start_date: dt.datetime | None = None
    product_services: tuple[str, ...] = ()
    product_services_additional_info: str | None = None
    procurators: tuple[OwnerProcurator, ...] = ()
    products: tuple[OwnerProduct, ...] = ()
    salary_portability_requests: tuple[IndividualOwnerSalaryPortabilityRequest, ...] = ()
    payroll_accounts: tuple[IndividualOwnerPayrollAccount, ...] = ()


@frozen(kw_only=True, field_transformer=show_ids_only)
class IndividualOwner(Owner):
    """A row of `/api/owners/`."""

    social_name: str | None = None
    birth_date: dt.date | None = None
    marital_status: OwnerMaritalStatus | None = None
    marital_status_additional_info: str | None = None
    gender: OwnerGender | None = None
    companies_id: tuple[str, ...] = ()
    is_local_resident: bool | None = None
    additional_documents: tuple[OwnerAdditionalDocument, ...] = ()
    nationalities: tuple[OwnerNationality, ...] = ()
    emails: tuple[OwnerEmail, ...] = ()
    addresses: tuple[OwnerAddress, ...] = ()
    phone_numbers: tuple[OwnerPhoneNumber, ...] = ()
    filiations: tuple[OwnerFiliation, ...] = ()
    financial_profile: IndividualOwnerFinancialProfile | None = None
    financial_relation: IndividualOwnerFinancialRelation | None = None


class OwnerPartyPersonType(OpenEnum):
    """Values of `OwnerParty.person_type`."""

    INDIVIDUAL = "INDIVIDUAL"
    COMPANY = "COMPANY"


class OwnerPartyType(OpenEnum):
    """Values of `OwnerParty.type`."""

    MEMBER = "MEMBER"
    ADMINISTRATOR = "ADMINISTRATOR"


class OwnerPartyDocumentType(OpenEnum):
    """Values of `OwnerParty.document_type`."""

    CPF = "CPF"
    CNPJ = "CNPJ"
    OTHER_TRAVEL_DOCUMENT = "OTHER_TRAVEL_DOCUMENT"
    PASSPORT = "PASSPORT"


@frozen(kw_only=True, field_transformer=show_ids_only)
class OwnerParty(DataModel):
    """An item of `BusinessOwner.parties`."""

    person_type: OwnerPartyPersonType | None = None
    type: OwnerPartyType | None = None
    display_name: str | None = None
    social_name: str | None = None
    company_name: str | None = None
    trade_name: str | None = None
    start_date: dt.date | None = None
    percentage_type: Decimal | None = None
    document_type: OwnerPartyDocumentType | None = None
    document_number: str | None = None
    document_issue_date: dt.date | None = None
    document_expiration_date: dt.date | None = None
    document_country: str | None = None
    document_additional_info: str | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class BusinessOwnerEconomicActivity(DataModel):
    """An item of `BusinessOwnerFinancialProfile.economic_activities`."""

    is_main: bool | None = None
    code: str | None = None


class BusinessOwnerInformedRevenueFrequency(OpenEnum):
    """Values of `BusinessOwnerInformedRevenue.frequency`."""

    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    FORTNIGHTLY = "FORTNIGHTLY"
    MONTHLY = "MONTHLY"
    BIMONTHLY = "BIMONTHLY"
    QUARTERLY = "QUARTERLY"
    BIANNUALLY = "BIANNUALLY"
    ANNUALLY = "ANNUALLY"
    OTHERS = "OTHERS"


@frozen(kw_only=True, field_transformer=show_ids_only)
class BusinessOwnerInformedRevenue(DataModel):
    """The value of `BusinessOwnerFinancialProfile.informed_revenue`."""

    frequency: BusinessOwnerInformedRevenueFrequency | None = None
    frequency_additional_info: str | None = None
    amount: Decimal | None = None
    currency: str | None = None
    year: int | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class BusinessOwnerPatrimony(DataModel):
    """The value of `BusinessOwnerFinancialProfile.patrimony`."""

    amount: Decimal | None = None
    currency: str | None = None
    date: dt.date | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class BusinessOwnerFinancialProfile(DataModel):
    """The value of `BusinessOwner.financial_profile`."""

    economic_activities: tuple[BusinessOwnerEconomicActivity, ...] = ()
    informed_revenue: BusinessOwnerInformedRevenue | None = None
    patrimony: BusinessOwnerPatrimony | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class BusinessOwnerFinancialRelation(DataModel):
    """The value of `BusinessOwner.financial_relation`."""

    start_date: dt.datetime | None = None
    product_services: tuple[str, ...] = ()
    procurators: tuple[OwnerProcurator, ...] = ()
    products: tuple[OwnerProduct, ...] = ()


@frozen(kw_only=True, field_transformer=show_ids_only)
class BusinessOwner(Owner):
    """A row of `/api/owners/`."""

    company_name: str | None = None
    trade_name: str | None = None
    incorporation_date: dt.date | None = None
    companies_id: tuple[str, ...] = ()
    additional_documents: tuple[OwnerAdditionalDocument, ...] = ()
    emails: tuple[OwnerEmail, ...] = ()
    addresses: tuple[OwnerAddress, ...] = ()
    phone_numbers: tuple[OwnerPhoneNumber, ...] = ()
    parties: tuple[OwnerParty, ...] = ()
    financial_profile: BusinessOwnerFinancialProfile | None = None
    financial_relation: BusinessOwnerFinancialRelation | None = None
