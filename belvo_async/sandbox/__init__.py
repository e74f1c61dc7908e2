"""A Belvo look-alike HTTP server for tests and demonstrations.

It takes Belvo's own test users. Users whose name begins with `x_` are inventions of this package, for what
Belvo's sandbox cannot do: an expired session, a challenge in two steps, a lost reply, a slow login, and more.
"""

from belvo_async._version import publish as _publish
from belvo_async.sandbox._faults import Fault, FaultKind
from belvo_async.sandbox._links import StoredLink
from belvo_async.sandbox._options import SandboxOptions
from belvo_async.sandbox._request_log import Received
from belvo_async.sandbox._sandbox import Sandbox
from belvo_async.sandbox._webhooks import Delivery, Event

__all__ = [
    "Delivery",
    "Event",
    "Fault",
    "FaultKind",
    "Received",
    "Sandbox",
    "SandboxOptions",
    "StoredLink",
]

_publish(globals())
