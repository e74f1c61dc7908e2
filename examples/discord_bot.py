"""A Discord bot: `/update` opens a form for the new password, then asks for whatever the bank asks.

    pip install "belvo-async[web]" discord.py
    export BELVO_SECRET_ID=… BELVO_SECRET_PASSWORD=… BELVO_ENVIRONMENT=sandbox DISCORD_TOKEN=…
    python examples/discord_bot.py

Nothing secret is typed into a channel. Left out: check that the link belongs to who asks.
"""

import asyncio
import io
import os
from asyncio import Future

import discord
from discord import app_commands

from belvo_async import BelvoError, Challenge, LinkUpdate, SessionPool
from belvo_async.errors import ChallengeDeclinedError
from belvo_async.web import draw_picture

PATIENCE, LONGEST = 180.0, 2000  # seconds; characters of a message


async def take(interaction: discord.Interaction, answer: "Future[str | None]", reply: str | None) -> None:
    """Take an answer, once."""
    words = "Cancelled." if reply is None else "Thank you, this can take minutes …"
    await interaction.response.send_message(words, ephemeral=True)
    if not answer.done():
        answer.set_result(reply)


class Form(discord.ui.Modal):
    """A form with one field."""

    def __init__(self, title: str, label: str, answer: "Future[str | None]") -> None:
        super().__init__(title=title)
        self.field: discord.ui.TextInput[Form] = discord.ui.TextInput(label=label, max_length=100)
        self.add_item(self.field)
        self.answer = answer

    async def on_submit(self, interaction: discord.Interaction) -> None:
        """Take what was typed."""
        await take(interaction, self.answer, self.field.value)


class Question(discord.ui.View):
    """Two buttons below what the bank asks."""

    def __init__(self, challenge: Challenge, patience: float) -> None:
        super().__init__(timeout=patience)
        self.challenge = challenge
        self.answer: Future[str | None] = asyncio.get_running_loop().create_future()

    @discord.ui.button(label="Answer", style=discord.ButtonStyle.primary)
    async def give(self, interaction: discord.Interaction, _: "discord.ui.Button[Question]") -> None:
        """Open the form, or take the press itself where nothing is to be typed."""
        if self.challenge.expects_user_input:
            await interaction.response.send_modal(Form("Your bank asks", "Token", self.answer))
        else:
            await take(interaction, self.answer, "confirmed")

    @discord.ui.button(label="Cancel", style=discord.ButtonStyle.secondary)
    async def cancel(self, interaction: discord.Interaction, _: "discord.ui.Button[Question]") -> None:
        """End the dialogue."""
        await take(interaction, self.answer, None)


async def wait_for(answer: "Future[str | None]", patience: float) -> str:
    """Return the answer; raise ChallengeDeclinedError where none comes."""
    await asyncio.wait((answer,), timeout=patience)
    reply = answer.result() if answer.done() else None
    if reply is None:
        raise ChallengeDeclinedError("The person did not answer.")
    return reply


async def run_update(
    pool: SessionPool, interaction: discord.Interaction, link_id: str, patience: float = PATIENCE
) -> str:
    """Ask for the password and for tokens; return what to say at the end."""

    async def provide_token(challenge: Challenge) -> str:
        question = Question(challenge, patience)
        text, picture = "\n".join((challenge.instructions, *challenge.extra_lines)), draw_picture(challenge)
        if picture is None:
            files, text = [], f"{text} {challenge.value or ''}"
        else:
            files = [discord.File(io.BytesIO(picture.data), f"code{picture.suffix}")]
        await interaction.followup.send(text[:LONGEST], view=question, files=files, ephemeral=True)
        return await wait_for(question.answer, patience)

    password: Future[str | None] = asyncio.get_running_loop().create_future()
    try:
        await interaction.response.send_modal(Form("New credentials", "New password", password))
        update = LinkUpdate(link_id, password=await wait_for(password, patience))
        link = await pool.links.update(update, provide_token=provide_token)
    except BelvoError as error:
        return f"That did not work. {error.remedy or error.message}"
    return f"Your link is {link.status}."


async def main() -> None:
    """Run the bot until Ctrl-C."""
    client = discord.Client(intents=discord.Intents.none())
    tree = app_commands.CommandTree(client)
    async with SessionPool() as pool, client:

        @tree.command(description="Update the credentials of a link")
        async def update(interaction: discord.Interaction, link_id: str) -> None:
            await interaction.followup.send(await run_update(pool, interaction, link_id), ephemeral=True)

        await client.login(os.environ["DISCORD_TOKEN"])
        await tree.sync()
        await client.connect()


if __name__ == "__main__":
    asyncio.run(main())
