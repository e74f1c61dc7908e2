"""The answers of the API, as models or as events of the machine."""

from collections.abc import Callable
from typing import TypeVar

from belvo_async._codec import MalformedError, parse_json, read_challenge, read_model, read_page
from belvo_async._http import Request, Response
from belvo_async._instant import Instant
from belvo_async._models import AcceptedRequest, Challenge, Link, Page
from belvo_async._refusals import read_error, unreadable
from belvo_async.errors import UnreadableAnswerError
from belvo_async.mfa import Accepted, Challenged, Event, Rejected

T = TypeVar("T")


def read_answer(response: Response, request: Request, at: Instant) -> Event:
    """Classify the answer to a login as one event of the machine."""
    if response.is_success:
        try:
            link = read_body(response, request, Link)
        except UnreadableAnswerError as error:
            return Rejected(error)
        if request.link_id not in (None, link.id):
            return Rejected(unreadable("it is about another link", response, request))
        return Accepted(link)
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
    return _read(response, request, lambda value: read_model(value, model))


def read_list(response: Response, request: Request, model: type[T]) -> Page[T]:
    """Read one page.

    Raises:
        UnreadableAnswerError: The body is no page.
    """
    return _read(response, request, lambda value: read_page(value, model))


def _read(response: Response, request: Request, read: Callable[[object], T]) -> T:
    try:
        return read(parse_json(response.body))
    except MalformedError as error:
        problem = str(error)
    raise unreadable(problem, response, request)


def read_acceptance(response: Response, request: Request) -> AcceptedRequest | None:
    """Read a 202 with its request id; None for another success, which has none.

    Raises:
        UnreadableAnswerError: A 202 without a request id.
    """
    if response.status != 202:
        return None
    try:
        body = parse_json(response.body)
    except MalformedError:
        body = None
    if isinstance(body, dict) and isinstance(request_id := body.get("request_id"), str):
        return AcceptedRequest(request_id=request_id)
    raise unreadable("no request_id", response, request)
