"""Employment metrics, from Belvo's schema: `make models` writes this."""

import datetime as dt
from decimal import Decimal

from attrs import frozen

from belvo_async.models._data_model import DataModel, show_ids_only
from belvo_async.models.employment_records import EmploymentRecordStatus

__all__ = ["EmploymentMetric"]


@frozen(kw_only=True, field_transformer=show_ids_only)
class EmploymentMetric(DataModel):
    """A row of `/api/employment-metrics/`."""

    id: str | None = None
    link: str | None = None
    collected_at: dt.datetime | None = None
    created_at: dt.datetime | None = None
    updated_at: dt.datetime | None = None
    reference_date: dt.date | None = None
    age: int | None = None
    current_status: EmploymentRecordStatus | None = None
    current_employer_count: int | None = None
    base_salary_last: Decimal | None = None
    weeks_employed_last_job: Decimal | None = None
    weeks_since_last_job: Decimal | None = None
    weeks_employed_total: Decimal | None = None
    weeks_with_multiple_employers: Decimal | None = None
    employer_count: int | None = None
    unique_employer_count: int | None = None
    employers_per_year: Decimal | None = None
    weeks_between_jobs: Decimal | None = None
    max_weeks_between_jobs: Decimal | None = None
    increases_last_job: int | None = None
    decreases_last_job: int | None = None
    increases_after_change: int | None = None
    decreases_after_change: int | None = None
    increases_overall: int | None = None
    decreases_overall: int | None = None
    increases_1y: int | None = None
    decreases_1y: int | None = None
    increases_3y: int | None = None
    decreases_3y: int | None = None
    increases_5y: int | None = None
    decreases_5y: int | None = None
    yearly_change_1y: Decimal | None = None
    yearly_change_3y: Decimal | None = None
    yearly_change_5y: Decimal | None = None
    min_monthly_salary_1y: Decimal | None = None
    min_monthly_salary_3y: Decimal | None = None
    min_monthly_salary_5y: Decimal | None = None
    average_monthly_salary_1y: Decimal | None = None
    average_monthly_salary_3y: Decimal | None = None
    average_monthly_salary_5y: Decimal | None = None
    max_monthly_salary_1y: Decimal | None = None
    max_monthly_salary_3y: Decimal | None = None
    max_monthly_salary_5y: Decimal | None = None
