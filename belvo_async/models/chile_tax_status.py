"""Chile tax status, from Belvo's schema: `make models` writes this."""

import datetime as dt
from decimal import Decimal

from attrs import frozen

from belvo_async.models._data_model import DataModel, show_ids_only
from belvo_async.models._enums import OpenEnum

__all__ = [
    "ChileDocumentIdType",
    "ChileTaxStatus",
    "ChileTaxStatusAddres",
    "ChileTaxStatusAddresType",
    "ChileTaxStatusAuthorizedTaxDocument",
    "ChileTaxStatusCompanyStake",
    "ChileTaxStatusEconomicActivity",
    "ChileTaxStatusEmail",
    "ChileTaxStatusEmailType",
    "ChileTaxStatusEntityDetails",
    "ChileTaxStatusEquityHolder",
    "ChileTaxStatusFiscalOffice",
    "ChileTaxStatusLegalRepresentative",
    "ChileTaxStatusPhone",
    "ChileTaxStatusPhoneType",
    "ChileTaxStatusPropertyTaxLiability",
    "ChileTaxStatusPropertyTaxLiabilityOverdueTaxPayment",
    "ChileTaxStatusPropertyTaxLiabilityScheduledTaxPayment",
    "ChileTaxStatusRegime",
]


@frozen(kw_only=True, field_transformer=show_ids_only)
class ChileTaxStatusEntityDetails(DataModel):
    """The value of `ChileTaxStatus.entity_details`."""

    incorporation_date: dt.date | None = None
    start_date: dt.date | None = None
    end_date: dt.date | None = None
    document_id_type: str | None = None
    document_id_number: str | None = None
    name: str | None = None


class ChileTaxStatusAddresType(OpenEnum):
    """Values of `ChileTaxStatusAddres.type`."""

    PRIMARY = "PRIMARY"
    SECONDARY = "SECONDARY"
    MAILING_ADDRESS = "MAILING_ADDRESS"
    NOTIFICATION_ADDRESS = "NOTIFICATION_ADDRESS"


@frozen(kw_only=True, field_transformer=show_ids_only)
class ChileTaxStatusAddres(DataModel):
    """An item of `ChileTaxStatus.addresses`."""

    type: ChileTaxStatusAddresType | None = None
    date: dt.date | None = None
    address: str | None = None


class ChileTaxStatusEmailType(OpenEnum):
    """Values of `ChileTaxStatusEmail.type`."""

    CONTACT = "CONTACT"
    NOTIFICATION = "NOTIFICATION"
    OTHER = "OTHER"


@frozen(kw_only=True, field_transformer=show_ids_only)
class ChileTaxStatusEmail(DataModel):
    """An item of `ChileTaxStatus.emails`."""

    type: ChileTaxStatusEmailType | None = None
    email: str | None = None


class ChileTaxStatusPhoneType(OpenEnum):
    """Values of `ChileTaxStatusPhone.type`."""

    LANDLINE = "LANDLINE"
    MOBILE = "MOBILE"
    OTHER = "OTHER"


@frozen(kw_only=True, field_transformer=show_ids_only)
class ChileTaxStatusPhone(DataModel):
    """An item of `ChileTaxStatus.phone_numbers`."""

    type: ChileTaxStatusPhoneType | None = None
    number: str | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class ChileTaxStatusEconomicActivity(DataModel):
    """An item of `ChileTaxStatus.economic_activities`."""

    type: str | None = None
    activity: str | None = None
    code: str | None = None
    tax_category: int | None = None
    vat_affected: bool | None = None
    start_date: dt.date | None = None


class ChileDocumentIdType(OpenEnum):
    """Values of `ChileTaxStatusLegalRepresentative.document_id_type`."""

    RUT = "RUT"


@frozen(kw_only=True, field_transformer=show_ids_only)
class ChileTaxStatusLegalRepresentative(DataModel):
    """An item of `ChileTaxStatus.legal_representative`."""

    is_current: bool | None = None
    name: str | None = None
    document_id_type: ChileDocumentIdType | None = None
    document_id_number: str | None = None
    start_date: dt.date | None = None
    end_date: dt.date | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class ChileTaxStatusEquityHolder(DataModel):
    """An item of `ChileTaxStatus.equity_holders`."""

    is_current: bool | None = None
    name: str | None = None
    document_id_type: ChileDocumentIdType | None = None
    document_id_number: str | None = None
    inactive: bool | None = None
    start_date: dt.date | None = None
    end_date: dt.date | None = None
    capital_contributed: Decimal | None = None
    capital_contribution_outstanding: Decimal | None = None
    ownership_share: Decimal | None = None
    profit_share: Decimal | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class ChileTaxStatusCompanyStake(DataModel):
    """An item of `ChileTaxStatus.company_partnership_stakes`."""

    name: str | None = None
    document_id_type: ChileDocumentIdType | None = None
    document_id_number: str | None = None
    inactive: bool | None = None
    start_date: dt.date | None = None
    end_date: dt.date | None = None
    capital_contributed: Decimal | None = None
    capital_contribution_outstanding: Decimal | None = None
    ownership_share: Decimal | None = None
    profit_share: Decimal | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class ChileTaxStatusRegime(DataModel):
    """An item of `ChileTaxStatus.regimes`."""

    type: str | None = None
    start_date: dt.date | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class ChileTaxStatusAuthorizedTaxDocument(DataModel):
    """An item of `ChileTaxStatus.authorized_tax_documents`."""

    type: str | None = None
    document_limit: int | None = None
    authorization_date: dt.date | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class ChileTaxStatusPropertyTaxLiabilityOverdueTaxPayment(DataModel):
    """An item of `ChileTaxStatusPropertyTaxLiability.overdue_tax_payments`."""

    year: int | None = None
    installment: int | None = None
    due_date: dt.date | None = None
    amount_due: Decimal | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class ChileTaxStatusPropertyTaxLiabilityScheduledTaxPayment(DataModel):
    """An item of `ChileTaxStatusPropertyTaxLiability.scheduled_tax_payments`."""

    year: int | None = None
    installment: int | None = None
    due_date: dt.date | None = None
    amount_due: Decimal | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class ChileTaxStatusPropertyTaxLiability(DataModel):
    """An item of `ChileTaxStatus.property_tax_liabilities`."""

    property_id: str | None = None
    district: str | None = None
    address: str | None = None
    type: str | None = None
    overdue_tax_payments: tuple[ChileTaxStatusPropertyTaxLiabilityOverdueTaxPayment, ...] = ()
    scheduled_tax_payments: tuple[ChileTaxStatusPropertyTaxLiabilityScheduledTaxPayment, ...] = ()


@frozen(kw_only=True, field_transformer=show_ids_only)
class ChileTaxStatusFiscalOffice(DataModel):
    """The value of `ChileTaxStatus.fiscal_office`."""

    name: str | None = None
    address: str | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class ChileTaxStatus(DataModel):
    """A row of `/api/cl/tax-status/`."""

    id: str | None = None
    link: str | None = None
    collected_at: dt.datetime | None = None
    created_at: dt.datetime | None = None
    entity_details: ChileTaxStatusEntityDetails | None = None
    addresses: tuple[ChileTaxStatusAddres, ...] = ()
    emails: tuple[ChileTaxStatusEmail, ...] = ()
    phone_numbers: tuple[ChileTaxStatusPhone, ...] = ()
    economic_activities: tuple[ChileTaxStatusEconomicActivity, ...] = ()
    legal_representative: tuple[ChileTaxStatusLegalRepresentative, ...] = ()
    equity_holders: tuple[ChileTaxStatusEquityHolder, ...] = ()
    company_partnership_stakes: tuple[ChileTaxStatusCompanyStake, ...] = ()
    regimes: tuple[ChileTaxStatusRegime, ...] = ()
    authorized_tax_documents: tuple[ChileTaxStatusAuthorizedTaxDocument, ...] = ()
    property_tax_liabilities: tuple[ChileTaxStatusPropertyTaxLiability, ...] = ()
    fiscal_office: ChileTaxStatusFiscalOffice | None = None
