"""One request, one response, and what must not show in either."""

from collections.abc import Mapping
from enum import Enum
from typing import Final, NoReturn

from attrs import field, frozen
from attrs.converters import optional

from belvo_async._http.hidden import Body


class Repeat(Enum):
    """When a request that failed may be sent again (rule: What is repeated)."""

    READ = "read"
    """It changes nothing: repeat after a 5xx, a 408 or a lost connection."""

    LOGIN = "login"
    """A PUT or POST that logs in at a bank: repeat only what Belvo says to repeat, or what never left."""

    TOKEN = "token"  # noqa: S105 - names a kind of request, holds no secret
    """A PATCH that carries a one-time token or consumes a session: repeat only what never left."""

    CHANGE = "change"
    """It changes data at Belvo without a bank login: repeat what never left or was refused by a limit."""


@frozen(kw_only=True)
class Request:
    """One HTTP request, without host or credentials."""

    method: str
    path: str
    """Absolute path, as it goes on the wire: begins and ends with a slash."""
    query: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = field(default=None, repr=False, converter=optional(Body))
    """JSON, encoded; may hold passwords."""
    repeat: Repeat = Repeat.READ
    link_id: str | None = None
    """The link that the request is about, for locks, logs and errors."""
    institution: str | None = None
    """The institution it logs in at, where known: a scheduling hint."""
    is_urgent: bool = False
    """A person is waiting for it, or it settles a login: it overtakes ordinary requests."""
    max_wait: float | None = None
    """Seconds that it may wait for the limits; None: as long as it takes."""
    is_limited_delete: bool = False
    """Whether it is one of those of which Belvo takes five a minute."""
    has_keys_in_body: bool = False
    """Whether it says in its body who asks, and so in no header."""
    deadline: float | None = None
    """After this moment of the monotonic clock it is no longer sent: the session that it resumes is over."""
    collection: str = "/api/links/"
    """Where the token goes that a login may be asked for (rule: Resume where it was asked)."""
    save_data: bool | None = None
    """What the body says of that: the request with the token says it again."""
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """What must never show in anything that is read from the response, even if the server echoes it."""

    @property
    def is_login(self) -> bool:
        """Whether a bank may see this request."""
        return self.repeat is Repeat.LOGIN or self.repeat is Repeat.TOKEN

    @property
    def travels_alone(self) -> bool:
        """Whether it takes a fresh connection: a login, or the status check that says whether to repeat one.

        On a kept connection a stale response to an earlier request could be taken for its own.
        """
        return self.is_login or self.is_urgent

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled: the body may hold a password."""
        raise TypeError("a Request may hold a password and is never pickled")


@frozen(kw_only=True)
class SearchForms:
    """The forms in which a response may echo secrets, found out once for secrets that stay the same."""

    plain: frozenset[str] = field(default=frozenset(), repr=False)
    """As they were sent."""
    forms: tuple[str, ...] = field(default=(), repr=False)
    """Found in either case."""
    exact: tuple[str, ...] = field(default=(), repr=False)
    """Found as they are: parts of base64, and letters whose case is not one to one."""
    numbers: frozenset[int] = field(default=frozenset(), repr=False)
    """Those that may come as numbers of JSON."""

    def __add__(self, other: "SearchForms") -> "SearchForms":
        """Return the forms of both."""
        return SearchForms(
            plain=self.plain | other.plain,
            forms=self.forms + other.forms,
            exact=self.exact + other.exact,
            numbers=self.numbers | other.numbers,
        )

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled: it holds the secrets."""
        raise TypeError("SearchForms hold secrets and are never pickled")


NO_SECRETS: Final = SearchForms()


@frozen(kw_only=True)
class Response:
    """One HTTP answer, read to its end."""

    status: int
    headers: Mapping[str, str] = field(factory=dict, repr=False)
    """Looked up by names in lower case; a case-insensitive mapping will do."""
    body: bytes = field(default=b"", repr=False, converter=Body)
    secrets: SearchForms = field(default=NO_SECRETS, repr=False)
    """Of the keys that it was asked with: what must never show, besides the secrets of the request."""

    @property
    def is_success(self) -> bool:
        """Whether the status is a 2xx."""
        return 200 <= self.status < 300

    @property
    def is_html(self) -> bool:
        """Whether the body is a page, not an API answer (an edge or gateway wrote it)."""
        declared = self.headers.get("content-type", "").lower()
        return "html" in declared or self.body[:64].lstrip().lower().startswith((b"<html", b"<!doctype"))
