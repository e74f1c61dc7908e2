"""Models of tax compliance status. Generated from Belvo's schema: `make models`."""

import datetime as dt

from belvo_async.models._enums import OpenEnum
from belvo_async.models._rows import DataRow, row

__all__ = ["TaxComplianceStatus", "TaxComplianceStatusOutcome"]


class TaxComplianceStatusOutcome(OpenEnum):
    """The `outcome` of a `TaxComplianceStatus`."""

    POSITIVE = "POSITIVE"
    NEGATIVE = "NEGATIVE"
    NO_OBLIGATIONS = "NO_OBLIGATIONS"


@row
class TaxComplianceStatus(DataRow):
    """One row of `pool.tax_compliance_status`."""

    collected_at: dt.datetime | None = None
    created_at: dt.datetime | None = None
    id: str | None = None
    internal_identification: str | None = None
    outcome: TaxComplianceStatusOutcome | None = None
    pdf: str | None = None
    rfc: str | None = None
