"""The commands about parked challenges."""

from collections.abc import Awaitable, Callable
from typing import Annotated, TypeAlias
from uuid import UUID

import typer

from belvo_async import SessionPool
from belvo_async.cli._challenges import Shown, answer_challenge, decline_challenge, list_challenges
from belvo_async.cli._command import ENVIRONMENT, EPILOG, finish, say, telling_errors
from belvo_async.cli._console import open_messages, open_output
from belvo_async.cli._exit_codes import ExitCode
from belvo_async.cli._lines import open_standard_input
from belvo_async.cli._pool_options import (
    DEFAULT_EGRESS,
    EgressOption,
    NamedBackendOption,
    RequestsOption,
    make_pool,
)
from belvo_async.cli._update import Desk, WaitTeller
from belvo_async.models import ChallengePhase

_Ticket: TypeAlias = Annotated[str, typer.Argument(help="As `challenges list` shows it.")]

challenges_app = typer.Typer(
    help="Look at parked challenges, and answer them.",
    epilog=EPILOG,
    no_args_is_help=True,
    rich_markup_mode=None,
)


@challenges_app.command(
    "list",
    epilog=EPILOG,
    help=f"List the challenges that a job or an application has parked. {ENVIRONMENT}",
)
def list_(
    *,
    backend: NamedBackendOption,
    phase: Annotated[
        ChallengePhase, typer.Option(help="Those in this phase; the soonest to expire come first.")
    ] = ChallengePhase.OPEN,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")] = 100,
    link: Annotated[
        UUID | None, typer.Option(help="The newest challenge of this link that waits for a token.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """See `help` above: it is made of parts."""
    if link is not None and phase is not ChallengePhase.OPEN:
        raise typer.BadParameter("--link shows what waits for a token; leave out --phase.")
    wanted = Shown(phase=phase, limit=limit, link=link, as_json=as_json)
    _run(backend, lambda pool, desk: list_challenges(pool, wanted, desk))


@challenges_app.command(
    epilog=EPILOG,
    help="Show a challenge and send the answer.\n\n"
    "Asks for the token in the terminal; without one, the lines of standard input are the answers. "
    f"{ENVIRONMENT}",
)
def answer(
    ticket: _Ticket,
    *,
    backend: NamedBackendOption,
    egress: EgressOption = DEFAULT_EGRESS,
    requests: RequestsOption = None,
) -> None:
    """See `help` above: it is made of parts."""
    _run(backend, lambda pool, desk: answer_challenge(pool, ticket, desk), egress=egress, requests=requests)


@challenges_app.command(epilog=EPILOG, help=f"Note that nobody will answer a challenge. {ENVIRONMENT}")
def decline(ticket: _Ticket, *, backend: NamedBackendOption) -> None:
    """See `help` above: it is made of parts."""
    _run(backend, lambda pool, desk: decline_challenge(pool, ticket, desk))


def _run(
    where: str,
    work: Callable[[SessionPool, Desk], Awaitable[ExitCode]],
    *,
    egress: str = DEFAULT_EGRESS,
    requests: int | None = None,
) -> None:
    desk = Desk(output=open_output(), messages=open_messages(), source=open_standard_input())

    async def use_backend() -> ExitCode:
        async with make_pool(WaitTeller(say), backend=where, egress=egress, requests=requests) as pool:
            return await work(pool, desk)

    with telling_errors():
        finish(use_backend())
