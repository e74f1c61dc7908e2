from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from belvo_async.sandbox import Sandbox, SandboxOptions

from .clients import Client
from .clocks import ManualClock, eventually


class Receiver:
    """A client's webhook endpoint; it answers the given statuses, the last one for ever."""

    def __init__(self, *statuses: int) -> None:
        self.got: list[tuple[str | None, Any]] = []
        self._statuses = list(statuses)

    async def handle(self, request: web.BaseRequest) -> web.Response:
        self.got.append((request.headers.get("Authorization"), await request.json()))
        return web.Response(status=self._statuses[0] if len(self._statuses) == 1 else self._statuses.pop(0))

    @asynccontextmanager
    async def listen(self) -> AsyncIterator[str]:
        runner = web.ServerRunner(web.Server(self.handle, access_log=None), shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            yield f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
        finally:
            await runner.cleanup()


async def test_a_needed_token_is_announced() -> None:
    receiver = Receiver(200)
    async with receiver.listen() as url:
        options = SandboxOptions(webhook_url=url, webhook_authorization="Bearer abc")
        async with Sandbox(options=options) as sandbox:
            link_id = sandbox.add_link(external_id="user-1")
            sandbox.require_token(link_id)
            await sandbox.webhooks.drained()
            assert sandbox.links[link_id].status == "token_required"
            (delivery,) = sandbox.webhooks.sent
    assert delivery.is_delivered
    ((authorization, payload),) = receiver.got
    assert authorization == "Bearer abc"
    assert payload.pop("webhook_id") == delivery.event.webhook_id
    assert payload.pop("request_id").count("-") == 4
    assert payload.pop("data")["status"] == 428
    assert payload == {
        "webhook_type": "LINK",
        "process_type": "recurrent_update",
        "webhook_code": "token_required",
        "link_id": link_id,
        "external_id": "user-1",
    }


async def test_an_invalid_link_is_announced_once() -> None:
    receiver = Receiver(204)
    async with (
        receiver.listen() as url,
        Sandbox(options=SandboxOptions(webhook_url=url)) as sandbox,
        Client(sandbox) as client,
    ):
        link_id = sandbox.add_link()
        for _ in range(7):
            await client.update(link_id, password="pass_invalid")
        await sandbox.webhooks.drained()
    ((authorization, payload),) = receiver.got
    assert authorization is None
    assert payload["webhook_code"] == "invalid_credentials"
    assert (payload["data"]["error_code"], payload["data"]["status"]) == ("login_error", 400)


async def test_a_webhook_that_is_not_taken_is_repeated_five_times(clock: ManualClock) -> None:
    receiver = Receiver(500)
    async with receiver.listen() as url:
        options = SandboxOptions(webhook_url=url, webhook_backoff=10)
        async with Sandbox(options=options, clock=clock) as sandbox:
            sandbox.require_token(sandbox.add_link())
            for repetition in range(1, 6):
                await eventually(lambda: clock.sleepers == 1)
                assert len(receiver.got) == repetition
                clock.advance(10 * repetition)
            await sandbox.webhooks.drained()
            (delivery,) = sandbox.webhooks.sent
    assert clock.naps == [10, 20, 30, 40, 50]
    assert delivery.statuses == (500,) * 6
    assert not delivery.is_delivered


async def test_a_repetition_that_is_taken_is_the_last(clock: ManualClock) -> None:
    receiver = Receiver(500, 200)
    async with (
        receiver.listen() as url,
        Sandbox(options=SandboxOptions(webhook_url=url), clock=clock) as sandbox,
    ):
        sandbox.require_token(sandbox.add_link())
        await eventually(lambda: clock.sleepers == 1)
        clock.advance(1)
        await sandbox.webhooks.drained()
        assert [delivery.statuses for delivery in sandbox.webhooks.sent] == [(500, 200)]


async def test_a_receiver_that_is_not_there_is_no_status(clock: ManualClock) -> None:
    async with Receiver(200).listen() as url:
        pass
    async with Sandbox(options=SandboxOptions(webhook_url=url), clock=clock) as sandbox:
        sandbox.require_token(sandbox.add_link())
        await eventually(lambda: clock.sleepers == 1)
    assert sandbox.webhooks.sent == []


async def test_without_an_address_events_are_only_noted(sandbox: Sandbox) -> None:
    sandbox.require_token(sandbox.add_link())
    await sandbox.webhooks.drained()
    assert [event.webhook_code for event in sandbox.webhooks.events] == ["token_required"]
    assert sandbox.webhooks.sent == []
