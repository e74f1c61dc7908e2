"""Webhook events, as values, and the list of what became of them."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from attrs import field, frozen

from belvo_async.sandbox._ids import IdSource
from belvo_async.sandbox._links import StoredLink

_DATA: Final[dict[str, dict[str, object]]] = {
    "invalid_credentials": {
        "error_code": "login_error",
        "error_message": "Invalid credentials provided to login to the institution",
        "status": 400,
    },
    # Belvo does not show the data of this one; we give it the same form.
    "token_required": {
        "error_code": "token_required",
        "error_message": "A MFA token is required by the institution to login",
        "status": 428,
    },
}


@frozen(kw_only=True)
class Event:
    """One thing that Belvo tells its client unasked."""

    webhook_id: str
    webhook_code: str
    link_id: str
    request_id: str
    external_id: str | None
    webhook_type: str = "LINK"
    process_type: str = "recurrent_update"
    data: Mapping[str, object] = field(factory=dict)

    def payload(self) -> dict[str, object]:
        """Return the JSON object that goes on the wire."""
        return {
            "webhook_id": self.webhook_id,
            "webhook_type": self.webhook_type,
            "process_type": self.process_type,
            "webhook_code": self.webhook_code,
            "link_id": self.link_id,
            "request_id": self.request_id,
            "external_id": self.external_id,
            "data": dict(self.data),
        }


@frozen(kw_only=True)
class Delivery:
    """An event whose delivery has ended, well or not."""

    event: Event
    statuses: tuple[int | None, ...]
    """The answer to each attempt; None where there was none."""

    @property
    def is_delivered(self) -> bool:
        """Whether the last attempt was answered with a 2xx."""
        last = self.statuses[-1]
        return last is not None and 200 <= last < 300


def credentials_event(link: StoredLink, code: str, ids: IdSource) -> Event:
    """Build an event about the state of a link."""
    return Event(
        webhook_id=ids.hex32(),
        webhook_code=code,
        link_id=link.id,
        request_id=ids.uuid(),
        external_id=link.external_id,
        data=_DATA[code],
    )


def deletion_event(link: StoredLink, request_id: str, ids: IdSource) -> Event:
    """Build the event that answers an asynchronous deletion."""
    return Event(
        webhook_id=ids.hex32(),
        webhook_code="link_deleted",
        link_id=link.id,
        request_id=request_id,
        external_id=link.external_id,
    )


def retrieval_event(
    link: StoredLink, resource: str, request_id: str, data: Mapping[str, object], ids: IdSource
) -> Event:
    """Build the event that ends an asynchronous retrieval; here its id is written with hyphens."""
    return Event(
        webhook_id=ids.hex32(),
        webhook_code="historical_update",
        link_id=link.id,
        request_id=str(UUID(request_id)),
        external_id=link.external_id,
        webhook_type=resource.upper(),
        process_type="async_post",
        data=data,
    )
