"""The Discord bot: its forms and buttons, pressed by hand."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any, cast

import discord
import pytest

from belvo_async import Credentials, SessionPool
from belvo_async.sandbox import Sandbox
from examples.discord_bot import Form, Question, run_update

BANK = "heimdall_mx_retail"


class Screen:
    """An interaction, and what it has put on the person's screen: forms, messages, questions."""

    def __init__(self) -> None:
        self.shown: asyncio.Queue[Any] = asyncio.Queue()
        self.files: list[discord.File] = []
        self.response = self
        self.followup = self

    async def send_modal(self, form: Form) -> None:
        self.shown.put_nowait(form)

    async def send_message(self, text: str, *, ephemeral: bool) -> None:
        assert ephemeral
        self.shown.put_nowait(text)

    async def send(self, text: str, *, view: Question, files: list[discord.File], ephemeral: bool) -> None:
        assert ephemeral
        self.files += files
        self.shown.put_nowait((text, view))

    async def next(self) -> Any:
        async with asyncio.timeout(10.0):
            return await self.shown.get()

    @property
    def interaction(self) -> discord.Interaction:
        return cast("discord.Interaction", self)

    async def fill(self, form: Form, text: str) -> None:
        form.field._value = text  # as Discord sends it
        await form.on_submit(self.interaction)
        assert "Thank you" in await self.next()

    async def press(self, question: Question, label: str) -> None:
        (button,) = (
            item for item in question.children if isinstance(item, discord.ui.Button) and item.label == label
        )
        await button.callback(self.interaction)


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
async def start(sandbox: Sandbox) -> AsyncIterator[Callable[..., "asyncio.Task[str]"]]:
    """Begin a dialogue about a link."""
    tasks: list[asyncio.Task[str]] = []
    credentials = Credentials(sandbox.secret_id, sandbox.secret_password)
    async with SessionPool(credentials, environment=sandbox.url) as pool:

        def start(screen: Screen, link_id: str, patience: float = 30.0) -> "asyncio.Task[str]":
            tasks.append(asyncio.create_task(run_update(pool, screen.interaction, link_id, patience)))
            return tasks[-1]

        yield start
        await asyncio.gather(*tasks)


def add_link(sandbox: Sandbox, username: str = "x_mfa_numeric") -> str:
    return sandbox.add_link(institution=BANK, username=username)


async def test_the_password_and_the_token_are_typed_into_forms(
    sandbox: Sandbox, start: Callable[..., "asyncio.Task[str]"]
) -> None:
    screen, link_id = Screen(), add_link(sandbox)
    ending = start(screen, link_id)
    await screen.fill(await screen.next(), "new-password")
    for token in ("999999", "111111"):
        text, question = await screen.next()
        assert "12345" in text
        await screen.press(question, "Answer")
        await screen.fill(await screen.next(), token)
    assert await ending == "Your link is valid."
    assert sandbox.tokens(link_id) == ["999999", "111111"]


async def test_a_qr_code_is_sent_as_a_picture(
    sandbox: Sandbox, start: Callable[..., "asyncio.Task[str]"]
) -> None:
    screen = Screen()
    ending = start(screen, add_link(sandbox, "x_mfa_qr"))
    await screen.fill(await screen.next(), "new-password")
    _, question = await screen.next()
    assert screen.files[0].fp.read(4) == b"\x89PNG"
    await screen.press(question, "Answer")
    await screen.fill(await screen.next(), "111111")
    assert await ending == "Your link is valid."


async def test_a_confirmation_needs_no_form(
    sandbox: Sandbox, start: Callable[..., "asyncio.Task[str]"]
) -> None:
    screen = Screen()
    ending = start(screen, add_link(sandbox, "x_mfa_inputless"))
    await screen.fill(await screen.next(), "new-password")
    _, question = await screen.next()
    await screen.press(question, "Answer")
    assert await ending == "Your link is valid."


async def test_cancel_declines(sandbox: Sandbox, start: Callable[..., "asyncio.Task[str]"]) -> None:
    screen, link_id = Screen(), add_link(sandbox)
    ending = start(screen, link_id)
    await screen.fill(await screen.next(), "new-password")
    _, question = await screen.next()
    await screen.press(question, "Cancel")
    assert await screen.next() == "Cancelled."
    assert "did not work" in await ending
    assert sandbox.tokens(link_id) == []


async def test_whoever_does_not_answer_declines(
    sandbox: Sandbox, start: Callable[..., "asyncio.Task[str]"]
) -> None:
    screen, link_id = Screen(), add_link(sandbox)
    assert "did not work" in await start(screen, link_id, 0.05)
    assert sandbox.logins(link_id) == 0
