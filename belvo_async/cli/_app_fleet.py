"""The commands about jobs that many machines work at."""

from enum import StrEnum
from typing import Annotated, Final, TypeAlias

import typer

from belvo_async import SessionPool
from belvo_async.backends import make_backend
from belvo_async.cli._backend_status import check_file, show_job_of, watch_job_of
from belvo_async.cli._command import ENVIRONMENT, EPILOG, finish, say, telling_errors
from belvo_async.cli._console import open_messages, open_output
from belvo_async.cli._fleet import enqueue_links, pause_job, resume_job, retry_links, run_worker
from belvo_async.cli._lines import open_standard_input
from belvo_async.cli._pool_options import (
    DEFAULT_EGRESS,
    EgressOption,
    NamedBackendOption,
    RequestsOption,
    make_pool,
)
from belvo_async.cli._rows import RowFormat, open_rows
from belvo_async.cli._tasks import load_tasks
from belvo_async.cli._update import Desk, WaitTeller

_Job: TypeAlias = Annotated[str, typer.Option("--job", metavar="NAME", help="The job's name.")]


_TASKS_HELP: Final = "Your tasks, such as a FleetTasks, as package.module:name; the current folder counts."
_Tasks: TypeAlias = Annotated[str, typer.Option("--tasks", metavar="MODULE:NAME", help=_TASKS_HELP)]


class _Ended(StrEnum):
    """Which links can be tried again."""

    REFUSED = "refused"
    UNSETTLED = "unsettled"


fleet_app: Final = typer.Typer(
    help="Run a job that many machines work at: enqueue its links, start workers, stop it, let it go on.",
    epilog=EPILOG,
    no_args_is_help=True,
    rich_markup_mode=None,
)


@fleet_app.command(
    epilog=EPILOG,
    help="Take links into a job and into the queue of your engine, from CSV or JSON lines.\n\n"
    "The column is link_id; passwords are not wanted, as the worker looks them up. All rows are checked "
    "before any is taken. Links that have ended are left out; run it again after a kill, with the same file. "
    f"{ENVIRONMENT}",
)
def enqueue(
    links: Annotated[str, typer.Argument(metavar="FILE", help="CSV or JSON lines; - reads standard input.")],
    *,
    tasks: _Tasks,
    backend: NamedBackendOption,
    job: _Job,
    format_: Annotated[
        RowFormat | None, typer.Option("--format", help="By default the file's name or content tells.")
    ] = None,
) -> None:
    """See `help` above: it is made of parts."""
    with telling_errors():
        source = open_rows(links, format_, has_credentials=False)
        queue, pool = load_tasks(tasks), make_pool(WaitTeller(say), backend=backend)
        finish(enqueue_links(pool, queue, source, job, _open_desk()))


@fleet_app.command(
    epilog=EPILOG,
    help="Run a worker until SIGTERM or Ctrl-C: no new login starts then, and those in flight may end. The "
    f"second Ctrl-C cuts them off. {ENVIRONMENT}",
)
def worker(
    *,
    tasks: _Tasks,
    backend: NamedBackendOption,
    egress: EgressOption = DEFAULT_EGRESS,
    requests: RequestsOption = None,
) -> None:
    """See `help` above: it is made of parts."""
    with telling_errors():
        queue = load_tasks(tasks)
        pool = make_pool(WaitTeller(say), backend=backend, egress=egress, requests=requests)
        finish(run_worker(pool, queue, _open_desk()))


@fleet_app.command(
    epilog=EPILOG,
    help="Show how a job stands, as `belvo-async status --job` does; with --watch until every link has its "
    "outcome, or Ctrl-C. Needs no keys.",
)
def status(
    *,
    backend: NamedBackendOption,
    job: _Job,
    watch: Annotated[bool, typer.Option("--watch", help="Again every two seconds.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Lines of JSON.")] = False,
) -> None:
    """See `help` above: it is made of parts."""
    with telling_errors():
        shown, output = make_backend(backend), open_output()
        if watch:
            finish(watch_job_of(shown, job, output, as_json=as_json))
        finish(show_job_of(shown, job, (), output, as_json=as_json))


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
    help="Put links of a job that have ended back to the start and, with --tasks, into the queue of your "
    "engine; else write their ids, one a line. Unsettled links are looked at first, and put back only where "
    f"no success is seen once their login must have ended. {ENVIRONMENT}",
)
def retry(
    *,
    backend: NamedBackendOption,
    job: _Job,
    states: Annotated[
        list[_Ended] | None, typer.Option("--state", help="By default refused; may be repeated.")
    ] = None,
    tasks: Annotated[str | None, typer.Option("--tasks", metavar="MODULE:NAME", help=_TASKS_HELP)] = None,
) -> None:
    """See `help` above: it is made of parts."""
    with telling_errors():
        queue = None if tasks is None else load_tasks(tasks)
        pool = _open(backend)
        finish(retry_links(pool, queue, job, states or [_Ended.REFUSED], open_output(), open_messages()))


def _open(backend: str) -> SessionPool:
    check_file(make_backend(backend))
    return make_pool(WaitTeller(say), backend=backend)


def _open_desk() -> Desk:
    return Desk(output=open_output(), messages=open_messages(), source=open_standard_input())
