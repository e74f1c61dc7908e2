"""Tax status, from Belvo's schema: `make models` writes this."""

import datetime as dt

from attrs import frozen

from belvo_async.models._data_model import DataModel, show_ids_only

__all__ = [
    "TaxStatus",
    "TaxStatusAddress",
    "TaxStatusAddressBetweenStreet",
    "TaxStatusEconomicActivity",
    "TaxStatusObligation",
    "TaxStatusRegimen",
    "TaxStatusTaxPayerInformation",
]


@frozen(kw_only=True, field_transformer=show_ids_only)
class TaxStatusTaxPayerInformation(DataModel):
    """The value of `TaxStatus.tax_payer_information`."""

    rfc: str | None = None
    curp: str | None = None
    name: str | None = None
    first_last_name: str | None = None
    second_last_name: str | None = None
    start_operations_date: dt.date | None = None
    status_padron: str | None = None
    last_status_change_date: dt.date | None = None
    commercial_name: str | None = None
    social_name: str | None = None
    email: str | None = None
    phone: str | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class TaxStatusAddressBetweenStreet(DataModel):
    """An item of `TaxStatusAddress.between_street`."""

    street_one: str | None = None
    street_two: str | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class TaxStatusAddress(DataModel):
    """The value of `TaxStatus.address`."""

    postal_code: str | None = None
    street_type: str | None = None
    street: str | None = None
    exterior_number: str | None = None
    interior_number: str | None = None
    suburb: str | None = None
    locality: str | None = None
    municipality: str | None = None
    state: str | None = None
    between_street: tuple[TaxStatusAddressBetweenStreet, ...] = ()


@frozen(kw_only=True, field_transformer=show_ids_only)
class TaxStatusEconomicActivity(DataModel):
    """An item of `TaxStatus.economic_activity`."""

    economic_activity: str | None = None
    initial_date: str | None = None
    end_date: dt.date | None = None
    order: str | None = None
    percentage: str | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class TaxStatusRegimen(DataModel):
    """An item of `TaxStatus.regimes`."""

    end_date: dt.date | None = None
    initial_date: dt.date | None = None
    regimen: str | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class TaxStatusObligation(DataModel):
    """An item of `TaxStatus.obligations`."""

    obligation: str | None = None
    expiration: str | None = None
    initial_date: dt.date | None = None
    end_date: dt.date | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class TaxStatus(DataModel):
    """A row of `/api/tax-status/`."""

    id: str | None = None
    link: str | None = None
    collected_at: dt.datetime | None = None
    created_at: dt.datetime | None = None
    place_and_date_of_issuance: str | None = None
    official_name: str | None = None
    id_cif: str | None = None
    tax_payer_information: TaxStatusTaxPayerInformation | None = None
    address: TaxStatusAddress | None = None
    economic_activity: tuple[TaxStatusEconomicActivity, ...] = ()
    regimes: tuple[TaxStatusRegimen, ...] = ()
    obligations: tuple[TaxStatusObligation, ...] = ()
    digital_stamp: str | None = None
    digital_stamp_chain: str | None = None
    pdf: str | None = None
