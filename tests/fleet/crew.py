"""The worker processes of a trial, and the user who answers what they ask."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Coroutine
from typing import Any, Final

from attrs import define, field

from belvo_async import SessionPool, fleet
from belvo_async.errors import BackendError, BelvoError
from tests.fleet.engines import Engine
from tests.fleet.trial_worker import JOB, LOGIN_LIMIT, TOKEN, Where, read_vault

_LOOK: Final = 0.05
_AGAIN: Final = 0.5
"""Seconds after which a user whose answer did not get through sends it again."""


@define(eq=False)
class Member:
    """One worker process."""

    process: Process
    took: list[str] = field(factory=list)
    """The links whose credentials it has looked up, as it does right before it sends their logins."""
    is_let_go: bool = False
    """Whether it need not be replaced when it ends."""

    def send(self, number: signal.Signals) -> None:
        if number in (signal.SIGKILL, signal.SIGTERM):
            self.is_let_go = True
        self.process.send_signal(number)

    async def leave(self) -> None:
        """End in good order."""
        self.send(signal.SIGTERM)
        assert await self.process.wait() == 0


@define(eq=False)
class Crew:
    """Workers, of which one that fails is started anew, as an init system does."""

    engine: Engine
    where: Where
    pool: SessionPool
    is_naive: bool = False
    members: list[Member] = field(factory=list)
    asked: set[str] = field(factory=set)
    """The links whose user was asked."""
    _tasks: set[asyncio.Task[None]] = field(factory=set)

    async def start(self) -> Member:
        mode = "naive" if self.is_naive else "safe"
        command = (sys.executable, "-W", "error", "-m", self.engine.worker, self.where.dump(), mode)
        errors = None if "TRIAL_ERRORS" in os.environ else asyncio.subprocess.DEVNULL
        member = Member(await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=errors))
        self.members.append(member)
        self._begin(self._listen(member))
        return member

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)

    async def _listen(self, member: Member) -> None:
        assert member.process.stdout is not None
        async for line in member.process.stdout:
            match line.decode().split(" "):
                case ["took", link_id]:
                    member.took.append(link_id.strip())
                case ["asked", link_id, ticket, request_id] if link_id not in self.asked:
                    self.asked.add(link_id)
                    self._begin(self._answer(link_id, ticket, request_id.strip()))
                case _:
                    pass
        if await member.process.wait() and not member.is_let_go:
            await self.start()

    async def _answer(self, link_id: str, ticket: str, request_id: str) -> None:
        """Give the token, half of the time by the ticket alone; again until it has got through."""
        answer = self._answer_ticket if len(self.asked) % 2 else self._advance
        while not await answer(link_id, ticket, request_id):  # noqa: ASYNC110 - a person sends no event
            await asyncio.sleep(_AGAIN)
        await self.engine.tell_answered(self.pool, link_id)

    async def _answer_ticket(self, _: str, ticket: str, __: str) -> bool:
        try:
            await self.pool.challenges.resume(ticket, token=TOKEN)
        except (
            BackendError
        ):  # it cannot be reached: whether it was sent is not known, and it is not sent again
            return False
        except BelvoError:  # it was sent, or the challenge is over: the job finds out
            return True
        return True

    async def _advance(self, link_id: str, _: str, request_id: str) -> bool:
        try:
            step = await fleet.advance(
                self.pool,
                job=JOB,
                link_id=link_id,
                credentials=read_vault,
                token=TOKEN,
                request_id=request_id or None,
                login_limit=LOGIN_LIMIT,
            )
        except BelvoError:
            return False
        return isinstance(step, fleet.Ended)

    async def end(self) -> None:
        """End all that is left."""
        for member in self.members:
            member.is_let_go = True
            if member.process.returncode is None:
                member.process.kill()
                await member.process.wait()
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)


async def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait for something that other processes do."""
    while not is_so():  # noqa: ASYNC110 - they send no event
        await asyncio.sleep(_LOOK)
