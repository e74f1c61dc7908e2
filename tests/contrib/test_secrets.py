"""No byte that leaves for a collector, and no log record, holds a secret."""

import asyncio
import base64
import logging
from collections.abc import Awaitable, Callable

import pytest

from belvo_async import Challenge, LinkRegistration, LinkUpdate, SessionPool, TokenRequiredError
from belvo_async.contrib.opentelemetry import OpenTelemetryObserver
from belvo_async.errors import BelvoError
from belvo_async.sandbox import Sandbox
from belvo_async.testing import ManualClock
from tests.contrib.collector import collect
from tests.engine.conftest import open_pool
from tests.engine.dialogues import PASSWORD, add_link

TICKET = "this-is-a-ticket-nobody-may-see"


async def do_everything(
    pool: SessionPool, sandbox: Sandbox, ask: Callable[[Challenge], Awaitable[str]]
) -> None:
    await pool.links.update(LinkUpdate(add_link(sandbox), password=PASSWORD), provide_token=ask)
    registration = LinkRegistration(
        institution="heimdall_mx_retail",
        username="x_mfa_qr",
        password="pass_valid",
        username2="second-username",
        password2="second-password",
    )
    await pool.links.register(registration, provide_token=ask)
    for username in ("bad_credentials", "mfa_default"):
        with pytest.raises(BelvoError):
            await pool.links.update(
                LinkUpdate(add_link(sandbox, username), password="pass_invalid", password2="second-password")
            )
    with pytest.raises(TokenRequiredError) as caught:
        await pool.links.update(LinkUpdate(add_link(sandbox), password=PASSWORD))
    ticket = await pool.challenges.park(caught.value.state, ticket=TICKET, reference="a-private-note")
    with pytest.raises(TokenRequiredError):
        await pool.challenges.resume(ticket, "999999")
    await pool.challenges.resume(ticket, "111111")


async def test_no_exported_byte_holds_a_secret(
    sandbox: Sandbox, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    asked: list[Challenge] = []

    async def ask(challenge: Challenge) -> str:
        asked.append(challenge)
        await clock.sleep(5.0)
        return "111111"

    caplog.set_level(logging.DEBUG, "belvo_async")
    with collect() as collector:
        tracing, metering = collector.open_tracing(), collector.open_metering()
        observe = OpenTelemetryObserver(tracer_provider=tracing, meter_provider=metering)
        async with open_pool(sandbox, observer=observe) as pool:
            await do_everything(pool, sandbox, ask)
        for provider in (tracing, metering):
            await asyncio.to_thread(provider.shutdown)
    logged = "".join(f"{record.getMessage()} {vars(record)}" for record in caplog.records).encode()
    exported = {**collector.received, "log": logged}
    for sign, path in (
        ("belvo update", "/v1/traces"),
        ("belvo.limit.wait", "/v1/metrics"),
        ("asks for", "log"),
    ):
        assert sign.encode() in exported[path]
    keys = base64.b64encode(f"{sandbox.secret_id}:{sandbox.secret_password}".encode())
    secrets = {
        *(PASSWORD, "pass_valid", "pass_invalid", "second-username", "second-password"),
        *("x_mfa_qr", "bad_credentials", "111111", "999999"),
        *(TICKET, "a-private-note", sandbox.secret_id, sandbox.secret_password, keys.decode()),
        *(challenge.session for challenge in asked),
    }
    everything = b"".join(exported.values())
    assert [secret for secret in secrets if secret.encode() in everything] == []
    instructions = [challenge.instructions for challenge in asked if challenge.instructions]
    assert instructions
    assert not [text for text in instructions if text.encode() in everything]
