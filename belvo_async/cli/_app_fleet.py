"""The commands about jobs that many machines work at."""

from enum import StrEnum
from typing import Annotated, Final, TypeAlias

import typer

from belvo_async import Concurrency, SessionPool
from belvo_async.backends import make_backend
from belvo_async.cli._backend_status import check_file, show_fleet
from belvo_async.cli._command import ENVIRONMENT, EPILOG, finish, say, telling_errors
from belvo_async.cli._console import open_messages, open_output
from belvo_async.cli._fleet import (
    enqueue_links,
    pause_job,
    resume_job,
    retry_in_queue,
    retry_links,
    run_fleet_worker,
)
from belvo_async.cli._pool_options import (
    DEFAULT_EGRESS,
    EgressOption,
    NamedBackendOption,
    RequestsOption,
    make_pool,
)
from belvo_async.cli._rows import RowFormat, open_rows
from belvo_async.cli._tasks import load_tasks
from belvo_async.cli._update import WaitTeller

_Job: TypeAlias = Annotated[str, typer.Option("--job", metavar="NAME", help="The job's name.")]


_TasksOption: TypeAlias = Annotated[
    str,
    typer.Option(
        "--tasks",
        metavar="MODULE:NAME",
        envvar="BELVO_TASKS",
        help="The tasks in a module of yours: a FleetTasks of belvo_async.contrib.procrastinate, for one.",
    ),
]


class _Ended(StrEnum):
    """Which links can be tried again."""

    REFUSED = "refused"
    UNSETTLED = "unsettled"


fleet_app: Final = typer.Typer(
    help="Work at a job on many machines: queue its links, stop it, let it go on, and try links again.",
    epilog=EPILOG,
    no_args_is_help=True,
    rich_markup_mode=None,
)


@fleet_app.command(
    epilog=EPILOG,
    help="Take the links of a file into a job, and into the queue of your tasks.\n\n"
    "Columns: link_id, institution. Passwords have no place in a queue: the worker asks your application for "
    f"them. After a kill, run it again: it does no harm that links are queued twice. {ENVIRONMENT}",
)
def enqueue(
    links: Annotated[str, typer.Argument(metavar="FILE", help="CSV or JSON lines; - reads standard input.")],
    *,
    job: _Job,
    tasks: _TasksOption,
    backend: NamedBackendOption,
    format_: Annotated[
        RowFormat | None, typer.Option("--format", help="By default the file's name or content tells.")
    ] = None,
) -> None:
    """See `help` above: it is made of parts."""
    with telling_errors():
        engine, source = load_tasks(tasks), open_rows(links, format_)
        pool = make_pool(WaitTeller(say), backend=backend)
        finish(enqueue_links(pool, engine, source, job, open_messages()))


@fleet_app.command(
    epilog=EPILOG,
    help="Work at the links in the queue, until Ctrl-C or SIGTERM: then logins under way may end, and no new "
    f"one begins. {ENVIRONMENT}",
)
def worker(
    *,
    tasks: _TasksOption,
    backend: NamedBackendOption,
    egress: EgressOption = DEFAULT_EGRESS,
    requests: RequestsOption = None,
    at_once: Annotated[
        int | None, typer.Option(min=1, help="Links at once; else what the limit allows.")
    ] = None,
) -> None:
    """See `help` above: it is made of parts."""
    with telling_errors():
        engine = load_tasks(tasks)
        pool = make_pool(
            WaitTeller(say),
            backend=backend,
            egress=egress,
            requests=requests,
            concurrency=None if at_once is None else Concurrency(total=at_once),
        )
        finish(run_fleet_worker(pool, engine, open_messages()))


@fleet_app.command(
    epilog=EPILOG,
    help="Show how a job stands, whichever machines work at it: its links by state, the pace, the requests "
    "that were sent and those that are allowed, and the next challenge to expire.",
)
def status(
    *,
    backend: NamedBackendOption,
    job: _Job,
    watch: Annotated[bool, typer.Option("--watch", help="Show it anew every two seconds.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Lines of JSON.")] = False,
) -> None:
    """See `help` above: it is made of parts."""
    with telling_errors():
        shown = make_backend(backend)
        finish(show_fleet(shown, job, open_output(), as_json=as_json, is_watched=watch))


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
    help="Put links of a job that have ended back to the start and, with --tasks, into the queue; without, "
    "their ids are written, one a line, for your engine. Unsettled links are looked at first, and put back "
    f"only where no success is seen once their login must have ended. {ENVIRONMENT}",
)
def retry(
    *,
    backend: NamedBackendOption,
    job: _Job,
    states: Annotated[
        list[_Ended] | None, typer.Option("--state", help="By default refused; may be repeated.")
    ] = None,
    tasks: Annotated[
        str | None,
        typer.Option("--tasks", metavar="MODULE:NAME", envvar="BELVO_TASKS", help="Of which queue."),
    ] = None,
) -> None:
    """See `help` above: it is made of parts."""
    with telling_errors():
        pool, wanted = _open(backend), states or [_Ended.REFUSED]
        if tasks is None:
            finish(retry_links(pool, job, wanted, open_output(), open_messages()))
        finish(retry_in_queue(pool, load_tasks(tasks), job, wanted, open_messages()))


def _open(backend: str) -> SessionPool:
    check_file(make_backend(backend))
    return make_pool(WaitTeller(say), backend=backend)
