"""Writes down the steps of a login, each before it happens."""

from datetime import datetime
from typing import Protocol, runtime_checkable

from attrs import frozen

from belvo_async.errors import InvalidValueError
from belvo_async.models import AwaitingToken


@runtime_checkable
class LoginRecorder(Protocol):
    """Writes down each step of one login before it happens, so that it is known after a crash.

    What these methods raise comes out of the call, and the step does not happen. A login that Belvo asks to
    repeat is announced each time, and so is one that has not left 10 s after it was announced.
    """

    async def note_submission(self, at: datetime, /) -> None:
        """Take note that the login is about to leave: its connection stands, and its start is near.

        Args:
            at: The time of day in UTC, by Belvo's clock as far as it is known: what `links.settle` wants.
        """
        ...

    async def note_challenge(self, state: AwaitingToken, /) -> None:
        """Take note of a challenge, before anybody is asked; `links.park` writes *state* as text."""
        ...

    async def note_answer(self, at: datetime, /) -> None:
        """Take note that the answer to a challenge is about to leave, once and for all.

        Args:
            at: As for `note_submission`.
        """
        ...


def check_recorder(recorder: object) -> None:
    """Refuse what cannot record.

    Raises:
        InvalidValueError: It is neither None nor a `LoginRecorder`.
    """
    if recorder is not None and (isinstance(recorder, type) or not isinstance(recorder, LoginRecorder)):
        raise InvalidValueError.of(
            "recorder",
            f"is {type(recorder).__name__}, not a LoginRecorder",
            remedy="Pass an object with note_submission, note_challenge and note_answer.",
        )


@frozen
class TwoRecorders:
    """Writes each step down twice: what keeps others from the step comes last."""

    first: LoginRecorder
    last: LoginRecorder

    async def note_submission(self, at: datetime) -> None:
        """See `LoginRecorder`."""
        await self.first.note_submission(at)
        await self.last.note_submission(at)

    async def note_challenge(self, state: AwaitingToken) -> None:
        """See `LoginRecorder`; here what keeps the challenge comes first."""
        await self.last.note_challenge(state)
        await self.first.note_challenge(state)

    async def note_answer(self, at: datetime) -> None:
        """See `LoginRecorder`."""
        await self.first.note_answer(at)
        await self.last.note_answer(at)
