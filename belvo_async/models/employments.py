"""Employments, from Belvo's schema: `make models` writes this."""

import datetime as dt
from decimal import Decimal

from attrs import frozen

from belvo_async.models._data_model import DataModel, show_ids_only
from belvo_async.models._enums import OpenEnum

__all__ = [
    "Employment",
    "EmploymentEmployer",
    "EmploymentOccupation",
    "EmploymentSalary",
    "EmploymentSalaryType",
]


@frozen(kw_only=True, field_transformer=show_ids_only)
class EmploymentEmployer(DataModel):
    """The value of `Employment.employer_data`."""

    name: str | None = None
    code: str | None = None
    economic_activity: str | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class EmploymentOccupation(DataModel):
    """An item of `Employment.occupations`."""

    start_date: dt.date | None = None
    end_date: dt.date | None = None
    description: str | None = None
    name: str | None = None
    locale: str | None = None


class EmploymentSalaryType(OpenEnum):
    """Values of `EmploymentSalary.type`."""

    REGULAR = "REGULAR"
    THIRTEENTH = "THIRTEENTH"
    VOLUNTARY = "VOLUNTARY"
    RETIREMENT = "RETIREMENT"


@frozen(kw_only=True, field_transformer=show_ids_only)
class EmploymentSalary(DataModel):
    """An item of `Employment.salaries`."""

    base_amount: Decimal | None = None
    retained_amount: Decimal | None = None
    type: EmploymentSalaryType | None = None
    month: str | None = None
    currency: str | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class Employment(DataModel):
    """A row of `/api/br/employments/`."""

    id: str | None = None
    link: str | None = None
    created_at: dt.datetime | None = None
    collected_at: dt.datetime | None = None
    start_date: dt.date | None = None
    end_date: dt.date | None = None
    employer_data: EmploymentEmployer | None = None
    occupations: tuple[EmploymentOccupation, ...] = ()
    salaries: tuple[EmploymentSalary, ...] = ()
