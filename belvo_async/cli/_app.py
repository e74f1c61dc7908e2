"""The commands, their arguments, and the exit codes."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Final
from uuid import UUID

import typer

from belvo_async import Concurrency, LinkUpdate, SessionPool, __version__, bulk
from belvo_async.backends import MemoryBackend, SqliteChallengeStore, make_backend
from belvo_async.bulk import JobLimits, StopRule, list_links
from belvo_async.cli._app_backend import backend_app
from belvo_async.cli._app_challenges import challenges_app
from belvo_async.cli._app_fleet import fleet_app
from belvo_async.cli._app_links import links_app
from belvo_async.cli._ask import ask_secret
from belvo_async.cli._backend_status import show_backend, show_job_of
from belvo_async.cli._command import ENVIRONMENT, EPILOG, finish, say, telling_errors
from belvo_async.cli._console import open_messages, open_output
from belvo_async.cli._demo.run import run_demo
from belvo_async.cli._journal_status import show_journal
from belvo_async.cli._lines import open_standard_input
from belvo_async.cli._pool_options import (
    DEFAULT_EGRESS,
    BackendOption,
    EgressOption,
    NamedBackendOption,
    RequestsOption,
    make_pool,
)
from belvo_async.cli._refresh import RefreshOrder, check_options, run_refresh
from belvo_async.cli._refresh_view import JsonView, LiveView, View
from belvo_async.cli._rows import RowFormat, open_rows
from belvo_async.cli._sandbox import LimitOption, run_sandbox
from belvo_async.cli._update import Desk, WaitTeller, run_update
from belvo_async.errors import ChallengeStoreError, UsageError

_LIMITS: Final = JobLimits()


class Retriable(StrEnum):
    """What an earlier run has left."""

    REFUSED = "refused"
    UNSETTLED = "unsettled"
    PARKED = "parked"


app = typer.Typer(
    help="Update many Belvo links at once and answer their MFA challenges.",
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # they would show passwords
    rich_markup_mode=None,
)
app.add_typer(links_app, name="links")
app.add_typer(challenges_app, name="challenges")
app.add_typer(backend_app, name="backend")
app.add_typer(fleet_app, name="fleet")


def run() -> None:
    """Run the command line on the arguments of this process."""
    app()


def _show_version(wanted: bool) -> None:  # noqa: FBT001 - how typer calls it
    if wanted:
        typer.echo(f"belvo-async {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None: ...


@app.command(epilog=EPILOG)
def demo(
    *,
    links: Annotated[int, typer.Option(min=1, max=5000, help="How many links to update.")] = 300,
    job_links: Annotated[
        int, typer.Option(min=0, max=100_000, help="How many links for the job that is killed; 0: no job.")
    ] = 2000,
    seed: Annotated[int, typer.Option(help="Draws other people; the same seed draws the same ones.")] = 1,
    plain: Annotated[bool, typer.Option("--plain", help="Lines in place of the live panel.")] = False,
) -> None:
    """Update a few hundred links at once, then run a job that is killed and goes on; takes half a minute."""
    console = open_output()
    is_plain = plain or not console.is_terminal
    finish(run_demo(console, links=links, job_links=job_links, seed=seed, plain=is_plain))


@app.command(
    epilog=EPILOG,
    help="Update the credentials of one link, and answer its MFA challenges.\n\n"
    "Asks for the password without showing it; without a terminal, the first line of standard input is the "
    f"password and the following ones are answers. {ENVIRONMENT}",
)
def update(
    link_id: Annotated[UUID, typer.Argument(help="The link's id, as `links list` shows it.")],
    *,
    password2: Annotated[bool, typer.Option("--password2", help="Ask for a second password.")] = False,
    institution: Annotated[str | None, typer.Option(metavar="NAME", help="Where the login happens.")] = None,
    username_type: Annotated[
        str | None, typer.Option(metavar="CODE", help="Code of the document type, such as 003.")
    ] = None,
    backend: BackendOption = None,
    egress: EgressOption = DEFAULT_EGRESS,
    requests: RequestsOption = None,
) -> None:
    """See `help` above: it is made of parts."""
    with telling_errors():
        pool = make_pool(WaitTeller(say), backend=backend, egress=egress, requests=requests)
        source = open_standard_input()
        order = LinkUpdate(
            str(link_id),
            password=ask_secret("New password", source),
            password2=ask_secret("Second password", source) if password2 else None,
            institution=institution,
            username_type=username_type,
        )
        desk = Desk(output=open_output(), messages=open_messages(), source=source)
        finish(run_update(pool, order, desk))


@app.command(
    epilog=EPILOG,
    help="Update the credentials of many links, from CSV or JSON lines.\n\n"
    "Columns: link_id, password, password2, token, encryption_key, username_type, certificate, private_key, "
    "institution, institution_user_id. All rows are checked before anything is sent. With a journal the job "
    f"can be stopped at any moment and goes on where it was. {ENVIRONMENT}",
)
def refresh(  # noqa: PLR0913 - options
    links: Annotated[
        str | None, typer.Argument(metavar="FILE", help="CSV or JSON lines; - reads standard input.")
    ] = None,
    *,
    journal: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Keeps the state of each link; made if missing.")
    ] = None,
    job: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="In place of a journal: the job's name in the --backend."),
    ] = None,
    status: Annotated[
        Path | None, typer.Option(metavar="JOURNAL", help="Show how a job stands, and do nothing else.")
    ] = None,
    listed: Annotated[
        list[Retriable] | None,
        typer.Option("--list", help="With --status: show these links, and why; may be repeated."),
    ] = None,
    format_: Annotated[
        RowFormat | None, typer.Option("--format", help="By default the file's name or content tells.")
    ] = None,
    skip_bad_rows: Annotated[bool, typer.Option("--skip-bad-rows", help="Go on without them.")] = False,
    retry: Annotated[
        list[Retriable] | None,
        typer.Option(help="Try these of an earlier run again; may be repeated."),
    ] = None,
    resend: Annotated[
        list[UUID] | None,
        typer.Option(
            metavar="LINK_ID",
            help="Send this link's credentials though they were refused before; may be repeated.",
        ),
    ] = None,
    ask: Annotated[
        bool, typer.Option("--ask", help="Ask for tokens here; by default challenges are parked.")
    ] = False,
    backend: BackendOption = None,
    egress: EgressOption = DEFAULT_EGRESS,
    requests: RequestsOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be done.")] = False,
    at_once: Annotated[
        int | None, typer.Option(min=1, help="Logins at once, in all; else what the limit allows.")
    ] = None,
    per_institution: Annotated[
        int | None, typer.Option(min=1, help="Logins at once at one institution; else as many as in all.")
    ] = None,
    look_ahead: Annotated[
        int, typer.Option(min=1, help="Rows read ahead, to let institutions take turns.")
    ] = _LIMITS.look_ahead,
    link_deadline: Annotated[
        float | None, typer.Option(min=1, metavar="SECONDS", help="For each link, from its turn on.")
    ] = None,
    login_limit: Annotated[
        float,
        typer.Option(
            min=0, metavar="SECONDS", help="How long a login that was cut off may still be running."
        ),
    ] = _LIMITS.login_limit,
    stop_after: Annotated[
        int | None, typer.Option(min=1, metavar="LINKS", help="Stop when so many have failed.")
    ] = None,
    stop_share: Annotated[
        float | None,
        typer.Option(min=0.01, max=1, metavar="SHARE", help="Stop when such a share of the last 100 failed."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Lines of JSON on standard output.")] = False,
) -> None:
    """See `help` above: it is made of parts."""
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
        view = _choose_view(as_json=as_json, is_live=not ask)
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
        order = RefreshOrder(
            source=open_rows(path, format_),
            start=start,
            journal=journal,
            job=job,
            skip_bad_rows=skip_bad_rows,
            ask=ask,
        )
        desk = Desk(output=open_output(), messages=open_messages(), source=open_standard_input())
        challenges = None if backend or dry_run or journal is None else SqliteChallengeStore(journal)
        pool = make_pool(
            view.observe,
            backend=backend if challenges is None else MemoryBackend(challenges),
            egress=egress,
            requests=requests,
            concurrency=_choose_concurrency(at_once, per_institution),
        )
        finish(run_refresh(_open(challenges, pool, journal), order, view, desk))


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


@app.command(
    epilog=EPILOG,
    help="Show what holds back the processes that share a backend: the windows of the rate limit, the links "
    "at which one of them logs in, its jobs, and how many challenges are open. With --job, one job and what "
    f"has become of its links. {ENVIRONMENT} Without keys, challenges are not counted.",
)
def status(
    *,
    backend: NamedBackendOption,
    job: Annotated[str | None, typer.Option(metavar="NAME", help="Show this job of the backend.")] = None,
    listed: Annotated[
        list[Retriable] | None,
        typer.Option("--list", help="With --job: show these links, and why; may be repeated."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Lines of JSON.")] = False,
) -> None:
    """See `help` above: it is made of parts."""
    with telling_errors():
        shown = make_backend(backend)
        if job is not None:
            finish(show_job_of(shown, job, listed or (), open_output(), as_json=as_json))
        elif listed:
            raise UsageError("--list needs a job to look into.", remedy="Name it with --job.")
        else:
            finish(show_backend(shown, open_output(), as_json=as_json))


@app.command(epilog=EPILOG)
def sandbox(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 0,
    seed: Annotated[int, typer.Option(help="The same seed makes the same keys and link ids.")] = 0,
    limit: LimitOption = None,
) -> None:
    """Run the Belvo look-alike on this machine until Ctrl-C."""
    finish(run_sandbox(open_output(), open_messages(), port=port, seed=seed, limit=limit))
