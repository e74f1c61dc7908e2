"""Models of balances. Generated from Belvo's schema: `make models`."""

import datetime as dt
from decimal import Decimal

from belvo_async.models._rows import DataRow, row

__all__ = ["Balance"]


@row
class Balance(DataRow):
    """One row of `pool.balances`."""

    account_id: str | None = None
    account_internal_identification: str | None = None
    automatically_invested: Decimal | None = None
    available: Decimal | None = None
    blocked: Decimal | None = None
    collected_at: dt.datetime | None = None
    created_at: dt.datetime | None = None
    currency: str | None = None
    id: str | None = None
    last_updated_at: dt.datetime | None = None
    link: str | None = None
