"""Belvo's webhooks: is one from Belvo, and what does it say? Pure, for any framework."""

from belvo_async._version import publish as _publish
from belvo_async.webhooks._authorization import is_from_belvo
from belvo_async.webhooks._events import (
    ConsentNotice,
    LinkNotice,
    ResourceNotice,
    Webhook,
    WebhookCode,
    WebhookProcess,
    WebhookType,
)
from belvo_async.webhooks._reading import read_webhook

__all__ = [
    "ConsentNotice",
    "LinkNotice",
    "ResourceNotice",
    "Webhook",
    "WebhookCode",
    "WebhookProcess",
    "WebhookType",
    "is_from_belvo",
    "read_webhook",
]

_publish(globals())
