"""Links that are challenged, and people who answer."""

from collections.abc import Awaitable, Callable

from belvo_async import (
    Challenge,
)
from belvo_async.sandbox import Sandbox

PASSWORD = "correct horse battery staple"


def add_link(sandbox: Sandbox, username: str = "mfa_numeric") -> str:
    return sandbox.add_link(institution="heimdall_mx_retail", username=username, password="pass_valid")


def give(*tokens: str | None) -> Callable[[Challenge], Awaitable[str | None]]:
    """Build a provider that gives these tokens in turn."""
    left = list(tokens)

    async def provide_token(_: Challenge) -> str | None:
        return left.pop(0)

    return provide_token
