"""Tax compliance status, from Belvo's schema: `make models` writes this."""

import datetime as dt

from attrs import frozen

from belvo_async.models._data_model import DataModel, show_ids_only
from belvo_async.models._enums import OpenEnum

__all__ = ["TaxComplianceStatus", "TaxComplianceStatusOutcome"]


class TaxComplianceStatusOutcome(OpenEnum):
    """Values of `TaxComplianceStatus.outcome`."""

    POSITIVE = "POSITIVE"
    NEGATIVE = "NEGATIVE"
    NO_OBLIGATIONS = "NO_OBLIGATIONS"


@frozen(kw_only=True, field_transformer=show_ids_only)
class TaxComplianceStatus(DataModel):
    """A row of `/api/tax-compliance-status/`."""

    id: str | None = None
    collected_at: dt.datetime | None = None
    created_at: dt.datetime | None = None
    internal_identification: str | None = None
    pdf: str | None = None
    rfc: str | None = None
    outcome: TaxComplianceStatusOutcome | None = None
