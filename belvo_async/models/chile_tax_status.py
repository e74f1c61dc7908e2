"""Models of chile tax status. Generated from Belvo's schema: `make models`."""

import datetime as dt
from decimal import Decimal

from belvo_async.models._enums import OpenEnum
from belvo_async.models._rows import DataRow, row

__all__ = [
    "ChileTaxStatus",
    "TaxStatusSiiAddress",
    "TaxStatusSiiAddressType",
    "TaxStatusSiiAuthorizedTaxDocument",
    "TaxStatusSiiCompanyStake",
    "TaxStatusSiiCompanyStakeDocumentIdType",
    "TaxStatusSiiEconomicActivity",
    "TaxStatusSiiEmails",
    "TaxStatusSiiEmailsType",
    "TaxStatusSiiEntityDetails",
    "TaxStatusSiiEquityHolder",
    "TaxStatusSiiFiscalOffice",
    "TaxStatusSiiLegalRepresentative",
    "TaxStatusSiiPhone",
    "TaxStatusSiiPhoneType",
    "TaxStatusSiiPropertyTaxLiabilities",
    "TaxStatusSiiPropertyTaxLiabilitiesOverdueTaxPayments",
    "TaxStatusSiiPropertyTaxLiabilitiesScheduledTaxPayments",
    "TaxStatusSiiRegime",
]


class TaxStatusSiiAddressType(OpenEnum):
    """The `type` of a `TaxStatusSiiAddress`."""

    PRIMARY = "PRIMARY"
    SECONDARY = "SECONDARY"
    MAILING_ADDRESS = "MAILING_ADDRESS"
    NOTIFICATION_ADDRESS = "NOTIFICATION_ADDRESS"


@row
class TaxStatusSiiAddress(DataRow):
    """The `addresses` of a `ChileTaxStatus`."""

    address: str | None = None
    date: dt.date | None = None
    type: TaxStatusSiiAddressType | None = None


@row
class TaxStatusSiiAuthorizedTaxDocument(DataRow):
    """The `authorized_tax_documents` of a `ChileTaxStatus`."""

    authorization_date: dt.date | None = None
    document_limit: int | None = None
    type: str | None = None


class TaxStatusSiiCompanyStakeDocumentIdType(OpenEnum):
    """The `document_id_type` of a `TaxStatusSiiCompanyStake`."""

    RUT = "RUT"


@row
class TaxStatusSiiCompanyStake(DataRow):
    """The `company_partnership_stakes` of a `ChileTaxStatus`."""

    capital_contributed: Decimal | None = None
    capital_contribution_outstanding: Decimal | None = None
    document_id_number: str | None = None
    document_id_type: TaxStatusSiiCompanyStakeDocumentIdType | None = None
    end_date: dt.date | None = None
    inactive: bool | None = None
    name: str | None = None
    ownership_share: Decimal | None = None
    profit_share: Decimal | None = None
    start_date: dt.date | None = None


@row
class TaxStatusSiiEconomicActivity(DataRow):
    """The `economic_activities` of a `ChileTaxStatus`."""

    activity: str | None = None
    code: str | None = None
    start_date: dt.date | None = None
    tax_category: int | None = None
    type: str | None = None
    vat_affected: bool | None = None


class TaxStatusSiiEmailsType(OpenEnum):
    """The `type` of a `TaxStatusSiiEmails`."""

    CONTACT = "CONTACT"
    NOTIFICATION = "NOTIFICATION"
    OTHER = "OTHER"


@row
class TaxStatusSiiEmails(DataRow):
    """The `emails` of a `ChileTaxStatus`."""

    email: str | None = None
    type: TaxStatusSiiEmailsType | None = None


@row
class TaxStatusSiiEntityDetails(DataRow):
    """The `entity_details` of a `ChileTaxStatus`."""

    document_id_number: str | None = None
    document_id_type: str | None = None
    end_date: dt.date | None = None
    incorporation_date: dt.date | None = None
    name: str | None = None
    start_date: dt.date | None = None


@row
class TaxStatusSiiEquityHolder(DataRow):
    """The `equity_holders` of a `ChileTaxStatus`."""

    capital_contributed: Decimal | None = None
    capital_contribution_outstanding: Decimal | None = None
    document_id_number: str | None = None
    document_id_type: TaxStatusSiiCompanyStakeDocumentIdType | None = None
    end_date: dt.date | None = None
    inactive: bool | None = None
    is_current: bool | None = None
    name: str | None = None
    ownership_share: Decimal | None = None
    profit_share: Decimal | None = None
    start_date: dt.date | None = None


@row
class TaxStatusSiiFiscalOffice(DataRow):
    """The `fiscal_office` of a `ChileTaxStatus`."""

    address: str | None = None
    name: str | None = None


@row
class TaxStatusSiiLegalRepresentative(DataRow):
    """The `legal_representative` of a `ChileTaxStatus`."""

    document_id_number: str | None = None
    document_id_type: TaxStatusSiiCompanyStakeDocumentIdType | None = None
    end_date: dt.date | None = None
    is_current: bool | None = None
    name: str | None = None
    start_date: dt.date | None = None


class TaxStatusSiiPhoneType(OpenEnum):
    """The `type` of a `TaxStatusSiiPhone`."""

    LANDLINE = "LANDLINE"
    MOBILE = "MOBILE"
    OTHER = "OTHER"
    NULL = "null"


@row
class TaxStatusSiiPhone(DataRow):
    """The `phone_numbers` of a `ChileTaxStatus`."""

    number: str | None = None
    type: TaxStatusSiiPhoneType | None = None


@row
class TaxStatusSiiPropertyTaxLiabilitiesOverdueTaxPayments(DataRow):
    """The `overdue_tax_payments` of a `TaxStatusSiiPropertyTaxLiabilities`."""

    amount_due: Decimal | None = None
    due_date: dt.date | None = None
    installment: int | None = None
    year: int | None = None


@row
class TaxStatusSiiPropertyTaxLiabilitiesScheduledTaxPayments(DataRow):
    """The `scheduled_tax_payments` of a `TaxStatusSiiPropertyTaxLiabilities`."""

    amount_due: Decimal | None = None
    due_date: dt.date | None = None
    installment: int | None = None
    year: int | None = None


@row
class TaxStatusSiiPropertyTaxLiabilities(DataRow):
    """The `property_tax_liabilities` of a `ChileTaxStatus`."""

    address: str | None = None
    district: str | None = None
    overdue_tax_payments: tuple[TaxStatusSiiPropertyTaxLiabilitiesOverdueTaxPayments, ...] = ()
    property_id: str | None = None
    scheduled_tax_payments: tuple[TaxStatusSiiPropertyTaxLiabilitiesScheduledTaxPayments, ...] = ()
    type: str | None = None


@row
class TaxStatusSiiRegime(DataRow):
    """The `regimes` of a `ChileTaxStatus`."""

    start_date: dt.date | None = None
    type: str | None = None


@row
class ChileTaxStatus(DataRow):
    """One row of `pool.chile_tax_status`."""

    addresses: tuple[TaxStatusSiiAddress, ...] = ()
    authorized_tax_documents: tuple[TaxStatusSiiAuthorizedTaxDocument, ...] = ()
    collected_at: dt.datetime | None = None
    company_partnership_stakes: tuple[TaxStatusSiiCompanyStake, ...] = ()
    created_at: dt.datetime | None = None
    economic_activities: tuple[TaxStatusSiiEconomicActivity, ...] = ()
    emails: tuple[TaxStatusSiiEmails, ...] = ()
    entity_details: TaxStatusSiiEntityDetails | None = None
    equity_holders: tuple[TaxStatusSiiEquityHolder, ...] = ()
    fiscal_office: TaxStatusSiiFiscalOffice | None = None
    id: str | None = None
    legal_representative: tuple[TaxStatusSiiLegalRepresentative, ...] = ()
    link: str | None = None
    phone_numbers: tuple[TaxStatusSiiPhone, ...] = ()
    property_tax_liabilities: tuple[TaxStatusSiiPropertyTaxLiabilities, ...] = ()
    regimes: tuple[TaxStatusSiiRegime, ...] = ()
