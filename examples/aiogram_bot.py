"""A Telegram bot: `/update LINK_ID` asks for the new password, then for whatever the bank asks.

    pip install "belvo-async[web]" aiogram
    export BELVO_SECRET_ID=… BELVO_SECRET_PASSWORD=… BELVO_ENVIRONMENT=sandbox TELEGRAM_TOKEN=…
    python examples/aiogram_bot.py

One dialogue at a time; `/cancel` ends it. What a person types is deleted from the chat.
Left out: check that the link belongs to who asks.
"""

import asyncio
import os
from asyncio import Future

from aiogram import Bot, Dispatcher, F
from aiogram.filters import Command, CommandObject
from aiogram.types import BufferedInputFile, Message

from belvo_async import BelvoError, Challenge, LinkUpdate, SessionPool
from belvo_async.errors import ChallengeDeclinedError
from belvo_async.web import draw_picture

PATIENCE, LONGEST = 180.0, 4000  # seconds; characters of a message


class Dialogues:
    """Waits for replies, one in each chat."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._waiting: dict[tuple[int, int], Future[str | None]] = {}

    async def ask(self, message: Message, question: str) -> str:
        """Ask the person who wrote *message*; raise ChallengeDeclinedError where no answer comes."""
        key = find_key(message)
        self._waiting[key] = asyncio.get_running_loop().create_future()
        await message.answer(f"{question}\n\n/cancel ends this.")
        try:
            async with asyncio.timeout(self._patience):
                reply = await self._waiting[key]
        except TimeoutError:
            reply = None
        finally:
            del self._waiting[key]
        if reply is None:
            raise ChallengeDeclinedError("The person did not answer.")
        return reply

    def reply(self, message: Message, text: str | None) -> bool:
        """Take a reply, None to cancel; return whether anybody waits for it."""
        waiting = self._waiting.get(find_key(message))
        if waiting is not None and not waiting.done():
            waiting.set_result(text)
        return waiting is not None


def find_key(message: Message) -> tuple[int, int]:
    """Return the chat and the person: in a group, nobody answers for somebody else."""
    return message.chat.id, message.from_user.id if message.from_user else 0


async def run_update(pool: SessionPool, dialogues: Dialogues, message: Message, link_id: str) -> str:
    """Ask for the password and for tokens; return what to say at the end."""

    async def provide_token(challenge: Challenge) -> str:
        text, picture = "\n".join((challenge.instructions, *challenge.extra_lines)), draw_picture(challenge)
        if picture is None:
            return await dialogues.ask(message, f"{text} {challenge.value or ''}"[:LONGEST])
        # Telegram shows no SVG as a photo.
        send = message.answer_document if picture.suffix == ".svg" else message.answer_photo
        await send(BufferedInputFile(picture.data, f"code{picture.suffix}"))
        return await dialogues.ask(message, text[:LONGEST])

    try:
        password = await dialogues.ask(message, "What is the new password?")
        link = await pool.links.update(LinkUpdate(link_id, password=password), provide_token=provide_token)
    except BelvoError as error:
        return f"That did not work. {error.remedy or error.message}"
    return f"Your link is {link.status}."


def build_dispatcher(pool: SessionPool, dialogues: Dialogues) -> Dispatcher:
    """Build the bot around a pool."""
    dispatcher = Dispatcher()
    busy: set[tuple[int, int]] = set()

    @dispatcher.message(Command("cancel"))
    async def cancel(message: Message) -> None:
        if not dialogues.reply(message, None):
            await message.answer("There is nothing to cancel.")

    @dispatcher.message(Command("update"))
    async def update(message: Message, command: CommandObject) -> None:
        key = find_key(message)
        if key in busy:
            await message.answer("One after the other, please.")
            return
        busy.add(key)
        try:
            await message.answer(await run_update(pool, dialogues, message, command.args or ""))
        finally:
            busy.discard(key)

    @dispatcher.message(F.text)
    async def take(message: Message) -> None:
        if dialogues.reply(message, message.text):
            await message.delete()

    return dispatcher


async def main() -> None:
    """Run the bot until Ctrl-C."""
    async with SessionPool() as pool, Bot(os.environ["TELEGRAM_TOKEN"]) as bot:
        await build_dispatcher(pool, Dialogues()).start_polling(bot)


if __name__ == "__main__":
    asyncio.run(main())
