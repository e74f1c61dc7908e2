"""The answers of the API that are no success, as errors; never with a secret in them."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from belvo_async._http import Repeat, Request, Response
from belvo_async._wire.error_codes import find_meaning
from belvo_async._wire.json import MalformedError, read_details
from belvo_async._wire.redaction import read_contents
from belvo_async.errors import (
    ApiError,
    BelvoError,
    ErrorDetail,
    RateLimitedError,
    RequestTimeoutError,
    UnreadableResponseError,
)
from belvo_async.models._text_limits import LONGEST_MESSAGE, LONGEST_NAME, cut, cut_optional, trim, write_line

_ROOM_FOR_EXTRA: Final = 5_000
"""Characters of all the keys of an error item that have no attribute."""
_MOST_DETAILS: Final = 20
_LONGEST_WAIT_DIGITS: Final = 9
_EDGE_REFUSAL: Final[tuple[type[ApiError], str]] = (
    RateLimitedError,
    "Send no more than 80 requests in 30 s from one IP address, or ask Belvo for more.",
)
_LOGIN_TIMED_OUT: Final = (
    "Look at the link's status and last_accessed_at before you repeat it: Belvo gave up after five minutes, "
    "and the login may have succeeded."
)
_TOO_MANY_DELETES: Final = (
    "Wait a minute: Belvo allows five deletes in one. With in_background=True there is no such limit."
)
_SESSION_GONE: Final = (
    "The challenge is gone: answered already, expired, or of other keys. "
    "Look at the link; if it is not valid, update it again."
)


def unreadable(problem: str, response: Response, request: Request) -> UnreadableResponseError:
    """Build the error for an answer that is not what the API promises."""
    return UnreadableResponseError(
        f"The answer to {request.method} {request.path} cannot be read: {problem}.",
        remedy="Belvo did act on the request; look at the result before you repeat it."
        if request.is_login
        else "Try again later; if it lasts, a proxy on the way may change the answers.",
        status=response.status,
        link_id=request.link_id,
    )


def refuse_challenge(problem: str, response: Response, request: Request) -> ApiError:
    """Build the error for a challenge that nobody can be asked: the login has not succeeded."""
    return ApiError(
        f"Belvo answered {request.method} {request.path} with a challenge that is not kept: {problem}.",
        remedy="The link keeps its old credentials. Tell Belvo's support of this challenge.",
        status=response.status,
        link_id=request.link_id,
    )


def read_error(response: Response, request: Request, now: datetime) -> BelvoError:
    """Turn an answer that is no success into the error to raise."""
    details = _read_details(response, request)
    if 300 <= response.status < 400:
        return unreadable("a redirect, which is never followed with your keys", response, request)
    retry_after = read_retry_after(response, now)
    code = next((detail.code for detail in details if detail.code), None)
    if is_rate_refusal(response) and not details:
        kind, remedy = _EDGE_REFUSAL
    else:
        kind, remedy = find_meaning(code, response.status)
    remedy = _find_remedy(kind, response, request) or remedy
    said = next((detail.message for detail in details if detail.message), "")
    reason = f": {write_line(said)}" if said else "" if details else f" with {_describe_body(response)}"
    return kind(
        f"Belvo answered {request.method} {request.path} with status {response.status}{reason}",
        remedy=remedy,
        status=response.status,
        details=details,
        link_id=request.link_id,
        retry_after=retry_after,
    )


def _find_remedy(kind: type[ApiError], response: Response, request: Request) -> str | None:
    """Return what helps this very request, where the code alone cannot tell."""
    if response.status == 404 and request.repeat is Repeat.TOKEN and request.method == "PATCH":
        return _SESSION_GONE
    if kind is RequestTimeoutError and request.is_login:
        return _LOGIN_TIMED_OUT
    if kind is RateLimitedError and request.method == "DELETE" and response.status == 429:
        return _TOO_MANY_DELETES
    return None


def _read_details(response: Response, request: Request) -> tuple[ErrorDetail, ...]:
    try:
        body = read_contents(response, request)
    except MalformedError:
        return ()
    found = [detail for detail in read_details(body) if detail.code or detail.message or detail.request_id]
    return tuple(_cut(detail, is_login=bool(request.secrets)) for detail in found[:_MOST_DETAILS])


def _cut(detail: ErrorDetail, *, is_login: bool) -> ErrorDetail:
    # Extra keys of a refused login may echo what was sent, in whatever form: only the documented one is kept.
    extra = {
        key: value for key, value in detail.extra.items() if key == "institution_user_id" or not is_login
    }
    return ErrorDetail(
        code=cut(detail.code, LONGEST_NAME),
        message=cut(detail.message, LONGEST_MESSAGE),
        request_id=cut_optional(detail.request_id, LONGEST_NAME),
        field=cut_optional(detail.field, LONGEST_NAME),
        extra=trim(extra, _ROOM_FOR_EXTRA, longest=LONGEST_MESSAGE),
    )


def is_rate_refusal(response: Response) -> bool:
    """Whether the server refused the request for coming too fast, before it did anything with it.

    Belvo's edge does that with an HTML page of status 403 (error article); 429 is documented for deletes.
    """
    return response.status == 429 or (response.status == 403 and response.is_html)


def _describe_body(response: Response) -> str:
    if response.is_html:
        return "an HTML page instead of JSON"
    return "an empty body" if not response.body.strip() else "a body that is no error of Belvo's"


def read_retry_after(response: Response, now: datetime) -> float | None:
    """Return the seconds that `Retry-After` asks to wait (seconds or a date), or None."""
    header = response.headers.get("retry-after", "").strip()
    if header.isascii() and header.isdigit():
        return float(header) if len(header) <= _LONGEST_WAIT_DIGITS else None
    moment = read_http_date(header)
    # By the clock that wrote it, where it tells its time.
    now = read_http_date(response.headers.get("date", "")) or now
    return None if moment is None else max(0.0, (moment - now).total_seconds())


def read_http_date(header: str) -> datetime | None:
    """Return an aware datetime for an HTTP date, or None."""
    try:
        moment = parsedate_to_datetime(header)
        if moment.tzinfo is None:
            return None
        moment = moment.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    # Nobody counts with a year outside these, and arithmetic at the ends of the calendar overflows.
    return moment if 1970 <= moment.year < 3000 else None
