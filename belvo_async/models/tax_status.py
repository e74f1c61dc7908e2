"""Models of tax status. Generated from Belvo's schema: `make models`."""

import datetime as dt

from belvo_async.models._rows import DataRow, row

__all__ = [
    "TaxStatus",
    "TaxStatusAddress",
    "TaxStatusAddressBetweenStreet",
    "TaxStatusEconomicActivity",
    "TaxStatusObligations",
    "TaxStatusRegimens",
    "TaxStatusTaxPayerInformation",
]


@row
class TaxStatusAddressBetweenStreet(DataRow):
    """The `between_street` of a `TaxStatusAddress`."""

    street_one: str | None = None
    street_two: str | None = None


@row
class TaxStatusAddress(DataRow):
    """The `address` of a `TaxStatus`."""

    between_street: tuple[TaxStatusAddressBetweenStreet, ...] = ()
    exterior_number: str | None = None
    interior_number: str | None = None
    locality: str | None = None
    municipality: str | None = None
    postal_code: str | None = None
    state: str | None = None
    street: str | None = None
    street_type: str | None = None
    suburb: str | None = None


@row
class TaxStatusEconomicActivity(DataRow):
    """The `economic_activity` of a `TaxStatus`."""

    economic_activity: str | None = None
    end_date: dt.date | None = None
    initial_date: str | None = None
    order: str | None = None
    percentage: str | None = None


@row
class TaxStatusObligations(DataRow):
    """The `obligations` of a `TaxStatus`."""

    end_date: dt.date | None = None
    expiration: str | None = None
    initial_date: dt.date | None = None
    obligation: str | None = None


@row
class TaxStatusRegimens(DataRow):
    """The `regimes` of a `TaxStatus`."""

    end_date: dt.date | None = None
    initial_date: dt.date | None = None
    regimen: str | None = None


@row
class TaxStatusTaxPayerInformation(DataRow):
    """The `tax_payer_information` of a `TaxStatus`."""

    commercial_name: str | None = None
    curp: str | None = None
    email: str | None = None
    first_last_name: str | None = None
    last_status_change_date: dt.date | None = None
    name: str | None = None
    phone: str | None = None
    rfc: str | None = None
    second_last_name: str | None = None
    social_name: str | None = None
    start_operations_date: dt.date | None = None
    status_padron: str | None = None


@row
class TaxStatus(DataRow):
    """One row of `pool.tax_status`."""

    address: TaxStatusAddress | None = None
    collected_at: dt.datetime | None = None
    created_at: dt.datetime | None = None
    digital_stamp: str | None = None
    digital_stamp_chain: str | None = None
    economic_activity: tuple[TaxStatusEconomicActivity, ...] = ()
    id: str | None = None
    id_cif: str | None = None
    link: str | None = None
    obligations: tuple[TaxStatusObligations, ...] = ()
    official_name: str | None = None
    pdf: str | None = None
    place_and_date_of_issuance: str | None = None
    regimes: tuple[TaxStatusRegimens, ...] = ()
    tax_payer_information: TaxStatusTaxPayerInformation | None = None
