"""Calls of the API as requests, and its answers as models, events or errors."""

from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Final, TypeVar
from urllib.parse import parse_qsl, urlsplit

from attrs import fields, frozen

from belvo_async._codec import (
    MalformedError,
    dump_json,
    parse_json,
    read_challenge,
    read_details,
    read_model,
    read_page,
)
from belvo_async._error_codes import find_meaning
from belvo_async._http import Repeat, Request, Response
from belvo_async._models import (
    UPDATE_FIELDS,
    AcceptedRequest,
    Challenge,
    Link,
    LinkChanges,
    LinkRegistration,
    LinkUpdate,
    Page,
)
from belvo_async.errors import (
    ApiError,
    BelvoError,
    ErrorDetail,
    RateLimitedError,
    UnreadableAnswerError,
)
from belvo_async.mfa import Accepted, Challenged, Event, Rejected, Resuming

T = TypeVar("T")

LINKS: Final = "/api/links/"
_ASYNC_MODE: Final = (("X-Belvo-Request-Mode", "async"),)
_REGISTRATION_FIELDS: Final = tuple(attribute.name for attribute in fields(LinkRegistration))
_CHANGE_FIELDS: Final = tuple(attribute.name for attribute in fields(LinkChanges))
_SECRET_FIELDS: Final = (
    "username",
    "username2",
    "username3",
    "password",
    "password2",
    "token",
    "encryption_key",
    "certificate",
    "private_key",
)
_REDACTED: Final = "[redacted]"
_LONGEST_MESSAGE: Final = 500


@frozen
class Instant:
    """One moment by both clocks: seconds of the monotonic one, and the wall clock's time in UTC."""

    monotonic: float
    wall: datetime


def _collect(source: object, names: tuple[str, ...]) -> dict[str, object]:
    values = ((name, getattr(source, name)) for name in names)
    return {name: value for name, value in values if value is not None}


def _find_secrets(body: Mapping[str, object]) -> tuple[str, ...]:
    return tuple(value for name in _SECRET_FIELDS if isinstance(value := body.get(name), str) and value)


def build_update(update: LinkUpdate, answer: Resuming | None = None) -> Request:
    """Build the PUT of an update; with an answer to a challenge, the PUT that resumes it."""
    body = _collect(update, UPDATE_FIELDS)
    if answer is not None:
        body["session"] = answer.challenge.session
        if answer.token is not None:
            body["token"] = answer.token
    return Request(
        method="PUT",
        path=f"{LINKS}{update.link_id}/",
        body=dump_json(body),
        repeat=Repeat.LOGIN if answer is None else Repeat.TOKEN,
        link_id=update.link_id,
        institution=update.institution,
        deadline=None if answer is None else answer.deadline,
        secrets=_find_secrets(body),
    )


def build_resume(answer: Resuming, institution: str | None = None) -> Request:
    """Build the PATCH that answers a challenge."""
    challenge = answer.challenge
    body = {"session": challenge.session, "link": challenge.link_id}
    if answer.token is not None:
        body["token"] = answer.token
    return Request(
        method="PATCH",
        path=LINKS,
        body=dump_json(body),
        repeat=Repeat.TOKEN,
        link_id=challenge.link_id,
        institution=institution,
        deadline=answer.deadline,
        secrets=_find_secrets(body),
    )


def build_registration(registration: LinkRegistration) -> Request:
    """Build the POST of a new link."""
    body = _collect(registration, _REGISTRATION_FIELDS)
    return Request(
        method="POST",
        path=LINKS,
        body=dump_json(body),
        repeat=Repeat.LOGIN,
        institution=registration.institution,
        secrets=_find_secrets(body),
    )


def build_changes(link_id: str, changes: LinkChanges) -> Request:
    """Build the PATCH that changes a link's data retrieval."""
    body = dump_json(_collect(changes, _CHANGE_FIELDS))
    return Request(
        method="PATCH", path=f"{LINKS}{link_id}/", body=body, repeat=Repeat.CHANGE, link_id=link_id
    )


def build_delete(link_id: str, *, in_background: bool) -> Request:
    """Build the DELETE of a link."""
    headers = _ASYNC_MODE if in_background else ()
    path = f"{LINKS}{link_id}/"
    return Request(method="DELETE", path=path, headers=headers, repeat=Repeat.CHANGE, link_id=link_id)


def build_refresh(link_id: str, resources: tuple[str, ...] | None) -> Request:
    """Build the POST that loads a link's history again."""
    body = dump_json({} if resources is None else {"fetch_resources": resources})
    path = f"{LINKS}{link_id}/refresh/"
    return Request(method="POST", path=path, body=body, repeat=Repeat.LOGIN, link_id=link_id)


def build_link_read(link_id: str) -> Request:
    """Build the GET of one link."""
    return Request(method="GET", path=f"{LINKS}{link_id}/", link_id=link_id)


def build_page_read(path: str, query: tuple[tuple[str, str], ...]) -> Request:
    """Build the GET of one page."""
    return Request(method="GET", path=path, query=query)


def build_next_read(request: Request, page: Page[T]) -> Request | None:
    """Build the GET of the page after *page*, or None after the last.

    Only the query of `next` is used, so no answer can send the keys to another host.

    Raises:
        UnreadableAnswerError: `next` leads to another resource, or back to the same page.
    """
    if page.next is None:
        return None
    try:
        parts = urlsplit(page.next)
        query = tuple(parse_qsl(parts.query, keep_blank_values=True))
    except ValueError:
        query, path = (), ""
    else:
        path = parts.path
    if not path.endswith(request.path) or set(query) == set(request.query):
        raise UnreadableAnswerError(
            "The page's `next` does not lead to another page of this list.",
            remedy="Read single pages with .page(number).",
        )
    return build_page_read(request.path, query)


def read_answer(response: Response, request: Request, at: Instant) -> Event:
    """Classify the answer to a login as one event of the machine."""
    if response.is_success:
        try:
            return Accepted(read_body(response, request, Link))
        except UnreadableAnswerError as error:
            return Rejected(error)
    return read_refusal(response, request, at)


def read_refusal(response: Response, request: Request, at: Instant) -> Challenged | Rejected:
    """Classify an answer that is no success: a challenge, or an error."""
    if response.status == 428:
        challenge = _find_challenge(response, request, at)
        if challenge is not None:
            return Challenged(challenge, at.monotonic)
    return Rejected(read_error(response, request, at.wall))


def _find_challenge(response: Response, request: Request, at: Instant) -> Challenge | None:
    try:
        body = parse_json(response.body)
        items = body if isinstance(body, list) else [body]
        # activation_required is a 428 too, but has no session.
        item = next((item for item in items if isinstance(item, dict) and item.get("session")), None)
        if item is not None:
            return read_challenge(item, link_id=request.link_id, received_at=at.wall)
    except MalformedError:
        pass
    return None


def read_body(response: Response, request: Request, model: type[T]) -> T:
    """Read the model in a success.

    Raises:
        UnreadableAnswerError: The body is not the promised one.
    """
    try:
        return read_model(parse_json(response.body), model)
    except MalformedError as error:
        problem = str(error)
    raise _unreadable(problem, response, request)


def read_list(response: Response, request: Request, model: type[T]) -> Page[T]:
    """Read one page.

    Raises:
        UnreadableAnswerError: The body is no page.
    """
    try:
        return read_page(parse_json(response.body), model)
    except MalformedError as error:
        problem = str(error)
    raise _unreadable(problem, response, request)


def read_acceptance(response: Response, request: Request) -> AcceptedRequest | None:
    """Read a 202 with its request id; None for a 204.

    Raises:
        UnreadableAnswerError: A 202 without a request id.
    """
    if response.status == 204:
        return None
    try:
        body = parse_json(response.body)
    except MalformedError:
        body = None
    if isinstance(body, dict) and isinstance(request_id := body.get("request_id"), str):
        return AcceptedRequest(request_id=request_id)
    raise _unreadable("no request_id", response, request)


def _unreadable(problem: str, response: Response, request: Request) -> UnreadableAnswerError:
    return UnreadableAnswerError(
        f"The answer to {request.method} {request.path} cannot be read: {problem}.",
        remedy="Belvo did act on the request; look at the result before you repeat it."
        if request.is_login
        else "Try again later; if it lasts, a proxy on the way may change the answers.",
        status=response.status,
        link_id=request.link_id,
    )


def read_error(response: Response, request: Request, now: datetime) -> BelvoError:
    """Turn an answer that is no success into the error to raise."""
    details = _read_details(response, request)
    if 300 <= response.status < 400:
        return _unreadable("a redirect, which is never followed with your keys", response, request)
    retry_after = read_retry_after(response, now)
    if is_rate_refusal(response) and not details:
        kind, remedy = _EDGE_REFUSAL
    else:
        kind, remedy = find_meaning((details and details[0].code) or None, response.status)
    said = next((detail.message for detail in details if detail.message), "")
    reason = f": {said}" if said else f" with {_describe_body(response)}"
    return kind(
        f"Belvo answered {request.method} {request.path} with status {response.status}{reason}",
        remedy=remedy,
        status=response.status,
        details=details,
        link_id=request.link_id,
        retry_after=retry_after,
    )


_EDGE_REFUSAL: Final[tuple[type[ApiError], str]] = (
    RateLimitedError,
    "Send no more than 80 requests in 30 s from one IP address, or ask Belvo for more.",
)


def _read_details(response: Response, request: Request) -> tuple[ErrorDetail, ...]:
    try:
        body = parse_json(response.body)
    except MalformedError:
        return ()
    found = read_details(body)
    return tuple(_redact(detail, request.secrets) for detail in found if detail.code or detail.message)


def _redact(detail: ErrorDetail, secrets: tuple[str, ...]) -> ErrorDetail:
    message = detail.message
    for secret in secrets:
        message = message.replace(secret, _REDACTED)
    # Extra keys of a refused login may echo what was sent, so only the documented one is kept.
    extra = {key: value for key, value in detail.extra.items() if key == "institution_user_id" or not secrets}
    return ErrorDetail(
        code=detail.code,
        message=message[:_LONGEST_MESSAGE],
        request_id=detail.request_id,
        field=detail.field,
        extra=extra,
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
        return float(header)
    moment = read_http_date(header)
    return None if moment is None else max(0.0, (moment - now).total_seconds())


def read_http_date(header: str) -> datetime | None:
    """Return an aware datetime for an HTTP date, or None."""
    try:
        moment = parsedate_to_datetime(header)
    except (ValueError, TypeError, IndexError):
        return None
    return moment if moment.tzinfo is not None else None
