"""What you hand in: settings of a pool, new credentials of a link, filters of a list. Checked where made."""

from belvo_async._version import publish as _publish
from belvo_async.params._api_keys import Credentials
from belvo_async.params._environment import Environment
from belvo_async.params._filters import InstitutionFilters, LinkFilters
from belvo_async.params._identity import ClientIdentity
from belvo_async.params._network import Network
from belvo_async.params._settings import Concurrency, RateLimit, Timeouts
from belvo_async.params._transport import HttpRequest, HttpResponse, HttpTransport, SendPermit
from belvo_async.params._updates import LinkChanges, LinkRegistration, LinkUpdate

__all__ = [
    "ClientIdentity",
    "Concurrency",
    "Credentials",
    "Environment",
    "HttpRequest",
    "HttpResponse",
    "HttpTransport",
    "InstitutionFilters",
    "LinkChanges",
    "LinkFilters",
    "LinkRegistration",
    "LinkUpdate",
    "Network",
    "RateLimit",
    "SendPermit",
    "Timeouts",
]

_publish(globals())
