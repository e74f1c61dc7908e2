"""Pages for the person who has the token, and for those who watch: they need the extra `web`.

`ChallengePage` is what a person sees under a ticket. `OperatorPage` lists what is open. Both are mounted in
an application of aiohttp, or by their ASGI form in FastAPI, Starlette, Litestar and others. `TicketFilter`
keeps tickets out of a server's access log. `draw_picture` draws QR codes for bots and pages of your own.
`WebhookReceiver` takes what Belvo sends, mounted in the same way.
"""

try:
    import jinja2 as _jinja2
    import segno as _segno
except ImportError as error:
    raise ImportError('belvo_async.web needs jinja2 and segno: pip install "belvo-async[web]"') from error

from belvo_async._version import publish as _publish
from belvo_async.web._access_log import TicketFilter
from belvo_async.web._drawing import draw_picture
from belvo_async.web._operator import OperatorPage
from belvo_async.web._page import ChallengePage
from belvo_async.web._webhooks import WebhookReceiver

__all__ = ["ChallengePage", "OperatorPage", "TicketFilter", "WebhookReceiver", "draw_picture"]

del _jinja2, _segno

_publish(globals())
