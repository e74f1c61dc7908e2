"""The receiver of webhooks, on real sockets, with what Belvo sends and what it does not."""

import asyncio
import logging
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from aiohttp import ClientSession

from belvo_async.errors import ConfigurationError, InvalidValueError
from belvo_async.sandbox import Sandbox, SandboxOptions
from belvo_async.web import WebhookReceiver
from belvo_async.webhooks import Webhook, WebhookCode
from tests.web.conftest import SERVERS, add_link, serve_aiohttp

AUTHORIZATION: Final = "Bearer right"
EVENT: Final = {"webhook_type": "LINK", "webhook_code": "token_required"}


async def ignore(_: Webhook) -> None:
    """Do nothing."""


async def post(base: str, authorization: str | None = AUTHORIZATION, **settings: Any) -> int:
    headers = {} if authorization is None else {"Authorization": authorization}
    settings = settings or {"json": EVENT}
    async with ClientSession(headers=headers) as session, session.post(f"{base}/", **settings) as response:
        assert await response.read() == b""
        return response.status


@pytest.mark.parametrize("server", SERVERS)
async def test_what_belvo_sends_is_taken_the_first_time_and_told(server: str) -> None:
    told: asyncio.Queue[Webhook] = asyncio.Queue()
    async with WebhookReceiver(AUTHORIZATION, told.put) as receiver, SERVERS[server](receiver) as base:
        options = SandboxOptions(webhook_url=f"{base}/", webhook_authorization=AUTHORIZATION)
        async with Sandbox(options=options) as sandbox:
            link = add_link(sandbox)
            sandbox.require_token(link)
            await sandbox.webhooks.drained()
            assert [delivery.statuses for delivery in sandbox.webhooks.sent] == [(200,)]
        webhook = await told.get()
    assert (webhook.code, webhook.link_id) == (WebhookCode.TOKEN_REQUIRED, link)


@pytest.mark.parametrize("server", SERVERS)
async def test_what_is_not_belvos_is_refused_and_not_told(server: str) -> None:
    told: list[Webhook] = []

    async def tell(webhook: Webhook) -> None:
        told.append(webhook)

    async with WebhookReceiver(AUTHORIZATION, tell) as receiver, SERVERS[server](receiver) as base:
        for wrong in (None, "Bearer wrong", "right"):
            assert await post(base, wrong) == 401
            assert await post(base, wrong, data=b"nothing") == 401
        assert await post(base, data=b"nothing") == 400
        assert await post(base, data=b" " * 300_000) == 413
        async with ClientSession() as session, session.get(f"{base}/") as response:
            assert (response.status, response.headers["Allow"]) == (405, "POST")
    assert told == []


async def test_a_callback_that_raises_is_logged_without_its_text_and_costs_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    told: asyncio.Queue[Webhook] = asyncio.Queue()

    async def fail_once(webhook: Webhook) -> None:
        if webhook.external_id:
            raise ValueError(webhook.external_id)
        await told.put(webhook)

    async with WebhookReceiver(AUTHORIZATION, fail_once) as receiver, serve_aiohttp(receiver) as base:
        assert await post(base, json={**EVENT, "external_id": "QXZ"}) == 200
        assert await post(base) == 200
        await told.get()
    (record,) = (record for record in caplog.records if record.name == "belvo_async.web")
    assert "ValueError" in record.getMessage()
    assert __file__ in record.getMessage()
    assert "QXZ" not in caplog.text


async def test_it_answers_before_the_callback_ends_and_takes_no_more_than_it_may() -> None:
    may_end = asyncio.Event()
    ended: list[Webhook] = []

    async def wait(webhook: Webhook) -> None:
        await may_end.wait()
        ended.append(webhook)

    receiver = WebhookReceiver(AUTHORIZATION, wait, max_pending=2)
    async with serve_aiohttp(receiver) as base:
        async with receiver:
            assert [await post(base) for _ in range(3)] == [200, 200, 503]
            may_end.set()
        assert len(ended) == 2  # leaving waits for them
        assert await post(base) == 503


async def test_a_callback_that_does_not_end_is_cancelled_after_the_grace(
    caplog: pytest.LogCaptureFixture,
) -> None:
    cancelled = asyncio.Event()

    async def hang(_: Webhook) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    receiver = WebhookReceiver(AUTHORIZATION, hang, close_grace=0.01)
    async with serve_aiohttp(receiver) as base, receiver:
        assert await post(base) == 200
    assert cancelled.is_set()
    assert ("belvo_async.web", logging.WARNING) in [(one.name, one.levelno) for one in caplog.records]


@pytest.mark.parametrize("server", ["aiohttp", "starlette"])
async def test_a_client_that_sends_half_a_body_holds_nobody_up_and_is_not_told(server: str) -> None:
    told: asyncio.Queue[Webhook] = asyncio.Queue()
    async with WebhookReceiver(AUTHORIZATION, told.put) as receiver, SERVERS[server](receiver) as base:
        address = urlsplit(base)
        _, writer = await asyncio.open_connection(address.hostname, address.port)
        head = f"POST {address.path}/ HTTP/1.1\r\nHost: x\r\nAuthorization: {AUTHORIZATION}\r\n"
        writer.write(f'{head}Content-Length: 500\r\n\r\n{{"webhook_type"'.encode())
        await writer.drain()
        assert await post(base) == 200
        await told.get()
        writer.close()
        await writer.wait_closed()
        assert await post(base) == 200
        await told.get()
    assert told.empty()


@pytest.mark.parametrize("settings", [{"max_pending": 0}, {"close_grace": -1}, {"close_grace": float("nan")}])
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        WebhookReceiver(AUTHORIZATION, ignore, **settings)


@pytest.mark.parametrize("authorization", ["", [], None])
def test_an_authorization_that_would_refuse_everybody_is_refused_at_once(authorization: Any) -> None:
    with pytest.raises(InvalidValueError, match="expected"):
        WebhookReceiver(authorization, ignore)
