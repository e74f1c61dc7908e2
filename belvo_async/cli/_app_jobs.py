"""The commands that work at many links in one job."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Final, NoReturn, TypeAlias
from uuid import UUID

import typer

from belvo_async import Concurrency, SessionPool, bulk
from belvo_async.backends import MemoryBackend, SqliteChallengeStore
from belvo_async.bulk import JobLimits, StopRule, list_links
from belvo_async.cli._command import ENVIRONMENT, EPILOG, finish, telling_errors
from belvo_async.cli._console import open_messages, open_output
from belvo_async.cli._job import JobOrder, check_options, run_job
from belvo_async.cli._job_view import JsonView, LiveView, View
from belvo_async.cli._journal_status import show_journal
from belvo_async.cli._lines import open_standard_input
from belvo_async.cli._pool_options import (
    DEFAULT_EGRESS,
    BackendOption,
    EgressOption,
    RequestsOption,
    make_pool,
)
from belvo_async.cli._retrieval import Resource, begin_retrieval, read_options
from belvo_async.cli._rows import RowFormat, open_rows
from belvo_async.cli._update import Desk
from belvo_async.errors import ChallengeStoreError, UsageError

_LIMITS: Final = JobLimits()


class Retriable(StrEnum):
    """What an earlier run has left."""

    REFUSED = "refused"
    UNSETTLED = "unsettled"
    PARKED = "parked"


_File: TypeAlias = Annotated[
    str | None, typer.Argument(metavar="FILE", help="CSV or JSON lines; - reads standard input.")
]
_Journal: TypeAlias = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Keeps the state of each link; made if missing.")
]
_Job: TypeAlias = Annotated[
    str | None, typer.Option(metavar="NAME", help="In place of a journal: the job's name in the --backend.")
]
_Status: TypeAlias = Annotated[
    Path | None, typer.Option(metavar="JOURNAL", help="Show how a job stands, and do nothing else.")
]
_Listed: TypeAlias = Annotated[
    list[Retriable] | None,
    typer.Option("--list", help="With --status: show these links, and why; may be repeated."),
]
_Format: TypeAlias = Annotated[
    RowFormat | None, typer.Option("--format", help="By default the file's name or content tells.")
]
_SkipBadRows: TypeAlias = Annotated[bool, typer.Option("--skip-bad-rows", help="Go on without them.")]
_Retry: TypeAlias = Annotated[
    list[Retriable] | None, typer.Option(help="Try these of an earlier run again; may be repeated.")
]
_Ask: TypeAlias = Annotated[
    bool, typer.Option("--ask", help="Ask for tokens here; by default challenges are parked.")
]
_DryRun: TypeAlias = Annotated[bool, typer.Option("--dry-run", help="Show what would be done.")]
_AtOnce: TypeAlias = Annotated[
    int | None, typer.Option(min=1, help="Logins at once, in all; else what the limit allows.")
]
_PerInstitution: TypeAlias = Annotated[
    int | None, typer.Option(min=1, help="Logins at once at one institution; else as many as in all.")
]
_LookAhead: TypeAlias = Annotated[
    int, typer.Option(min=1, help="Rows read ahead, to let institutions take turns.")
]
_LinkDeadline: TypeAlias = Annotated[
    float | None, typer.Option(min=1, metavar="SECONDS", help="For each link, from its turn on.")
]
_LoginLimit: TypeAlias = Annotated[
    float,
    typer.Option(min=0, metavar="SECONDS", help="How long a login that was cut off may still be running."),
]
_StopAfter: TypeAlias = Annotated[
    int | None, typer.Option(min=1, metavar="LINKS", help="Stop when so many have failed.")
]
_StopShare: TypeAlias = Annotated[
    float | None,
    typer.Option(min=0.01, max=1, metavar="SHARE", help="Stop when such a share of the last 100 failed."),
]
_Json: TypeAlias = Annotated[bool, typer.Option("--json", help="Lines of JSON on standard output.")]


def add_job_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command(
        epilog=EPILOG,
        help="Update the credentials of many links, from CSV or JSON lines.\n\n"
        "Columns: link_id, password, password2, token, encryption_key, username_type, certificate, "
        "private_key, institution, institution_user_id. All rows are checked before anything is sent. With "
        f"a journal the job can be stopped at any moment and goes on where it was. {ENVIRONMENT}",
    )(refresh)
    app.command(
        epilog=EPILOG,
        help="Retrieve the data of many links into a file, with one login for each.\n\n"
        "The column of the links is link_id. All rows are checked before anything is sent. With a journal "
        "the job can be stopped at any moment and goes on where it was, with the same file of rows. A login "
        f"whose response is lost is not repeated: --list unsettled names its link. {ENVIRONMENT}",
    )(retrieve)


def refresh(  # noqa: PLR0913 - options
    links: _File = None,
    *,
    journal: _Journal = None,
    job: _Job = None,
    status: _Status = None,
    listed: _Listed = None,
    format_: _Format = None,
    skip_bad_rows: _SkipBadRows = False,
    retry: _Retry = None,
    resend: Annotated[
        list[UUID] | None,
        typer.Option(
            metavar="LINK_ID",
            help="Send this link's credentials though they were refused before; may be repeated.",
        ),
    ] = None,
    ask: _Ask = False,
    backend: BackendOption = None,
    egress: EgressOption = DEFAULT_EGRESS,
    requests: RequestsOption = None,
    dry_run: _DryRun = False,
    at_once: _AtOnce = None,
    per_institution: _PerInstitution = None,
    look_ahead: _LookAhead = _LIMITS.look_ahead,
    link_deadline: _LinkDeadline = None,
    login_limit: _LoginLimit = _LIMITS.login_limit,
    stop_after: _StopAfter = None,
    stop_share: _StopShare = None,
    as_json: _Json = False,
) -> None:
    """Update links: its help is made of parts, see `add_job_commands`."""
    with telling_errors():
        if status is not None:
            show_journal(status, listed or (), open_output(), as_json=as_json)
            return
        path = check_options(
            links,
            journal,
            job,
            has_backend=bool(backend),
            retry=bool(retry or resend),
            ask=ask,
            listed=bool(listed),
        )
        start = partial(
            bulk.refresh,
            job=job,
            journal=journal,
            limits=JobLimits(look_ahead=look_ahead, link_deadline=link_deadline, login_limit=login_limit),
            stop=StopRule(failures=stop_after, share=stop_share),
            retry=retry or (),
            resend=resend or (),
            dry_run=dry_run,
        )
        order = JobOrder(
            source=open_rows(path, format_),
            start=start,
            command="refresh",
            journal=journal,
            job=job,
            skip_bad_rows=skip_bad_rows,
            ask=ask,
        )
        view = _choose_view(as_json=as_json, is_live=not ask)
        pool, challenges = _make_pool(
            view,
            None if dry_run else journal,
            backend=backend,
            egress=egress,
            requests=requests,
            concurrency=_choose_concurrency(at_once, per_institution),
        )
        _run(order, view, pool, challenges)


def retrieve(  # noqa: PLR0913 - options
    resource: Annotated[Resource | None, typer.Argument(help="What is retrieved.")] = None,
    links: _File = None,
    *,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where the rows go, as JSON lines; made if missing."),
    ] = None,
    first: Annotated[
        str | None, typer.Option("--from", metavar="YYYY-MM-DD", help="The first day of the period.")
    ] = None,
    last: Annotated[
        str | None, typer.Option("--to", metavar="YYYY-MM-DD", help="The last day of the period.")
    ] = None,
    no_save: Annotated[
        bool, typer.Option("--no-save", help="Let Belvo store nothing: what is lost on the way is lost.")
    ] = False,
    options: Annotated[
        list[str] | None,
        typer.Option(
            "--option", metavar="NAME=VALUE", help="Another option of the resource; may be repeated."
        ),
    ] = None,
    journal: _Journal = None,
    job: _Job = None,
    status: _Status = None,
    listed: _Listed = None,
    format_: _Format = None,
    skip_bad_rows: _SkipBadRows = False,
    retry: _Retry = None,
    resend: Annotated[
        list[UUID] | None,
        typer.Option(
            metavar="LINK_ID",
            help="Try this link again though somebody had to act first: that was done. May be repeated.",
        ),
    ] = None,
    ask: _Ask = False,
    backend: BackendOption = None,
    egress: EgressOption = DEFAULT_EGRESS,
    requests: RequestsOption = None,
    dry_run: _DryRun = False,
    at_once: _AtOnce = None,
    per_institution: _PerInstitution = None,
    login_limit: _LoginLimit = _LIMITS.login_limit,
    stop_after: _StopAfter = None,
    as_json: _Json = False,
) -> None:
    """Retrieve data: its help is made of parts, see `add_job_commands`."""
    with telling_errors():
        if status is not None:
            show_journal(status, listed or (), open_output(), as_json=as_json)
            return
        if resource is None:
            raise UsageError("Nothing is named to retrieve.", remedy="Name a resource, such as transactions.")
        path = check_options(
            links,
            journal,
            job,
            has_backend=bool(backend),
            retry=bool(retry or resend),
            ask=ask,
            listed=bool(listed),
        )
        if (out is None and not dry_run) or str(out) == "-":
            raise UsageError("There is no file for the rows.", remedy="Name it with --out.")
        view = _choose_view(as_json=as_json, is_live=not ask)
        pool, challenges = _make_pool(
            view,
            None if dry_run else journal,
            backend=backend,
            egress=egress,
            requests=requests,
            concurrency=_choose_concurrency(at_once, per_institution),
        )
        start = begin_retrieval(
            pool,
            resource,
            read_options(first, last, options or (), saves=not no_save),
            output=out,
            job=job,
            journal=journal,
            limits=JobLimits(login_limit=login_limit),
            stop=StopRule(failures=stop_after),
            retry=retry or (),
            resend=resend or (),
            dry_run=dry_run,
        )
        order = JobOrder(
            source=open_rows(path, format_, has_credentials=False),
            start=start,
            command="retrieve",
            journal=journal,
            job=job,
            skip_bad_rows=skip_bad_rows,
            ask=ask,
        )
        _run(order, view, pool, challenges)


def _make_pool(
    view: View,
    journal: Path | None,
    *,
    backend: str | None,
    egress: str,
    requests: int | None,
    concurrency: Concurrency | None,
) -> tuple[SessionPool, SqliteChallengeStore | None]:
    """Make a pool; without a backend its challenges are in the journal, whose store is to be opened first."""
    challenges = None if backend or journal is None else SqliteChallengeStore(journal)
    pool = make_pool(
        view.observe,
        backend=backend if challenges is None else MemoryBackend(challenges),
        egress=egress,
        requests=requests,
        concurrency=concurrency,
    )
    return pool, challenges


def _run(order: JobOrder, view: View, pool: SessionPool, challenges: SqliteChallengeStore | None) -> NoReturn:
    desk = Desk(output=open_output(), messages=open_messages(), source=open_standard_input())
    finish(run_job(_open(challenges, pool, order.journal), order, view, desk))


@asynccontextmanager
async def _open(
    challenges: SqliteChallengeStore | None, pool: SessionPool, journal: Path | None
) -> AsyncIterator[SessionPool]:
    """Open a pool, and the store in the journal where it has one."""
    async with AsyncExitStack() as opened:
        try:
            if challenges is not None:
                await opened.enter_async_context(challenges)
        except ChallengeStoreError:
            if journal is not None:
                list_links(journal, (), 0)  # where it is no journal, this calls it by that name
            raise
        yield await opened.enter_async_context(pool)


def _choose_concurrency(at_once: int | None, per_institution: int | None) -> Concurrency | None:
    if at_once is not None:
        return Concurrency(total=at_once, per_institution=per_institution)
    return None if per_institution is None else Concurrency(per_institution=per_institution)


def _choose_view(*, as_json: bool, is_live: bool) -> View:
    output, messages = open_output(), open_messages()
    if as_json:
        return JsonView(output, messages)
    return (LiveView if is_live and messages.is_terminal else View)(output, messages)
