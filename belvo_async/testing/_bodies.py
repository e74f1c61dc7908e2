"""What Belvo's answers hold, for mocks that need them whole."""

from datetime import UTC, datetime
from typing import Final, TypedDict, Unpack
from uuid import UUID

REQUEST_ID: Final = "0c8e5b6f4a1d4c1f9a7b3d2e1f005566"
"""The id of every made-up request."""
_VALUES: Final[dict[str, str]] = {
    "numeric": "12345",
    "qr": "belvo-mock:qr:12345",
    "text": "What is the name of your first dog?",
}


class LinkFields(TypedDict, total=False):
    """The fields of a link that a test may set."""

    institution: str
    access_mode: str
    status: str
    refresh_rate: str | None
    created_by: str | None
    last_accessed_at: datetime | str | None
    external_id: str | None
    created_at: datetime | str | None
    institution_user_id: str | None
    credentials_storage: str | None
    stale_in: str | None
    fetch_resources: list[str]


class ChallengeFields(TypedDict, total=False):
    """The arguments of `challenge_body` by keyword."""

    session: str
    expiry: int
    value: str | None
    instructions: str
    expects_user_input: bool | None


def link_body(link_id: str | UUID, **fields: Unpack[LinkFields]) -> dict[str, object]:
    """Build a valid link as Belvo prints it, with *fields* in place of the usual values.

    Raises:
        ValueError: *link_id* is no UUID.
        TypeError: A link has no such field.
    """
    body: dict[str, object] = {
        "id": read_id(link_id),
        "institution": "erebor_mx_retail",
        "access_mode": "recurrent",
        "status": "valid",
        "refresh_rate": "7d",
        "created_by": "8e6a4c1e-0d4b-4a9e-9a55-2f6f3f3f0b11",
        "last_accessed_at": "2025-12-01T12:00:00.000000Z",
        "external_id": None,
        "created_at": "2025-11-01T12:00:00.000000Z",
        "institution_user_id": "sooE7XJWEKypZJR603ecaWYk-8Ap0oD3Nr1pYQ8EXAM=",
        "credentials_storage": "store",
        "stale_in": None,
        "fetch_resources": ["ACCOUNTS", "OWNERS", "TRANSACTIONS"],
    }
    unknown = sorted(fields.keys() - body.keys())
    if unknown:
        raise TypeError(f"a link has no field {', '.join(unknown)}; it has {', '.join(sorted(body))}")
    return body | {name: _print(value) for name, value in fields.items()}


def challenge_body(
    link_id: str | UUID,
    kind: str = "numeric",
    *,
    session: str = "8c7b4d1e2f3a4b5c6d7e8f9012345678",
    expiry: int = 9600,
    value: str | None = None,
    instructions: str = "Use this code to generate the token",
    expects_user_input: bool | None = None,
) -> list[dict[str, object]]:
    """Build the body of a 428: the institution wants a token.

    Args:
        link_id: The link that is logged in.
        kind: `inputless`, `numeric`, `qr`, `text`, or one that nobody has heard of.
        session: Belvo's id of the waiting login.
        expiry: Seconds that it waits.
        value: The challenge number, QR content or question; by default one that fits the kind.
        instructions: What the person reads.
        expects_user_input: Whether a token is to be sent; by default for all kinds but `inputless`.

    Raises:
        ValueError: *link_id* is no UUID.
    """
    data: dict[str, object] = {
        "instructions": instructions,
        "type": kind,
        "value": _VALUES.get(kind) if value is None else value,
        "expects_user_input": kind != "inputless" if expects_user_input is None else expects_user_input,
    }
    item: dict[str, object] = {
        "code": "token_required",
        "message": "A MFA token is required by the institution to login",
        "request_id": REQUEST_ID,
        "session": session,
        "expiry": expiry,
        "link": read_id(link_id),
        "token_generation_data": data,
    }
    return [item]


def error_body(code: str, message: str | None = None, **extra: object) -> list[dict[str, object]]:
    """Build the body of an error, such as `login_error`; *extra* adds keys, such as `field`."""
    item: dict[str, object] = {
        "code": code,
        "message": f"Mocked {code}" if message is None else message,
        "request_id": REQUEST_ID,
    }
    return [item | extra]


def read_id(link_id: str | UUID) -> str:
    """Return a link id as it stands in a path.

    Raises:
        ValueError: It is no UUID, so no pool would send it.
    """
    return str(UUID(str(link_id)))


def _print(value: object) -> object:
    if not isinstance(value, datetime):
        return value
    if value.tzinfo is None:
        raise ValueError(f"{value!r} has no time zone; pass datetime(…, tzinfo=UTC)")
    return f"{value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"
