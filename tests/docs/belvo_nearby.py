"""A sandbox beside the examples: in a thread of its own, as Belvo would be in a process of its own."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import TypeVar

from belvo_async.sandbox import Sandbox

T = TypeVar("T")

LINKS = (
    ("erebor_mx_retail", "user_valid"),
    ("heimdall_mx_retail", "mfa_default"),
    ("heimdall_mx_retail", "mfa_numeric"),
    ("heimdall_mx_retail", "mfa_qr"),
)
"""The first links of `belvo-async sandbox`, in its order, so that they have the same ids as there."""


@contextmanager
def serve_belvo() -> Iterator[dict[str, str]]:
    """Run a sandbox with a few links; yield the environment variables that lead to it.

    `LINK_ID` is the link of somebody at a bank that asks for a token; the token 111111 is right.
    """
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, name="sandbox")
    thread.start()

    def call(work: Coroutine[object, object, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, loop).result()

    sandbox, variables = call(_start())
    try:
        yield variables
    finally:
        call(sandbox.stop())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _start() -> tuple[Sandbox, dict[str, str]]:
    sandbox = Sandbox()
    ids = {user: sandbox.add_link(institution=bank, username=user) for bank, user in LINKS}
    await sandbox.start()
    return sandbox, {
        "BELVO_SECRET_ID": sandbox.secret_id,
        "BELVO_SECRET_PASSWORD": sandbox.secret_password,
        "BELVO_ENVIRONMENT": sandbox.url,
        "LINK_ID": ids["mfa_numeric"],
    }
