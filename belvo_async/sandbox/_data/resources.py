"""The data resources, as a table: where they are, what they take, and how they answer."""

from typing import Final

from attrs import frozen


@frozen(kw_only=True)
class ServedData:
    """One collection of data."""

    path: str
    """What follows `/api/`, without the last slash."""
    takes: str = "link*"
    """The fields of its POST, a star behind those that are needed; empty: it takes no POST."""
    count: int = 1
    """How many records a link has, where no statement says so."""
    dated: str | None = None
    """The field that `date_from` and `date_to` are about."""
    needed_filter: str | None = None
    """The filter without which there is no list."""
    can_resume: bool = False
    """Whether a PATCH answers its challenges."""
    meets_mfa: bool = False
    """Whether its POST may meet a challenge."""
    is_async: bool = False
    """Whether its POST can be asynchronous."""
    is_removable: bool = True
    deletes_slowly: bool = False
    """Whether its deletions count against the limit of so many a minute."""
    posts_one: bool = False
    """Whether a POST answers one object instead of an array."""
    shows_array: bool = False
    """Whether the detail is an array of one."""

    @property
    def collection(self) -> str:
        """The path of the collection."""
        return f"/api/{self.path}/"


_DATES: Final = "link* date_from* date_to*"
_SOME_DATES: Final = "link* date_from date_to"
_DIRECTION: Final = "type*=INFLOW|OUTFLOW"

_BANKING: Final = (
    ServedData(path="accounts", takes="link* token", can_resume=True, meets_mfa=True, deletes_slowly=True),
    ServedData(
        path="transactions",
        takes=f"{_DATES} account token",
        dated="value_date",
        needed_filter="link",
        can_resume=True,
        meets_mfa=True,
        is_async=True,
        deletes_slowly=True,
    ),
    ServedData(path="owners", takes="link* token", can_resume=True, meets_mfa=True),
    ServedData(
        path="br/balances",
        takes="link* account_id",
        needed_filter="link",
        meets_mfa=True,
        is_removable=False,
    ),
    ServedData(path="bills", needed_filter="link", meets_mfa=True),
    ServedData(
        path="br/exchanges",
        takes=_SOME_DATES,
        count=4,
        dated="operation_requested_at",
        needed_filter="link",
        meets_mfa=True,
    ),
    ServedData(path="br/investments", count=2, needed_filter="link", is_async=True),
    ServedData(
        path="br/investment-transactions",
        takes=_SOME_DATES,
        count=6,
        dated="value_date",
        needed_filter="link",
        is_async=True,
    ),
    ServedData(path="consents", takes="", needed_filter="user_document", is_removable=False),
)
_INSIGHTS: Final = (
    ServedData(
        path="incomes",
        takes=f"{_SOME_DATES} token allowed_income_types minimum_confidence_level=HIGH|MEDIUM|LOW",
        can_resume=True,
        meets_mfa=True,
        posts_one=True,
    ),
    ServedData(
        path="recurring-expenses",
        takes=f"{_SOME_DATES} token",
        can_resume=True,
        meets_mfa=True,
        shows_array=True,
    ),
    ServedData(
        path="risk-insights",
        takes="link* token",
        can_resume=True,
        meets_mfa=True,
        posts_one=True,
        shows_array=True,
    ),
)
_EMPLOYMENT: Final = (
    ServedData(path="employment-records", meets_mfa=True, is_async=True, deletes_slowly=True),
    ServedData(path="mx/current-employments", meets_mfa=True),
    ServedData(
        path="br/employments",
        takes=_SOME_DATES,
        count=2,
        needed_filter="link",
        meets_mfa=True,
        is_async=True,
    ),
    ServedData(path="employment-metrics", takes="link* reference_date", posts_one=True),
)
_FISCAL: Final = (
    ServedData(path="financial-statements", count=3, is_async=True),
    ServedData(
        path="invoices",
        takes=f"{_DATES} {_DIRECTION}",
        count=24,
        dated="invoice_date",
        can_resume=True,
        meets_mfa=True,
        is_async=True,
    ),
    ServedData(path="tax-compliance-status", meets_mfa=True, posts_one=True),
    ServedData(
        path="tax-returns",
        takes="link* type*=monthly|yearly date_from date_to year_from year_to",
        count=3,
        meets_mfa=True,
    ),
    ServedData(
        path="tax-retentions",
        takes=f"{_DATES} {_DIRECTION}",
        count=4,
        dated="issued_at",
        meets_mfa=True,
    ),
    ServedData(path="tax-status", meets_mfa=True, posts_one=True),
    ServedData(
        path="cl/invoices",
        takes=f"{_DATES} type=INFLOW|OUTFLOW",
        count=12,
        dated="issue_date",
        is_async=True,
    ),
    ServedData(path="cl/tax-status"),
    ServedData(path="cl/debt-reports", is_async=True),
)
RESOURCES: Final = (*_BANKING, *_INSIGHTS, *_EMPLOYMENT, *_FISCAL)
"""All that the sandbox serves.

Two choices of ours: a link has every resource, whatever its institution; and incomes and invoices, whose
PATCH is documented and whose challenge is not, ask for a token as the others do that can be resumed.
"""
