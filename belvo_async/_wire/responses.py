"""The responses of the API, as models or as events of the machine; each is about its request, or refused."""

from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from belvo_async._clock import Instant
from belvo_async._http import Request, Response
from belvo_async._wire.challenges import OversizedError, read_challenge, read_session, read_text
from belvo_async._wire.error_bodies import read_error, refuse_challenge, unreadable
from belvo_async._wire.error_codes import is_belvos_own
from belvo_async._wire.json import MalformedError, parse_json, read_model, read_page
from belvo_async._wire.redaction import REDACTED, read_contents
from belvo_async.errors import UnreadableResponseError
from belvo_async.mfa import Accepted, Challenged, Event, Rejected
from belvo_async.models import AcceptedRequest, Challenge, Institution, Link, Page, ResumeTarget, WidgetToken
from belvo_async.models._text_limits import LONGEST_NAME, cut_optional

T = TypeVar("T")

ANOTHER_LINK: Final = "it is about another link"
"""What is wrong with a success that names another link than its request."""
_MOST_WRAPPINGS: Final = 3
_LARGEST_CHALLENGE: Final = 2 * 1024 * 1024
"""Bytes of a 428: what is parked, in a store or in the journal of a job, is bounded by it."""


def read_response(
    response: Response, request: Request, at: Instant, read: Callable[[Response, Request], T]
) -> Event[T]:
    """Classify the answer to a login as one event of the machine; *read* reads a success."""
    if response.is_success:
        try:
            return Accepted(read(response, request))
        except UnreadableResponseError as error:
            return Rejected(error)
    return read_refusal(response, request, at)


def read_refusal(response: Response, request: Request, at: Instant) -> Challenged | Rejected:
    """Classify an answer that is no success: a challenge, or an error."""
    try:
        challenge = _find_challenge(response, request, at) if _can_be_challenged(response, request) else None
    except OversizedError as error:
        return Rejected(refuse_challenge(str(error), response, request))
    if challenge is None:
        return Rejected(read_error(response, request, at.wall))
    if request.link_id not in (None, challenge.link_id):
        return Rejected(unreadable(ANOTHER_LINK, response, request))
    return Challenged(challenge, at.monotonic)


def _can_be_challenged(response: Response, request: Request) -> bool:
    # Belvo names no way to resume what is neither a login nor about one link, such as a list.
    return response.status == 428 and (request.is_login or request.link_id is not None)


def _find_challenge(response: Response, request: Request, at: Instant) -> Challenge | None:
    if len(response.body) > _LARGEST_CHALLENGE:
        raise OversizedError("its challenge is longer than 2 MiB")
    try:
        item = _find_session(read_contents(response, request))
        if item is not None:
            target = ResumeTarget(
                collection=request.collection, query=request.query, save_data=request.save_data
            )
            return read_challenge(item, link_id=request.link_id, received_at=at.wall, target=target)
    except OversizedError:
        raise
    except MalformedError:
        pass
    return None


def _find_session(body: object, depth: int = 0) -> Mapping[str, object] | None:
    """Return the first object with a session: in an array, bare, or wrapped in an object."""
    if isinstance(body, dict) and _has_session(body):
        # activation_required is a 428 too, and has nothing to resume.
        return None if is_belvos_own(read_text(body.get("code"))) else body
    items = body.values() if isinstance(body, dict) else body if isinstance(body, list) else ()
    if depth == _MOST_WRAPPINGS:
        return None
    return next((found for item in items if (found := _find_session(item, depth + 1)) is not None), None)


def _has_session(body: Mapping[str, object]) -> bool:
    session = read_session(body)
    return session is not None and REDACTED not in session  # a secret is no session, and opens none


def read_link(response: Response, request: Request) -> Link:
    """Read the link in a success.

    Raises:
        UnreadableResponseError: The body is no link, or the request was about another one.
    """
    link = read_body(response, request, Link)
    if request.link_id not in (None, link.id):
        raise unreadable(ANOTHER_LINK, response, request)
    return link


def read_institution_body(response: Response, request: Request, institution_id: int) -> Institution:
    """Read the institution in a success.

    Raises:
        UnreadableResponseError: The body is no institution, or the request was about another one.
    """
    institution = read_body(response, request, Institution)
    if institution.id not in (None, institution_id):
        raise unreadable("it is about another institution", response, request)
    return institution


def read_body(response: Response, request: Request, model: type[T]) -> T:
    """Read the model in a success.

    Raises:
        UnreadableResponseError: The body is not the promised one.
    """
    return read_as(response, request, lambda value: read_model(value, model))


def read_list(response: Response, request: Request, model: type[T]) -> Page[T]:
    """Read one page.

    Raises:
        UnreadableResponseError: The body is no page.
    """
    return read_as(response, request, lambda value: read_page(value, model))


def read_as(
    response: Response,
    request: Request,
    read: Callable[[object], T],
    parse: Callable[[bytes], object] = parse_json,
) -> T:
    """Read a success by *read*, from what *parse* makes of its body.

    Raises:
        UnreadableResponseError: One of them says that it is malformed.
    """
    try:
        return read(read_contents(response, request, parse))
    except MalformedError as error:
        problem = str(error)
    raise unreadable(problem, response, request)


def read_widget_token(response: Response, request: Request) -> WidgetToken:
    """Read the two tokens in a success.

    Raises:
        UnreadableResponseError: One is not there.
    """
    return read_as(response, request, _build_widget_token)


def _build_widget_token(value: object) -> WidgetToken:
    found = value if isinstance(value, dict) else {}
    access, refresh = found.get("access"), found.get("refresh")
    if isinstance(access, str) and isinstance(refresh, str):
        return WidgetToken(access=access, refresh=refresh)
    raise MalformedError("no widget token: access or refresh is missing")


def read_acceptance(response: Response, request: Request) -> AcceptedRequest | None:
    """Read the request id of a success; None for one that has none, save a 202."""
    try:
        body = read_contents(response, request)
    except MalformedError:
        body = None
    request_id = read_text(body.get("request_id")) if isinstance(body, dict) else None
    if request_id is None and response.status != 202:
        return None
    return AcceptedRequest(request_id=cut_optional(request_id, LONGEST_NAME))
