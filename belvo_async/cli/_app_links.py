"""The commands about links."""

from typing import Annotated

import typer

from belvo_async.cli._command import ENVIRONMENT, EPILOG, finish, say, telling_errors
from belvo_async.cli._console import open_messages, open_output
from belvo_async.cli._links import Wanted, list_links
from belvo_async.cli._pool_options import (
    DEFAULT_EGRESS,
    BackendOption,
    EgressOption,
    RequestsOption,
    make_pool,
)
from belvo_async.cli._update import WaitTeller

links_app = typer.Typer(
    help="Look at the links of the account.", epilog=EPILOG, no_args_is_help=True, rich_markup_mode=None
)


@links_app.command("list", epilog=EPILOG, help=f"List links. {ENVIRONMENT}")
def list_(
    *,
    status: Annotated[
        list[str] | None,
        typer.Option(help="valid, invalid, unconfirmed or token_required; may be repeated."),
    ] = None,
    institution: Annotated[list[str] | None, typer.Option(metavar="NAME", help="May be repeated.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 100,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    backend: BackendOption = None,
    egress: EgressOption = DEFAULT_EGRESS,
    requests: RequestsOption = None,
) -> None:
    """See `help` above: it is made of parts."""
    wanted = Wanted(
        statuses=tuple(status or ()), institutions=tuple(institution or ()), limit=limit, as_json=as_json
    )
    with telling_errors():
        pool = make_pool(WaitTeller(say), backend=backend, egress=egress, requests=requests)
        finish(list_links(pool, wanted, open_output(), open_messages()))
