"""Models of employment records. Generated from Belvo's schema: `make models`."""

import datetime as dt
from decimal import Decimal

from belvo_async.models._enums import OpenEnum
from belvo_async.models._rows import DataRow, row

__all__ = [
    "EmploymentRecord",
    "EmploymentRecordDetail",
    "EmploymentRecordDocumentId",
    "EmploymentRecordDocumentType",
    "EmploymentRecordEmploymentStatusUpdates",
    "EmploymentRecordEntitlement",
    "EmploymentRecordFile",
    "EmploymentRecordPersonalData",
    "EmploymentRecordSalaryEstimation",
    "EmploymentRecordScore",
    "EmploymentRecordSocialSecuritySummary",
    "EmploymentRecordStatus",
    "EmploymentRecordStatusUpdateEvents",
]


class EmploymentRecordStatusUpdateEvents(OpenEnum):
    """The `event` of an `EmploymentRecordEmploymentStatusUpdates`."""

    DISMISSED_RESIGNED = "DISMISSED_RESIGNED"
    SALARY_MODIFICATION = "SALARY_MODIFICATION"
    HIRED = "HIRED"
    VOLUNTARY_CONTRIBUTION = "VOLUNTARY_CONTRIBUTION"
    ABSENCE = "ABSENCE"
    SICK_LEAVE = "SICK_LEAVE"
    NORMAL = "NORMAL"
    BDUTA_CERTIFICATE = "BDUTA_CERTIFICATE"
    DYE_CERTIFICATE = "DYE_CERTIFICATE"


@row
class EmploymentRecordEmploymentStatusUpdates(DataRow):
    """The `employment_status_updates` of an `EmploymentRecordDetail`."""

    base_salary: Decimal | None = None
    event: EmploymentRecordStatusUpdateEvents | None = None
    update_date: dt.date | None = None


@row
class EmploymentRecordDetail(DataRow):
    """The `employment_records` of an `EmploymentRecord`."""

    collected_at: dt.datetime | None = None
    currency: str | None = None
    employer: str | None = None
    employer_id: str | None = None
    employment_status_updates: tuple[EmploymentRecordEmploymentStatusUpdates, ...] = ()
    end_date: dt.date | None = None
    monthly_salary: Decimal | None = None
    most_recent_base_salary: Decimal | None = None
    start_date: dt.date | None = None
    state: str | None = None
    weeks_employed: int | None = None


@row
class EmploymentRecordScore(DataRow):
    """The `employment_scores` of an `EmploymentRecord`."""

    period: int | None = None
    score: int | None = None
    version: str | None = None


@row
class EmploymentRecordFile(DataRow):
    """The `files` of an `EmploymentRecord`."""

    type: str | None = None
    value: str | None = None


class EmploymentRecordDocumentType(OpenEnum):
    """The `document_type` of an `EmploymentRecordDocumentId`."""

    NSS = "NSS"
    CURP = "CURP"
    RFC = "RFC"


@row
class EmploymentRecordDocumentId(DataRow):
    """The `document_ids` of an `EmploymentRecordPersonalData`."""

    document_number: str | None = None
    document_type: EmploymentRecordDocumentType | None = None


class EmploymentRecordStatus(OpenEnum):
    """The `status` of an `EmploymentRecordEntitlement`."""

    EMPLOYED = "EMPLOYED"
    RETIRED = "RETIRED"
    UNEMPLOYED = "UNEMPLOYED"
    NULL = "null"


@row
class EmploymentRecordEntitlement(DataRow):
    """The `entitlements` of an `EmploymentRecordPersonalData`."""

    entitled_to_company_benefits: bool | None = None
    entitled_to_health_insurance: bool | None = None
    status: EmploymentRecordStatus | None = None
    valid_until: dt.date | None = None


@row
class EmploymentRecordPersonalData(DataRow):
    """The `personal_data` of an `EmploymentRecord`."""

    birth_date: dt.date | None = None
    document_ids: tuple[EmploymentRecordDocumentId, ...] = ()
    email: str | None = None
    entitlements: EmploymentRecordEntitlement | None = None
    first_name: str | None = None
    last_name: str | None = None
    official_name: str | None = None


@row
class EmploymentRecordSalaryEstimation(DataRow):
    """The `salary_estimation` of an `EmploymentRecord`."""

    base_salary_estimate: Decimal | None = None
    currency: str | None = None
    employment_status_estimate: str | None = None


@row
class EmploymentRecordSocialSecuritySummary(DataRow):
    """The `social_security_summary` of an `EmploymentRecord`."""

    weeks_contributed: int | None = None
    weeks_redeemed: int | None = None
    weeks_reinstated: int | None = None


@row
class EmploymentRecord(DataRow):
    """One row of `pool.employment_records`."""

    collected_at: dt.datetime | None = None
    created_at: dt.datetime | None = None
    days_since_extraction: int | None = None
    employment_records: tuple[EmploymentRecordDetail, ...] = ()
    employment_scores: tuple[EmploymentRecordScore, ...] = ()
    files: tuple[EmploymentRecordFile, ...] = ()
    id: str | None = None
    internal_identification: str | None = None
    link: str | None = None
    personal_data: EmploymentRecordPersonalData | None = None
    report_date: dt.date | None = None
    salary_estimation: EmploymentRecordSalaryEstimation | None = None
    social_security_summary: EmploymentRecordSocialSecuritySummary | None = None
