"""What a row in doubt means: an earlier login that may have succeeded, a challenge that others may answer."""

from datetime import datetime
from typing import Final

from attrs import evolve

from belvo_async._client import Client
from belvo_async._engine.lease import DOUBTFUL
from belvo_async._engine.parked_challenges import Superseding
from belvo_async._engine.priority import for_job
from belvo_async._wire.error_codes import find_meaning
from belvo_async.backends import LinkRow, LinkState
from belvo_async.errors import (
    ApiError,
    AuthenticationError,
    BelvoError,
    ChallengeDeclinedError,
    ChallengeStoreError,
    DamagedStateError,
    ErrorDetail,
    JobError,
    NotFoundError,
    OutcomeUnknownError,
    PoolClosedError,
    UnknownTicketError,
    UsageError,
    WrongEventLoopError,
)
from belvo_async.models import ChallengePhase, Link, ParkedChallenge

STOPS_A_JOB: Final = (
    AuthenticationError,
    ChallengeStoreError,
    JobError,
    PoolClosedError,
    WrongEventLoopError,
)
"""What every other link would meet too."""
_MOST_UNSETTLED: Final = 1000


def find_login_left(record: LinkRow, now: datetime, login_limit: float) -> float:
    """Return for how many seconds the last login of a link may still run."""
    age = (now - _find_departure(record)).total_seconds()
    return login_limit - min(max(age, 0.0), login_limit)  # the clock may have been set


def _find_departure(record: LinkRow) -> datetime:
    """Return when the last login or answer left; where nobody noted that, when its state was written."""
    return record.submitted_at or record.at


async def look(pool: Client, record: LinkRow) -> Link | None:
    """Return the link if it shows that its last login has succeeded; see `links.settle`."""
    with for_job():
        return await pool.links.settle(record.link_id, since=_find_departure(record))


async def try_look(pool: Client, record: LinkRow) -> Link | BelvoError | None:
    """Look; return the error where the link could not be read, also where there is none: that tells nothing.

    Raises:
        AuthenticationError: The keys are wrong.
        UsageError: The pool cannot be used.
    """
    try:
        return await look(pool, record)
    except (AuthenticationError, UsageError):
        raise
    except BelvoError as error:
        return error


async def check_status(pool: Client, record: LinkRow, login_limit: float) -> Link | None:
    """Return the link if its last login has succeeded; None if that surely has ended without success.

    Raises:
        OutcomeUnknownError: It may still run, or the status check did not tell.
    """
    try:
        link = await look(pool, record)
    except BelvoError as error:
        why = f"a status check did not tell how it ended: {error.message}"
        raise build_doubt(record.link_id, why) from error
    left = find_login_left(record, pool.server_time, login_limit)
    if link is None and left > 0:
        raise build_doubt(record.link_id, f"it may run for {left:.0f} s more")
    return link


def build_doubt(link_id: str, why: str) -> OutcomeUnknownError:
    """Build the error of a link whose earlier login is not settled."""
    return OutcomeUnknownError(
        f"An earlier login of this link is not settled, and {why.rstrip('.')}.",
        remedy="Run the job again later to retry unsettled links.",
        link_id=link_id,
    )


async def find_challenge(pool: Client, record: LinkRow, collection: str) -> ParkedChallenge | None:
    """Return the challenge of an interrupted login, whatever has become of it.

    It is that of the ticket; or, where a kill came before the ticket was written, the one that came since the
    login left and waits, or was answered by somebody else, who may still be at it. A challenge that did not
    come from *collection* is another login's.

    Raises:
        ChallengeStoreError: The store cannot be used.
    """
    if record.ticket is not None:
        return await _read(pool, record.ticket)
    found = await pool.challenges.find(record.link_id) or await _find_answered(pool, record.link_id)
    if found is None or found.challenge.received_at < record.at:
        return None
    return found if found.challenge.resume_target.collection == collection else None


async def _find_answered(pool: Client, link_id: str) -> ParkedChallenge | None:
    """Return the newest challenge of a link that was answered, and nobody knows with which result."""
    answered = await pool.challenges.find(
        link_id, phase=ChallengePhase.ANSWERED
    )  # first: it may turn unsettled
    unsettled = await pool.challenges.list(phase=ChallengePhase.UNSETTLED, limit=_MOST_UNSETTLED)
    found = [parked for parked in unsettled if parked.link_id == link_id]
    found += [] if answered is None else [answered]
    return max(found, key=lambda parked: parked.challenge.received_at, default=None)


def add_answer(record: LinkRow, parked: ParkedChallenge | None) -> LinkRow:
    """Add to a record what the store knows: the ticket, and when an answer was sent, by whomever."""
    if parked is None:
        return record
    sent_at = parked.answered_at if parked.phase in DOUBTFUL else None
    return evolve(record, ticket=parked.ticket, submitted_at=sent_at or record.submitted_at)


def is_in_doubt(record: LinkRow, parked: ParkedChallenge | None) -> bool:
    """Whether only the status of the link tells what became of an interrupted login."""
    if parked is not None and parked.phase is not ChallengePhase.EXPIRED:
        return parked.phase in DOUBTFUL
    return record.state in (LinkState.SUBMITTED, LinkState.ANSWERED)


async def collect(pool: Client, record: LinkRow) -> Link | ParkedChallenge | None:
    """Return what has become of a parked challenge, whoever answers it.

    Returns:
        The link where it is updated, the challenge where it still waits, and None where only a new login can
        help: its time has run out, or the store has forgotten it and the link shows no success.

    Raises:
        OutcomeUnknownError: A token was sent, and the link does not show what became of it.
        ChallengeDeclinedError: Somebody declined.
        ApiError: The token was refused, or the link is gone.
        ChallengeStoreError: The store cannot be used.
        BelvoError: The job cannot go on.
    """
    parked = None if record.ticket is None else await _read(pool, record.ticket)
    if parked is None:
        return await _find_success(pool, record)
    try:
        parked = await pool.challenges.settle(parked.ticket)
        if parked.phase is ChallengePhase.UPDATED or parked.code == Superseding.LINK_UPDATED:
            return await pool.links.get(record.link_id)
    except (NotFoundError, *STOPS_A_JOB):
        raise
    except BelvoError as error:  # the link could not be read: that says nothing about the login
        raise _build_answer_doubt(parked, f"it could not be looked at: {error.message}") from error
    return _judge(parked)


async def _find_success(pool: Client, record: LinkRow) -> Link | None:
    """Look at the link of a challenge that the store has forgotten: somebody may have answered it."""
    try:
        return await look(pool, record)
    except (NotFoundError, *STOPS_A_JOB):
        raise
    except BelvoError as error:
        raise build_doubt(record.link_id, f"its challenge is forgotten: {error.message}") from error


def _judge(parked: ParkedChallenge) -> ParkedChallenge | None:
    match parked.phase:
        case ChallengePhase.OPEN | ChallengePhase.CLAIMED:
            return parked
        case phase if phase in DOUBTFUL:
            raise _build_answer_doubt(parked, "it shows no success")
        case ChallengePhase.DECLINED:
            raise ChallengeDeclinedError(
                "The person declined to give a token.",
                remedy="Update the link again when a token can be given.",
                link_id=parked.link_id,
            )
        case ChallengePhase.REFUSED:
            kind, remedy = find_meaning(parked.code, 0)
            raise (ApiError if issubclass(kind, AuthenticationError) else kind)(  # the keys are others by now
                parked.message or "The token was refused.",
                remedy=remedy,
                details=(ErrorDetail(code=parked.code or ""),),
                link_id=parked.link_id,
            )
        case _:
            return None


def _build_answer_doubt(parked: ParkedChallenge, why: str) -> OutcomeUnknownError:
    return OutcomeUnknownError(
        f"A token of the link was sent, and {why.rstrip('.')}.",
        remedy="Run the job again later to retry unsettled links: it looks before it logs in.",
        link_id=parked.link_id,
        sent_at=parked.answered_at,
    )


async def _read(pool: Client, ticket: str) -> ParkedChallenge | None:
    try:
        return await pool.challenges.get(ticket)
    except (UnknownTicketError, DamagedStateError):
        return None
