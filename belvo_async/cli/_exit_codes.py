"""How a login ended, in the words and exit codes of the command line."""

from datetime import datetime, timedelta
from enum import Enum, IntEnum
from typing import Final

from attrs import frozen

from belvo_async import BelvoError, Challenge, MfaPolicy, OutcomeUnknownError
from belvo_async.errors import (
    ChallengeError,
    LedgerMismatchError,
    LedgerUnreadableError,
    PoolClosedError,
    UsageError,
)


class ExitCode(IntEnum):
    """What the process tells its caller."""

    OK = 0
    FAILED = 1
    USAGE = 2
    UNKNOWN = 3
    CHALLENGE_OPEN = 4
    INTERRUPTED = 130


EXIT_CODES: Final = (
    (ExitCode.OK, "done"),
    (ExitCode.FAILED, "refused or failed"),
    (ExitCode.USAGE, "wrong usage, or a setting is missing"),
    (ExitCode.UNKNOWN, "a login's outcome is not known"),
    (ExitCode.CHALLENGE_OPEN, "a challenge is left open"),
    (ExitCode.INTERRUPTED, "interrupted before the end"),
)


class EndingKind(Enum):
    """In which state a link was left."""

    UPDATED = "updated"
    NOT_UPDATED = "not updated"
    NOT_STARTED = "not started"
    CHALLENGE_OPEN = "challenge open"
    UNKNOWN = "outcome unknown"


_CODES: Final = {
    EndingKind.UPDATED: ExitCode.OK,
    EndingKind.NOT_UPDATED: ExitCode.FAILED,
    EndingKind.NOT_STARTED: ExitCode.INTERRUPTED,
    EndingKind.CHALLENGE_OPEN: ExitCode.CHALLENGE_OPEN,
    EndingKind.UNKNOWN: ExitCode.UNKNOWN,
}


@frozen(kw_only=True)
class Ending:
    """The state in which one link was left."""

    kind: EndingKind
    open_until: datetime | None = None
    """When an open challenge ends, in local time."""

    @property
    def code(self) -> ExitCode:
        """The exit code of a command that was about this link alone."""
        return _CODES[self.kind]

    def __str__(self) -> str:
        """Tell the state, and what can be done about it."""
        match self.kind, self.open_until:
            case EndingKind.CHALLENGE_OPEN, datetime() as until:
                return f"challenge open until {until.strftime('%H:%M:%S')}"
            case EndingKind.UNKNOWN, _:
                return "outcome unknown (look at it with: belvo-async links list)"
            case _:
                return str(self.kind.value)


def read_ending(error: BelvoError | None) -> Ending:
    """Tell from the error of an update, or None, in which state the link was left."""
    match error:
        case None:
            return Ending(kind=EndingKind.UPDATED)
        case OutcomeUnknownError():
            return Ending(kind=EndingKind.UNKNOWN)
        case ChallengeError(state=state) if state is not None:
            return Ending(kind=EndingKind.CHALLENGE_OPEN, open_until=find_expiry(state.challenge))
        case PoolClosedError():
            return Ending(kind=EndingKind.NOT_STARTED)
        case _:
            return Ending(kind=EndingKind.NOT_UPDATED)


def find_code(error: BelvoError) -> ExitCode:
    """Return the exit code for an error that is about no link in particular."""
    is_usage = isinstance(error, UsageError | LedgerMismatchError | LedgerUnreadableError)
    return ExitCode.USAGE if is_usage else ExitCode.FAILED


def find_expiry(challenge: Challenge) -> datetime:
    """Return until when a token is sent, in local time, by the rule of the pool."""
    return (challenge.received_at + timedelta(seconds=MfaPolicy().find_seconds(challenge))).astimezone()
