"""The commands about what processes share."""

from typing import Annotated, Final, TypeAlias
from uuid import UUID

import typer

from belvo_async.backends import make_backend
from belvo_async.cli._backend import check, init, run_erase, run_purge
from belvo_async.cli._backend_status import check_file
from belvo_async.cli._command import ENVIRONMENT, EPILOG, finish, say, telling_errors
from belvo_async.cli._console import open_output
from belvo_async.cli._pool_options import BACKEND_HELP, BACKEND_VARIABLE, make_pool
from belvo_async.cli._update import WaitTeller

_Backend: TypeAlias = Annotated[
    str, typer.Argument(metavar="BACKEND", envvar=BACKEND_VARIABLE, help=BACKEND_HELP)
]

backend_app: Final = typer.Typer(
    help="Prepare and check what processes share that behave as one.",
    epilog=EPILOG,
    no_args_is_help=True,
    rich_markup_mode=None,
)


@backend_app.command(
    "init",
    epilog=EPILOG,
    help="Make a backend ready, so that its first use need not wait.\n\n"
    "Makes the file or the tables, and notes in Redis and PostgreSQL that nothing is under way. Run it once, "
    "before the first process uses the backend: one that is in use is left as it is. Not each time that a "
    "process starts: after Redis was emptied, or a replica took over, requests have to wait for what may be "
    "under way.",
)
def init_(backend: _Backend) -> None:
    """See `help` above: it is made of parts."""
    with telling_errors():
        finish(init(make_backend(backend), open_output()))


@backend_app.command(
    "purge",
    epilog=EPILOG,
    help="Remove jobs and parked challenges that are over for some days.\n\n"
    "A job is over when its last run has ended, or each of its links has its outcome; a challenge, a day "
    "after its time. What is not over stays.",
)
def purge_(
    backend: _Backend,
    *,
    days: Annotated[int, typer.Option("--older-than", min=1, metavar="DAYS", help="Over for so long.")] = 30,
) -> None:
    """See `help` above: it is made of parts."""
    with telling_errors():
        finish(run_purge(make_backend(backend), days, open_output()))


@backend_app.command(
    "erase",
    epilog=EPILOG,
    help="Erase what a backend keeps about a link, or about the person that a reference names: rows of jobs, "
    "and parked challenges. What still keeps a login from being repeated stays, and is told. The link itself "
    f"stays at Belvo. {ENVIRONMENT}",
)
def erase_(
    backend: _Backend,
    *,
    link_id: Annotated[UUID | None, typer.Option("--link", metavar="LINK_ID", help="The link.")] = None,
    reference: Annotated[
        str | None, typer.Option("--reference", metavar="TEXT", help="What was noted with its challenges.")
    ] = None,
) -> None:
    """See `help` above: it is made of parts."""
    with telling_errors():
        check_file(make_backend(backend))
        pool = make_pool(WaitTeller(say), backend=backend)
        finish(run_erase(pool, None if link_id is None else str(link_id), reference, open_output()))


@backend_app.command(
    "check",
    epilog=EPILOG,
    help="Check that a backend can be used: open it, and change a record that nobody needs.\n\n"
    "Makes the file where there is none.",
)
def check_(backend: _Backend) -> None:
    """See `help` above: it is made of parts."""
    with telling_errors():
        finish(check(make_backend(backend), open_output()))
