"""The commands about jobs that many machines work at."""

from enum import StrEnum
from typing import Annotated, Final, TypeAlias

import typer

from belvo_async import SessionPool
from belvo_async.backends import make_backend
from belvo_async.cli._backend_status import check_file
from belvo_async.cli._command import ENVIRONMENT, EPILOG, finish, say, telling_errors
from belvo_async.cli._console import open_messages, open_output
from belvo_async.cli._fleet import pause_job, resume_job, retry_links
from belvo_async.cli._pool_options import NamedBackendOption, make_pool
from belvo_async.cli._update import WaitTeller

_Job: TypeAlias = Annotated[str, typer.Option("--job", metavar="NAME", help="The job's name.")]


class _Ended(StrEnum):
    """Which links can be tried again."""

    REFUSED = "refused"
    UNSETTLED = "unsettled"


fleet_app: Final = typer.Typer(
    help="Stop a job that many machines work at, let it go on, and try its links again.",
    epilog=EPILOG,
    no_args_is_help=True,
    rich_markup_mode=None,
)


@fleet_app.command(
    epilog=EPILOG,
    help=f"Let no login of a job begin, on any machine. Challenges can still be answered. {ENVIRONMENT}",
)
def pause(*, backend: NamedBackendOption, job: _Job) -> None:
    """See `help` above: it is made of parts."""
    with telling_errors():
        finish(pause_job(_open(backend), job, open_messages()))


@fleet_app.command(epilog=EPILOG, help=f"Let the logins of a paused job begin again. {ENVIRONMENT}")
def resume(*, backend: NamedBackendOption, job: _Job) -> None:
    """See `help` above: it is made of parts."""
    with telling_errors():
        finish(resume_job(_open(backend), job, open_messages()))


@fleet_app.command(
    epilog=EPILOG,
    help="Put links of a job that have ended back to the start, and write their ids, one a line, for your "
    "engine. Unsettled links are looked at first, and put back only where no success is seen once their "
    f"login must have ended. {ENVIRONMENT}",
)
def retry(
    *,
    backend: NamedBackendOption,
    job: _Job,
    states: Annotated[
        list[_Ended] | None, typer.Option("--state", help="By default refused; may be repeated.")
    ] = None,
) -> None:
    """See `help` above: it is made of parts."""
    with telling_errors():
        pool = _open(backend)
        finish(retry_links(pool, job, states or [_Ended.REFUSED], open_output(), open_messages()))


def _open(backend: str) -> SessionPool:
    check_file(make_backend(backend))
    return make_pool(WaitTeller(say), backend=backend)
