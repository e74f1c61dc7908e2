"""Current employments, from Belvo's schema: `make models` writes this."""

import datetime as dt
from decimal import Decimal

from attrs import frozen

from belvo_async.models._data_model import DataModel, show_ids_only
from belvo_async.models._enums import OpenEnum
from belvo_async.models.employment_records import EmploymentRecordDocumentType

__all__ = [
    "CurrentEmployment",
    "CurrentEmploymentDocumentId",
    "CurrentEmploymentPersonalData",
    "CurrentEmploymentRecord",
    "CurrentEmploymentStatus",
]


@frozen(kw_only=True, field_transformer=show_ids_only)
class CurrentEmploymentDocumentId(DataModel):
    """An item of `CurrentEmploymentPersonalData.document_ids`."""

    document_type: EmploymentRecordDocumentType | None = None
    document_number: str | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class CurrentEmploymentPersonalData(DataModel):
    """The value of `CurrentEmployment.personal_data`."""

    official_name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    birth_date: dt.date | None = None
    document_ids: tuple[CurrentEmploymentDocumentId, ...] = ()


class CurrentEmploymentStatus(OpenEnum):
    """Values of `CurrentEmployment.status`."""

    EMPLOYED = "EMPLOYED"
    UNEMPLOYED = "UNEMPLOYED"


@frozen(kw_only=True, field_transformer=show_ids_only)
class CurrentEmploymentRecord(DataModel):
    """An item of `CurrentEmployment.current_employment_records`."""

    employer: str | None = None
    employer_id: str | None = None
    employer_rfc: str | None = None
    state: str | None = None
    days_employed: int | None = None
    base_salary: Decimal | None = None
    monthly_salary: Decimal | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class CurrentEmployment(DataModel):
    """A row of `/api/mx/current-employments/`."""

    id: str | None = None
    link: str | None = None
    created_at: dt.datetime | None = None
    collected_at: dt.datetime | None = None
    month: str | None = None
    internal_identification: str | None = None
    personal_data: CurrentEmploymentPersonalData | None = None
    status: CurrentEmploymentStatus | None = None
    current_employment_records: tuple[CurrentEmploymentRecord, ...] = ()
