"""Models of current employments. Generated from Belvo's schema: `make models`."""

import datetime as dt
from decimal import Decimal

from belvo_async.models._enums import OpenEnum
from belvo_async.models._rows import DataRow, row
from belvo_async.models.employment_records import EmploymentRecordDocumentType

__all__ = [
    "CurrentEmployment",
    "CurrentEmploymentDocumentId",
    "CurrentEmploymentPersonalData",
    "CurrentEmploymentRecord",
    "CurrentEmploymentStatus",
]


@row
class CurrentEmploymentRecord(DataRow):
    """The `current_employment_records` of a `CurrentEmployment`."""

    base_salary: Decimal | None = None
    days_employed: int | None = None
    employer: str | None = None
    employer_id: str | None = None
    employer_rfc: str | None = None
    monthly_salary: Decimal | None = None
    state: str | None = None


@row
class CurrentEmploymentDocumentId(DataRow):
    """The `document_ids` of a `CurrentEmploymentPersonalData`."""

    document_number: str | None = None
    document_type: EmploymentRecordDocumentType | None = None


@row
class CurrentEmploymentPersonalData(DataRow):
    """The `personal_data` of a `CurrentEmployment`."""

    birth_date: dt.date | None = None
    document_ids: tuple[CurrentEmploymentDocumentId, ...] = ()
    first_name: str | None = None
    last_name: str | None = None
    official_name: str | None = None


class CurrentEmploymentStatus(OpenEnum):
    """The `status` of a `CurrentEmployment`."""

    EMPLOYED = "EMPLOYED"
    UNEMPLOYED = "UNEMPLOYED"


@row
class CurrentEmployment(DataRow):
    """One row of `pool.current_employments`."""

    collected_at: dt.datetime | None = None
    created_at: dt.datetime | None = None
    current_employment_records: tuple[CurrentEmploymentRecord, ...] = ()
    id: str | None = None
    internal_identification: str | None = None
    link: str | None = None
    month: str | None = None
    personal_data: CurrentEmploymentPersonalData | None = None
    status: CurrentEmploymentStatus | None = None
