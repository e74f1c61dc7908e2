"""The address that Belvo sends its webhooks to."""

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable, Collection
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from belvo_async._event_loop import LoopBinding, end_all
from belvo_async.errors import ConfigurationError, UnreadableWebhookError
from belvo_async.web._http import PageRequest, PageResponse
from belvo_async.web._render import refuse_method
from belvo_async.webhooks import Webhook, is_from_belvo, read_webhook

if TYPE_CHECKING:
    from aiohttp import web

    from belvo_async.web._asgi import AsgiApp

_LOG: Final = logging.getLogger("belvo_async.web")
_LARGEST: Final = 256 * 1024


class WebhookReceiver:
    """Checks and reads Belvo's webhooks, answers at once, and calls you in the background.

    The address is where it is mounted, with a slash at its end. It answers 200 to a webhook that it has
    taken, 401 to a wrong or missing authorization, 413 to more than 256 KiB, 400 to what is no webhook, and
    503 while `max_pending` callbacks run or after its end: then Belvo sends it again. A callback that raises
    is logged by the kind and the place of its exception; its text may hold personal data, and stays out.

    It does not tell repetitions, as they may reach another process: store `Webhook.key` where all see it. An
    event whose process is killed is lost, so look at your links now and then too.

    Args:
        authorization: What you have set in Belvo's dashboard, such as `Bearer …`; several while you change
            it.
        on_webhook: Called with each event, in a task of its own.
        max_pending: How many callbacks may run at a time.
        close_grace: Seconds to wait at the end for callbacks; then they are cancelled.

    Raises:
        InvalidValueError: *authorization* is empty, or cannot be a header.
        ConfigurationError: Another argument makes no sense.
    """

    def __init__(
        self,
        authorization: str | Collection[str],
        on_webhook: Callable[[Webhook], Awaitable[None]],
        *,
        max_pending: int = 100,
        close_grace: float = 30.0,
    ) -> None:
        is_from_belvo(None, authorization)  # it says what is wrong, now and not at the first webhook
        if max_pending < 1 or not close_grace >= 0:
            raise ConfigurationError(
                "max_pending is less than 1, or close_grace is no number of seconds, 0 or more.",
                remedy="Correct the setting.",
            )
        self._expected: Final = authorization if isinstance(authorization, str) else tuple(authorization)
        self._on_webhook: Final = on_webhook
        self._max_pending: Final = max_pending
        self._close_grace: Final = close_grace
        self._tasks: Final[set[asyncio.Task[None]]] = set()
        self._is_closed = False
        self._binding: Final = LoopBinding("receiver", "with a pool of its own")

    async def __aenter__(self) -> Self:
        """Take webhooks."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take no more, and wait for the callbacks that run."""
        self._binding.check()
        self._is_closed = True
        try:
            if self._tasks:
                await asyncio.wait(self._tasks, timeout=self._close_grace)
        finally:
            if self._tasks:
                _LOG.warning("%d callbacks of webhooks were cancelled at the end", len(self._tasks))
            await end_all(list(self._tasks))

    def aiohttp_app(self) -> "web.Application":
        """Build an application of aiohttp, for `add_subapp("/webhooks", …)`."""
        from belvo_async.web._aiohttp import build_app  # noqa: PLC0415 - either form without the other

        return build_app(self.handle, _LARGEST)

    def asgi_app(self) -> "AsgiApp":
        """Build an ASGI application, for `mount("/webhooks", …)`."""
        from belvo_async.web._asgi import AsgiApp  # noqa: PLC0415 - either form without the other

        return AsgiApp(self.handle, _LARGEST)

    async def handle(self, request: PageRequest) -> PageResponse:
        """Answer one request, whichever server it came by."""
        self._binding.bind()
        if request.method != "POST":
            return refuse_method("POST")
        if not is_from_belvo(request.headers.get("authorization"), self._expected):
            return PageResponse(status=401)
        if request.body is None:
            return PageResponse(status=413)
        try:
            webhook = read_webhook(request.body)
        except UnreadableWebhookError:
            return PageResponse(status=400)
        if self._is_closed or len(self._tasks) >= self._max_pending:
            return PageResponse(status=503)
        task = asyncio.create_task(self._call(webhook))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return PageResponse()

    async def _call(self, webhook: Webhook) -> None:
        try:
            await self._on_webhook(webhook)
        except Exception as error:  # noqa: BLE001 - whatever it is, the next webhook is handled
            *_, (frame, line) = traceback.walk_tb(error.__traceback__)
            place = frame.f_code.co_filename
            _LOG.error("The callback of a webhook raised %s at %s:%d", type(error).__name__, place, line)
