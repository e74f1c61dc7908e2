"""The commands, their arguments, and the exit codes."""

from typing import Annotated
from uuid import UUID

import typer

from belvo_async import LinkUpdate, __version__
from belvo_async.backends import make_backend
from belvo_async.cli._app_backend import backend_app
from belvo_async.cli._app_challenges import challenges_app
from belvo_async.cli._app_fleet import fleet_app
from belvo_async.cli._app_jobs import Retriable, add_job_commands
from belvo_async.cli._app_links import links_app
from belvo_async.cli._ask import ask_secret
from belvo_async.cli._backend_status import show_backend, show_job_of
from belvo_async.cli._command import ENVIRONMENT, EPILOG, finish, say, telling_errors
from belvo_async.cli._console import open_messages, open_output
from belvo_async.cli._demo.run import run_demo
from belvo_async.cli._lines import open_standard_input
from belvo_async.cli._pool_options import (
    DEFAULT_EGRESS,
    BackendOption,
    EgressOption,
    NamedBackendOption,
    RequestsOption,
    make_pool,
)
from belvo_async.cli._sandbox import LimitOption, run_sandbox
from belvo_async.cli._update import Desk, WaitTeller, run_update
from belvo_async.errors import UsageError

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
add_job_commands(app)


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
