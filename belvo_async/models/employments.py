"""Models of employments. Generated from Belvo's schema: `make models`."""

import datetime as dt
from decimal import Decimal

from belvo_async.models._enums import OpenEnum
from belvo_async.models._rows import DataRow, row

__all__ = ["EmployerData", "Employment", "EmploymentSalaryType", "Occupation", "Salary"]


@row
class EmployerData(DataRow):
    """The `employer_data` of an `Employment`."""

    code: str | None = None
    economic_activity: str | None = None
    name: str | None = None


@row
class Occupation(DataRow):
    """The `occupations` of an `Employment`."""

    description: str | None = None
    end_date: dt.date | None = None
    locale: str | None = None
    name: str | None = None
    start_date: dt.date | None = None


class EmploymentSalaryType(OpenEnum):
    """The `type` of a `Salary`."""

    REGULAR = "REGULAR"
    THIRTEENTH = "THIRTEENTH"
    VOLUNTARY = "VOLUNTARY"
    RETIREMENT = "RETIREMENT"


@row
class Salary(DataRow):
    """The `salaries` of an `Employment`."""

    base_amount: Decimal | None = None
    currency: str | None = None
    month: str | None = None
    retained_amount: Decimal | None = None
    type: EmploymentSalaryType | None = None


@row
class Employment(DataRow):
    """One row of `pool.employments`."""

    collected_at: dt.datetime | None = None
    created_at: dt.datetime | None = None
    employer_data: EmployerData | None = None
    end_date: dt.date | None = None
    id: str | None = None
    link: str | None = None
    occupations: tuple[Occupation, ...] = ()
    salaries: tuple[Salary, ...] = ()
    start_date: dt.date | None = None
