"""Builds the answers: JSON, error arrays, challenges, pages written by an edge."""

import json
from collections.abc import Iterable
from typing import Final

from belvo_async._http import Response
from belvo_async.sandbox._options import SandboxOptions
from belvo_async.sandbox._problems import Problem
from belvo_async.sandbox._sessions import Session
from belvo_async.sandbox._test_users import Prompt

JSON_HEADERS: Final = {"content-type": "application/json"}
HTML_HEADERS: Final = {"content-type": "text/html", "server": "openresty/1.15.8.2"}
REASONS: Final = {403: "Forbidden", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Time-out"}

TINY_PNG: Final = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAA"
    "AABJRU5ErkJggg=="
)
"""One pixel: an image that any reader can open."""


def answer_json(status: int, payload: object) -> Response:
    """Answer *payload* as JSON. A decimal becomes the number of the same digits: it has 15 at most."""
    return Response(status=status, headers=JSON_HEADERS, body=json.dumps(payload, default=float).encode())


def answer_problems(status: int, request_id: str, problems: Iterable[Problem]) -> Response:
    """Answer an array of errors."""
    return answer_json(status, [_describe(problem, request_id) for problem in problems])


def _describe(problem: Problem, request_id: str) -> dict[str, object]:
    item: dict[str, object] = {"code": problem.code, "message": problem.message, "request_id": request_id}
    if problem.field is not None:
        item["field"] = problem.field
    return item | dict(problem.extra)


def answer_page(status: int) -> Response:
    """Answer an HTML page, as an edge or a gateway does."""
    title = f"{status} {REASONS.get(status, 'Error')}"
    page = (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n"
        "<hr><center>openresty/1.15.8.2</center>\r\n</body>\r\n</html>\r\n"
    )
    return Response(status=status, headers=HTML_HEADERS, body=page.encode())


def answer_challenge(session: Session, prompt: Prompt, request_id: str, options: SandboxOptions) -> Response:
    """Answer a 428 in the shape that the options ask for."""
    expiry = str(session.expiry) if options.expiry_as_text else session.expiry
    handle: dict[str, object] = {"session": session.id, "expiry": expiry, "link": session.link_id}
    if options.challenge_shape == "legacy":
        return answer_json(428, {"detail": "Token Required", **handle})
    item: dict[str, object] = {
        "code": "token_required",
        "message": "A MFA token is required by the institution to login",
        "request_id": request_id,
        **handle,
    }
    if not options.without_generation_data:
        item["token_generation_data"] = _describe_prompt(prompt, options)
    return answer_json(428, item if options.challenge_shape == "object" else [item])


def _describe_prompt(prompt: Prompt, options: SandboxOptions) -> dict[str, object]:
    drawn = prompt.kind == "qr" and options.qr_as_data_uri
    data: dict[str, object] = {
        "instructions": prompt.instructions,
        "type": prompt.kind,
        "value": TINY_PNG if drawn else prompt.value,
    }
    if options.input_flag != "missing":
        data[options.input_flag] = prompt.expects_input
    return data
