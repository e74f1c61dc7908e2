"""Consents, from Belvo's schema: `make models` writes this."""

import datetime as dt

from attrs import frozen

from belvo_async.models._data_model import DataModel, show_ids_only
from belvo_async.models._enums import OpenEnum

__all__ = ["Consent", "ConsentPermissions", "ConsentStatus"]


class ConsentStatus(OpenEnum):
    """Values of `Consent.status`."""

    AUTHORISED = "AUTHORISED"
    AWAITING_AUTHORISATION_CONFIRMATION = "AWAITING_AUTHORISATION_CONFIRMATION"
    AWAITING_AUTHORISATION = "AWAITING_AUTHORISATION"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"


@frozen(kw_only=True, field_transformer=show_ids_only)
class ConsentPermissions(DataModel):
    """The value of `Consent.permissions`."""

    ACCOUNTS: tuple[str, ...] = ()
    CREDIT_CARDS: tuple[str, ...] = ()
    CREDIT_OPERATIONS: tuple[str, ...] = ()
    REGISTER: tuple[str, ...] = ()
    RESOURCES: tuple[str, ...] = ()
    INVESTMENTS: tuple[str, ...] = ()


@frozen(kw_only=True, field_transformer=show_ids_only)
class Consent(DataModel):
    """A row of `/api/consents/`."""

    id: str | None = None
    display_name: str | None = None
    document_number: str | None = None
    belvo_institution_name: str | None = None
    institution_display_name: str | None = None
    institution_icon_logo: str | None = None
    belvo_organization_name: str | None = None
    link_id: str | None = None
    user_name: str | None = None
    expired_at: dt.datetime | None = None
    undefined_consent_expiration: bool | None = None
    consent_duration: int | None = None
    created_at: dt.datetime | None = None
    status: ConsentStatus | None = None
    permissions: ConsentPermissions | None = None
