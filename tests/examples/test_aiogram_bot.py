"""The Telegram bot, against a Bot API on loopback."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiohttp import web

from belvo_async import Credentials, SessionPool
from belvo_async.sandbox import Sandbox
from examples.aiogram_bot import Dialogues, build_dispatcher

TOKEN = "42:secret-of-the-bot"
CHAT, PERSON = 7, 8
BANK = "heimdall_mx_retail"


class Telegram:
    """A Bot API: what is typed comes by getUpdates, what the bot says is kept."""

    def __init__(self) -> None:
        self.said: asyncio.Queue[str] = asyncio.Queue()
        self.deleted: list[int] = []
        self._typed: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._count = 0

    async def handle(self, request: web.Request) -> web.Response:
        form = await request.post()
        match request.match_info["method"]:
            case "getMe":
                return reply({"id": 42, "is_bot": True, "first_name": "Bot", "username": "bot"})
            case "getUpdates":
                return reply([await self._typed.get()])
            case "sendMessage":
                self.said.put_nowait(str(form["text"]))
                return reply(build_message(1, "…", CHAT, 42))
            case "sendPhoto":
                picture = form["photo"]
                name = str(picture).removeprefix("attach://")
                file = form[name]
                assert isinstance(file, web.FileField)
                self.said.put_nowait(f"photo {file.file.read()[:4]!r}")
                return reply(build_message(1, "…", CHAT, 42))
            case "deleteMessage":
                self.deleted.append(int(str(form["message_id"])))
                return reply(result=True)
            case _:
                return reply(result=True)

    async def type(self, text: str, chat: int = CHAT, person: int = PERSON) -> None:
        self._count += 1
        message = build_message(self._count, text, chat, person)
        await self._typed.put({"update_id": self._count, "message": message})

    async def expect(self, part: str) -> str:
        async with asyncio.timeout(10.0):
            said = await self.said.get()
        assert part in said
        return said


def build_message(number: int, text: str, chat: int, person: int) -> dict[str, Any]:
    command = text.split(maxsplit=1)[0]
    entities = [{"type": "bot_command", "offset": 0, "length": len(command)}] if text[0] == "/" else []
    return {
        "message_id": number,
        "date": 0,
        "chat": {"id": chat, "type": "private", "first_name": "P"},
        "from": {"id": person, "is_bot": False, "first_name": "P"},
        "text": text,
        "entities": entities,
    }


def reply(result: Any) -> web.Response:
    return web.json_response({"ok": True, "result": result})


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def patience() -> float:
    return 30.0


@pytest.fixture
async def telegram(sandbox: Sandbox, patience: float) -> AsyncIterator[Telegram]:
    """The bot at work, and the chat it is in."""
    telegram = Telegram()
    app = web.Application()
    app.router.add_post(f"/bot{TOKEN}/{{method}}", telegram.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server = TelegramAPIServer.from_base(f"http://127.0.0.1:{runner.addresses[0][1]}")
    credentials = Credentials(sandbox.secret_id, sandbox.secret_password)
    async with (
        SessionPool(credentials, environment=sandbox.url) as pool,
        Bot(TOKEN, AiohttpSession(api=server)) as bot,
    ):
        dispatcher = build_dispatcher(pool, Dialogues(patience))
        polling = asyncio.create_task(dispatcher.start_polling(bot, handle_signals=False))
        yield telegram
        await dispatcher.stop_polling()
        await telegram.type("the end")
        await polling
    await runner.cleanup()


def add_link(sandbox: Sandbox, username: str = "x_mfa_numeric") -> str:
    return sandbox.add_link(institution=BANK, username=username)


async def begin(telegram: Telegram, link_id: str, chat: int = CHAT, person: int = PERSON) -> None:
    await telegram.type(f"/update {link_id}", chat, person)
    await telegram.expect("new password")
    await telegram.type("new-password", chat, person)


async def test_a_token_is_asked_for_in_the_chat(
    sandbox: Sandbox, telegram: Telegram, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "belvo_async")
    link_id = add_link(sandbox)
    await begin(telegram, link_id)
    await telegram.expect("12345")
    await telegram.type("999999")
    await telegram.expect("12345")
    await telegram.type("111111")
    await telegram.expect("Your link is valid.")
    assert sandbox.tokens(link_id) == ["999999", "111111"]
    assert telegram.deleted == [2, 3, 4]
    assert "new-password" not in caplog.text


async def test_a_qr_code_is_sent_as_a_picture(sandbox: Sandbox, telegram: Telegram) -> None:
    await begin(telegram, add_link(sandbox, "x_mfa_qr"))
    await telegram.expect(r"photo b'\x89PNG'")
    await telegram.expect("Scan")
    await telegram.type("111111")
    await telegram.expect("Your link is valid.")


async def test_cancel_declines(sandbox: Sandbox, telegram: Telegram) -> None:
    link_id = add_link(sandbox)
    await begin(telegram, link_id)
    await telegram.expect("12345")
    await telegram.type("/cancel")
    await telegram.expect("did not work")
    await telegram.type("/cancel")
    await telegram.expect("nothing to cancel")
    assert sandbox.tokens(link_id) == []


@pytest.mark.parametrize("patience", [0.05])
async def test_whoever_does_not_answer_declines(sandbox: Sandbox, telegram: Telegram) -> None:
    link_id = add_link(sandbox)
    await telegram.type(f"/update {link_id}")
    await telegram.expect("new password")
    await telegram.expect("did not work")
    assert sandbox.logins(link_id) == 0


async def test_two_chats_do_not_wait_for_each_other(sandbox: Sandbox, telegram: Telegram) -> None:
    await begin(telegram, add_link(sandbox))
    await telegram.expect("12345")
    await begin(telegram, add_link(sandbox, "user_valid"), chat=70, person=80)
    await telegram.expect("Your link is valid.")
    await telegram.type("111111")
    await telegram.expect("Your link is valid.")


async def test_a_stranger_in_the_chat_cannot_answer(sandbox: Sandbox, telegram: Telegram) -> None:
    link_id = add_link(sandbox)
    await begin(telegram, link_id)
    await telegram.expect("12345")
    await telegram.type("999999", person=99)
    await telegram.type("/update again")
    await telegram.expect("One after the other")
    await telegram.type("111111")
    await telegram.expect("Your link is valid.")
    assert sandbox.tokens(link_id) == ["111111"]


async def test_a_link_that_is_none_is_told(telegram: Telegram) -> None:
    await begin(telegram, "no-link")
    await telegram.expect("did not work")
