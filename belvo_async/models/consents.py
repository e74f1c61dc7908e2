"""Models of consents. Generated from Belvo's schema: `make models`."""

import datetime as dt

from belvo_async.models._enums import OpenEnum
from belvo_async.models._rows import DataRow, row

__all__ = ["Consent", "ConsentPermissions", "ConsentStatus"]


@row
class ConsentPermissions(DataRow):
    """The `permissions` of a `Consent`."""

    ACCOUNTS: tuple[str, ...] = ()
    CREDIT_CARDS: tuple[str, ...] = ()
    CREDIT_OPERATIONS: tuple[str, ...] = ()
    INVESTMENTS: tuple[str, ...] = ()
    REGISTER: tuple[str, ...] = ()
    RESOURCES: tuple[str, ...] = ()


class ConsentStatus(OpenEnum):
    """The `status` of a `Consent`."""

    AUTHORISED = "AUTHORISED"
    AWAITING_AUTHORISATION_CONFIRMATION = "AWAITING_AUTHORISATION_CONFIRMATION"
    AWAITING_AUTHORISATION = "AWAITING_AUTHORISATION"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"


@row
class Consent(DataRow):
    """One row of `pool.consents`."""

    belvo_institution_name: str | None = None
    belvo_organization_name: str | None = None
    consent_duration: int | None = None
    created_at: dt.datetime | None = None
    display_name: str | None = None
    document_number: str | None = None
    expired_at: dt.datetime | None = None
    id: str | None = None
    institution_display_name: str | None = None
    institution_icon_logo: str | None = None
    link_id: str | None = None
    permissions: ConsentPermissions | None = None
    status: ConsentStatus | None = None
    undefined_consent_expiration: bool | None = None
    user_name: str | None = None
