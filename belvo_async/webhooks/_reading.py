"""From a body to a webhook: what is odd, missing or new is kept, and hides nothing beside it."""

from collections.abc import Mapping
from datetime import date
from hashlib import sha256
from json import dumps
from typing import Final

from belvo_async._wire.json import MalformedError, find_link_id, parse_json
from belvo_async.errors import InvalidValueError, UnreadableWebhookError
from belvo_async.webhooks._events import (
    ConsentNotice,
    Details,
    LinkNotice,
    ResourceNotice,
    Webhook,
    WebhookCode,
    WebhookProcess,
    WebhookType,
)

LARGEST_WEBHOOK: Final = 256 * 1024
"""Bytes. Those of Belvo have a few hundred."""
_REMEDY: Final = "Answer it with status 400, and look at who sends to this address."


def read_webhook(body: bytes | str | Mapping[str, object]) -> Webhook:
    """Read the body of a webhook, or the JSON object that your framework has made of it.

    Check `is_from_belvo` first.

    Raises:
        UnreadableWebhookError: It is larger than 256 KiB, no JSON, no object, or has no type or code.
        InvalidValueError: *body* is neither bytes, text nor a mapping.

    Example:
        >>> from belvo_async.webhooks import read_webhook
        >>> read_webhook(b'{"webhook_type": "LINK", "webhook_code": "token_required"}').code
        <WebhookCode.TOKEN_REQUIRED: 'token_required'>
    """
    raw = _write(body)
    if len(raw) > LARGEST_WEBHOOK:
        raise _refuse(f"is larger than {LARGEST_WEBHOOK} bytes")
    try:
        wire = parse_json(raw)
    except MalformedError as error:
        problem = f"is {error}"
    else:
        if isinstance(wire, dict):
            return _read(wire, _digest(wire))
        problem = "is no JSON object"
    raise _refuse(problem)  # outside the except block: the cause would hold the body


def _write(body: object) -> bytes:
    if isinstance(body, bytes):
        return body
    if isinstance(body, str):
        return body.encode("utf-8", "surrogatepass")
    if not isinstance(body, Mapping):
        remedy = "Pass the request's body as bytes or text, or the object that its JSON has."
        raise InvalidValueError.of("body", "must be bytes, text or a mapping", remedy=remedy)
    try:
        return dumps(dict(body)).encode("ascii")
    except (TypeError, ValueError, RecursionError):
        pass
    raise _refuse("has values that JSON cannot have")


def _refuse(problem: str) -> UnreadableWebhookError:
    return UnreadableWebhookError(f"The webhook {problem}.", remedy=_REMEDY)


def _digest(wire: dict[str, object]) -> str:
    try:
        return sha256(dumps(wire, sort_keys=True).encode("ascii")).hexdigest()
    except RecursionError:  # some versions of Python read deeper than they write
        pass
    raise _refuse("is nested too deeply")


def _read(wire: dict[str, object], key: str) -> Webhook:
    rest = dict(wire)

    def take(key: str) -> str | None:
        value = rest.get(key)
        if value is None or isinstance(value, str):
            rest.pop(key, None)
            return value
        return None

    kind, code, process, link_id = map(take, ("webhook_type", "webhook_code", "process_type", "link_id"))
    if not kind or not code:
        raise _refuse("has no webhook_type" if not kind else "has no webhook_code")
    data = rest.get("data")
    if data is None or isinstance(data, dict):
        rest.pop("data", None)
    known = data if isinstance(data, dict) else {}
    webhook_type = WebhookType(kind)
    return Webhook(
        type=webhook_type,
        code=WebhookCode(code),
        process=None if process is None else WebhookProcess(process),
        link_id=None if link_id is None else find_link_id(link_id) or link_id,
        request_id=take("request_id"),
        external_id=take("external_id"),
        webhook_id=take("webhook_id"),
        details=_read_details(webhook_type, known),
        data=known,
        extra=rest,
        key=key,
    )


def _read_details(kind: WebhookType, data: Mapping[str, object]) -> Details | None:
    if not kind.is_known:
        return None
    if kind is WebhookType.LINK:
        status = data.get("status")
        return LinkNotice(
            error_code=_read_text(data.get("error_code")),
            error_message=_read_text(data.get("error_message")),
            status=status if type(status) is int else None,
        )
    if kind is WebhookType.CONSENT:
        return ConsentNotice(
            consent_id=_read_text(data.get("consent_id")), due_date=_read_date(data.get("consent_due_date"))
        )
    return ResourceNotice(
        counts={key: value for key, value in data.items() if type(value) is int},
        employment_changes=_read_texts(data.get("employment_changes")),
        first_transaction_date=_read_date(data.get("first_transaction_date")),
        last_transaction_date=_read_date(data.get("last_transaction_date")),
    )


def _read_text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _read_texts(value: object) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _read_date(value: object) -> date | None:
    """Return the date that a text begins with: some are of a time."""
    try:
        return date.fromisoformat(value[:10]) if isinstance(value, str) else None
    except ValueError:
        return None
