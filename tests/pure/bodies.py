"""Bodies and values that several tests of the pure layers share."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from belvo_async._clock import Instant
from belvo_async._http import Repeat, Request, Response
from belvo_async._wire.error_bodies import read_error
from belvo_async._wire.responses import read_link, read_response
from belvo_async.errors import BelvoError
from belvo_async.mfa import Challenged, Event, Rejected

LINK_ID: Final = "30cb4806-6e00-48a4-91c9-ca55968576c8"
OTHER_LINK_ID: Final = "82737f32-7730-4832-a985-dd86df70301c"
REQUEST_ID: Final = "bb10c4a7d1e94b6fa3dd3ad7ef7b5f0c"
SESSION: Final = "2675b703b9d4451f8d4861a3eee54449"
NOON: Final = datetime(2026, 1, 1, 12, tzinfo=UTC)
AT: Final = Instant(50.0, NOON)

# Any: a body is edited and indexed at will by the tests.
Body = dict[str, Any]

LINK: Final[Body] = {
    "id": LINK_ID,
    "institution": "planet_mx_employment",
    "access_mode": "single",
    "status": "valid",
    "refresh_rate": None,
    "created_by": "bcef7f35-67f2-4b19-b009-cb38795faf09",
    "last_accessed_at": "2024-06-26T16:25:54.344113Z",
    "external_id": "56ab5706-6e00-48a4-91c9-ca55968678d9",
    "created_at": "2024-06-26T16:25:40Z",
    "institution_user_id": "sooE7XJWEKypZJR603ecaWYk-8Ap0oD8Nr1pBQ4eG9c=",
    "credentials_storage": "365d",
    "stale_in": None,
    "fetch_resources": ["EMPLOYMENT_RECORDS", "OWNERS"],
}

INSTITUTION: Final[Body] = {
    "id": 1014,
    "name": "heimdall_mx_retail",
    "type": "bank",
    "website": "https://www.heimdall.com/",
    "display_name": "Heimdall Mexico MFA testing",
    "country_codes": ["MX"],
    "primary_color": "#056dae",
    "logo": "https://cdn.example/logo.png",
    "icon_logo": None,
    "text_logo": None,
    "form_fields": [
        {"name": "username", "type": "text", "label": "Username"},
        {"name": "token", "type": "number", "length": "6", "optional": True, "validation": "^\\d{6}$"},
    ],
    "features": [{"name": "token_required", "description": "May need a token during login"}],
    "resources": ["ACCOUNTS", "OWNERS"],
    "integration_type": "credentials",
    "status": "healthy",
}

TOKEN_DATA: Final[Body] = {
    "instructions": "Use this code to generate the token",
    "type": "numeric",
    "value": "12345",
    "expects_user_input": True,
}

CHALLENGE: Final[Body] = {
    "code": "token_required",
    "message": "A MFA token is required by the institution to login",
    "request_id": REQUEST_ID,
    "session": SESSION,
    "expiry": 9600,
    "link": LINK_ID,
    "token_generation_data": TOKEN_DATA,
}

LEGACY_CHALLENGE: Final[Body] = {
    "detail": "Token Required",
    "session": SESSION,
    "expiry": 9600,
    "link": LINK_ID,
}

UPDATE_REQUEST: Final = Request(
    method="PUT",
    path=f"/api/links/{LINK_ID}/",
    body=b"{}",
    repeat=Repeat.LOGIN,
    link_id=LINK_ID,
)
READ_REQUEST: Final = Request(method="GET", path="/api/links/")

JSON_TYPE: Final = {"content-type": "application/json"}
HTML_TYPE: Final = {"content-type": "text/html"}
EDGE_PAGE: Final = (
    b"<html>\r\n<head><title>403 Forbidden</title></head>\r\n<body>\r\n"
    b"<center><h1>403 Forbidden</h1></center>\r\n<hr><center>openresty/1.15.8.2</center>\r\n</body>\r\n"
    b"</html>"
)


def answer(status: int, body: object, headers: Mapping[str, str] | None = None) -> Response:
    return Response(status=status, headers={**JSON_TYPE, **(headers or {})}, body=json.dumps(body).encode())


def refusal(code: str, **more: object) -> list[Body]:
    return [{"code": code, "message": "It went wrong", "request_id": REQUEST_ID, **more}]


def read_event(status: int, body: object, request: Request = UPDATE_REQUEST) -> Event:
    return read_response(answer(status, body), request, AT, read_link)


def challenged(body: object, request: Request = UPDATE_REQUEST) -> Challenged:
    event = read_event(428, body, request)
    assert isinstance(event, Challenged), event
    return event


def rejected(status: int, body: object, request: Request = UPDATE_REQUEST) -> BelvoError:
    event = read_event(status, body, request)
    assert isinstance(event, Rejected), event
    return event.error


def error_of(response: Response, request: Request = UPDATE_REQUEST) -> BelvoError:
    return read_error(response, request, NOON)
