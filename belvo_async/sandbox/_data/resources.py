"""The data resources, as a table: where they are, what they take, and how they answer."""

from typing import Final

from attrs import frozen


@frozen(kw_only=True)
class DataResource:
    """One collection of data."""

    path: str
    """What follows `/api/`, without the last slash."""
    schema: str
    """The name of the description that its records follow."""
    takes: str
    """The fields of its POST, a star behind those that are needed; empty: it takes no POST."""
    can_resume: bool = False
    """Whether a PATCH answers its challenges."""
    meets_mfa: bool = False
    """Whether its POST may meet a challenge."""
    is_async: bool = False
    """Whether its POST can be asynchronous."""
    is_removable: bool = True
    deletes_slowly: bool = False
    """Whether deletions count against the limit of so many a minute."""
    posts_one: bool = False
    """Whether a POST answers one object instead of an array."""
    detail_is_list: bool = False
    """Whether the detail is an array of one."""
    dated: str | None = None
    """The field that `date_from` and `date_to` are about."""
    needed_filter: str | None = None
    """The filter without which there is no list."""

    @property
    def collection(self) -> str:
        """The path of the collection."""
        return f"/api/{self.path}/"


_DATES: Final = "link* date_from* date_to*"

RESOURCES: Final = (
    DataResource(
        path="accounts",
        schema="Account",
        takes="link* token",
        can_resume=True,
        meets_mfa=True,
        deletes_slowly=True,
    ),
    DataResource(
        path="transactions",
        schema="Transaction",
        takes=f"{_DATES} account token",
        can_resume=True,
        meets_mfa=True,
        is_async=True,
        deletes_slowly=True,
        dated="value_date",
        needed_filter="link",
    ),
    DataResource(path="owners", schema="Owner", takes="link* token", can_resume=True, meets_mfa=True),
    DataResource(
        path="br/balances",
        schema="Balance",
        takes="link* account_id",
        meets_mfa=True,
        is_removable=False,
        needed_filter="link",
    ),
)
"""Those that the sandbox serves."""
