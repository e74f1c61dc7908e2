"""`belvo-async challenges`: what is parked in a store, and answers to it."""

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from attrs import frozen
from rich import box
from rich.table import Table
from rich.text import Text

from belvo_async import OutcomeUnknownError, ParkedChallenge, SessionPool, TokenRequiredError
from belvo_async.cli._ask import Asker
from belvo_async.cli._console import write_error, write_prose
from belvo_async.cli._exit_codes import ExitCode
from belvo_async.cli._interrupt import close_on_interrupt, watch_signals
from belvo_async.cli._update import Desk
from belvo_async.errors import ChallengeDeclinedError, InvalidTokenError, TokenNotSentError
from belvo_async.models import ChallengePhase, Link, write_line

_STILL_OPEN: Final = (InvalidTokenError, TokenNotSentError)


@frozen(kw_only=True)
class Shown:
    """Which challenges to list, and how."""

    phase: ChallengePhase
    limit: int
    link: UUID | None = None
    as_json: bool = False


async def list_challenges(pool: SessionPool, wanted: Shown, desk: Desk) -> ExitCode:
    """Write the challenges that are wanted."""
    async with pool:
        found = await _collect(pool, wanted)
    if wanted.as_json:
        for parked in found:
            desk.output.file.write(f"{json.dumps(_build_fields(parked))}\n")
        return ExitCode.OK
    if found:
        desk.output.print(_build_table(found))
    noun = "challenge" if len(found) == 1 else "challenges"
    phase = found[0].phase if found else wanted.phase
    desk.messages.print(f"{len(found) or 'No'} {phase} {noun}.", style="dim")
    return ExitCode.OK


async def _collect(pool: SessionPool, wanted: Shown) -> Sequence[ParkedChallenge]:
    if wanted.link is None:
        return await pool.challenges.list(phase=wanted.phase, limit=wanted.limit)
    found = await pool.challenges.find(wanted.link)
    return [] if found is None else [found]


async def answer_challenge(pool: SessionPool, ticket: str, desk: Desk) -> ExitCode:
    """Show a challenge, ask for its token, and for those of the challenges that follow."""
    asker = Asker(desk.messages, desk.source)
    with watch_signals() as interrupt:
        async with pool:
            stopping = asyncio.ensure_future(close_on_interrupt(pool, interrupt, desk.say))
            answering = asyncio.ensure_future(_answer(pool, ticket, asker, desk))
            await asyncio.wait((answering, stopping), return_when=asyncio.FIRST_COMPLETED)
            if interrupt.happened:
                answering.cancel()
                await asyncio.gather(stopping, answering, return_exceptions=True)
                write_prose(
                    desk.messages, "Interrupted: an answer that was sent may still succeed.", "yellow"
                )
                return ExitCode.INTERRUPTED
            stopping.cancel()
            return await answering


async def _answer(pool: SessionPool, ticket: str, asker: Asker, desk: Desk) -> ExitCode:
    parked = await pool.challenges.settle(ticket)
    asker.institution = parked.institution
    while True:
        try:
            # Where it is not open the call says what is wrong, and nobody is asked.
            token = await _ask(asker, parked) if parked.phase is ChallengePhase.OPEN else None
            asked = parked.challenge.request_id
            resumed = await pool.challenges.resume(ticket, token, request_id=asked)
        except TokenRequiredError:
            parked = await pool.challenges.get(ticket)
        except OutcomeUnknownError as error:
            write_error(desk.messages, error)
            return ExitCode.UNKNOWN
        except _STILL_OPEN as error:
            write_error(desk.messages, error)
            return ExitCode.CHALLENGE_OPEN
        else:
            write_prose(desk.output, write_line(_tell_result(parked.link_id, resumed)))
            return ExitCode.OK


def _tell_result(link_id: str, resumed: object) -> str:
    if isinstance(resumed, Link):
        return f"Link {link_id}: updated, status {resumed.status or 'not told'}."
    return f"Link {link_id}: its data were retrieved."


async def _ask(asker: Asker, parked: ParkedChallenge) -> str | None:
    try:
        return await asker.answer(parked.challenge)
    except ChallengeDeclinedError as ended:  # the input did, and the person may come back
        raise InvalidTokenError(
            "Nothing was answered; the challenge is still open.",
            remedy="Answer it before it expires, or decline it.",
            link_id=parked.link_id,
        ) from ended


async def decline_challenge(pool: SessionPool, ticket: str, desk: Desk) -> ExitCode:
    """Note that nobody will answer."""
    async with pool:
        await pool.challenges.decline(ticket)
        parked = await pool.challenges.get(ticket)
    write_prose(desk.output, f"Link {parked.link_id}: declined, it keeps its old credentials.")
    return ExitCode.OK


def _build_table(found: Sequence[ParkedChallenge]) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("ticket", no_wrap=True)
    table.add_column("link", no_wrap=True)
    for heading in ("institution", "asks for", "answers", "until"):
        table.add_column(heading, overflow="fold")
    for parked in found:
        cells = (
            parked.ticket,
            parked.link_id,
            parked.institution or "",
            str(parked.challenge.kind or "a token"),
            str(parked.attempts),
            _write_time(parked.expires_at),
        )
        table.add_row(*(Text(write_line(cell)) for cell in cells))
    return table


def _build_fields(parked: ParkedChallenge) -> dict[str, object]:
    challenge = parked.challenge
    return {
        "ticket": parked.ticket,
        "link_id": parked.link_id,
        "phase": parked.phase,
        "institution": parked.institution,
        "kind": challenge.kind,
        "instructions": challenge.instructions,
        "value": challenge.value,
        "expects_user_input": challenge.expects_user_input,
        "extra": challenge.token_generation_data.extra,
        "attempts": parked.attempts,
        "parked_at": parked.parked_at.isoformat(),
        "expires_at": parked.expires_at.isoformat(),
        "reference": parked.reference,
        "code": parked.code,
        "message": parked.message,
    }


def _write_time(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M:%S}"
