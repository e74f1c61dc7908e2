"""Balances, from Belvo's schema: `make models` writes this."""

import datetime as dt
from decimal import Decimal

from attrs import frozen

from belvo_async.models._data_model import DataModel, show_ids_only

__all__ = ["Balance"]


@frozen(kw_only=True, field_transformer=show_ids_only)
class Balance(DataModel):
    """A row of `/api/br/balances/`."""

    id: str | None = None
    link: str | None = None
    account_id: str | None = None
    account_internal_identification: str | None = None
    collected_at: dt.datetime | None = None
    created_at: dt.datetime | None = None
    last_updated_at: dt.datetime | None = None
    currency: str | None = None
    available: Decimal | None = None
    blocked: Decimal | None = None
    automatically_invested: Decimal | None = None
