"""Employment records, from Belvo's schema: `make models` writes this."""

import datetime as dt
from decimal import Decimal

from attrs import frozen

from belvo_async.models._data_model import DataModel, show_ids_only
from belvo_async.models._enums import OpenEnum

__all__ = [
    "EmploymentRecord",
    "EmploymentRecordDetail",
    "EmploymentRecordDocumentId",
    "EmploymentRecordDocumentType",
    "EmploymentRecordEntitlement",
    "EmploymentRecordFile",
    "EmploymentRecordPersonalData",
    "EmploymentRecordSalaryEstimation",
    "EmploymentRecordScore",
    "EmploymentRecordSocialSecuritySummary",
    "EmploymentRecordStatus",
    "EmploymentRecordStatusUpdate",
    "EmploymentRecordStatusUpdateEvents",
]


class EmploymentRecordStatus(OpenEnum):
    """Values of `EmploymentRecordEntitlement.status`."""

    EMPLOYED = "EMPLOYED"
    RETIRED = "RETIRED"
    UNEMPLOYED = "UNEMPLOYED"


@frozen(kw_only=True, field_transformer=show_ids_only)
class EmploymentRecordEntitlement(DataModel):
    """The value of `EmploymentRecordPersonalData.entitlements`."""

    entitled_to_health_insurance: bool | None = None
    entitled_to_company_benefits: bool | None = None
    valid_until: dt.date | None = None
    status: EmploymentRecordStatus | None = None


class EmploymentRecordDocumentType(OpenEnum):
    """Values of `EmploymentRecordDocumentId.document_type`."""

    NSS = "NSS"
    CURP = "CURP"
    RFC = "RFC"


@frozen(kw_only=True, field_transformer=show_ids_only)
class EmploymentRecordDocumentId(DataModel):
    """An item of `EmploymentRecordPersonalData.document_ids`."""

    document_type: EmploymentRecordDocumentType | None = None
    document_number: str | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class EmploymentRecordPersonalData(DataModel):
    """The value of `EmploymentRecord.personal_data`."""

    official_name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    birth_date: dt.date | None = None
    entitlements: EmploymentRecordEntitlement | None = None
    document_ids: tuple[EmploymentRecordDocumentId, ...] = ()
    email: str | None = None
    """Deprecated by Belvo."""


@frozen(kw_only=True, field_transformer=show_ids_only)
class EmploymentRecordSocialSecuritySummary(DataModel):
    """The value of `EmploymentRecord.social_security_summary`."""

    weeks_redeemed: int | None = None
    weeks_reinstated: int | None = None
    weeks_contributed: int | None = None


class EmploymentRecordStatusUpdateEvents(OpenEnum):
    """Values of `EmploymentRecordStatusUpdate.event`."""

    DISMISSED_RESIGNED = "DISMISSED_RESIGNED"
    SALARY_MODIFICATION = "SALARY_MODIFICATION"
    HIRED = "HIRED"
    VOLUNTARY_CONTRIBUTION = "VOLUNTARY_CONTRIBUTION"
    ABSENCE = "ABSENCE"
    SICK_LEAVE = "SICK_LEAVE"
    NORMAL = "NORMAL"
    BDUTA_CERTIFICATE = "BDUTA_CERTIFICATE"
    DYE_CERTIFICATE = "DYE_CERTIFICATE"


@frozen(kw_only=True, field_transformer=show_ids_only)
class EmploymentRecordStatusUpdate(DataModel):
    """An item of `EmploymentRecordDetail.employment_status_updates`."""

    event: EmploymentRecordStatusUpdateEvents | None = None
    base_salary: Decimal | None = None
    update_date: dt.date | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class EmploymentRecordDetail(DataModel):
    """An item of `EmploymentRecord.employment_records`."""

    collected_at: dt.datetime | None = None
    employer: str | None = None
    employer_id: str | None = None
    start_date: dt.date | None = None
    end_date: dt.date | None = None
    weeks_employed: int | None = None
    state: str | None = None
    most_recent_base_salary: Decimal | None = None
    monthly_salary: Decimal | None = None
    currency: str | None = None
    employment_status_updates: tuple[EmploymentRecordStatusUpdate, ...] = ()


@frozen(kw_only=True, field_transformer=show_ids_only)
class EmploymentRecordScore(DataModel):
    """An item of `EmploymentRecord.employment_scores`."""

    score: int | None = None
    period: int | None = None
    version: str | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class EmploymentRecordSalaryEstimation(DataModel):
    """The value of `EmploymentRecord.salary_estimation`."""

    employment_status_estimate: str | None = None
    base_salary_estimate: Decimal | None = None
    currency: str | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class EmploymentRecordFile(DataModel):
    """An item of `EmploymentRecord.files`."""

    type: str | None = None
    value: str | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class EmploymentRecord(DataModel):
    """A row of `/api/employment-records/`."""

    id: str | None = None
    link: str | None = None
    created_at: dt.datetime | None = None
    collected_at: dt.datetime | None = None
    report_date: dt.date | None = None
    days_since_extraction: int | None = None
    internal_identification: str | None = None
    personal_data: EmploymentRecordPersonalData | None = None
    social_security_summary: EmploymentRecordSocialSecuritySummary | None = None
    employment_records: tuple[EmploymentRecordDetail, ...] = ()
    employment_scores: tuple[EmploymentRecordScore, ...] = ()
    salary_estimation: EmploymentRecordSalaryEstimation | None = None
    files: tuple[EmploymentRecordFile, ...] = ()
