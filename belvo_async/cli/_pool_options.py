"""The options of the commands that send: what several processes share, and how much they may send."""

from typing import Annotated, Final, TypeAlias

import typer

from belvo_async import Concurrency, RateLimit, SessionPool
from belvo_async.backends import Backend
from belvo_async.telemetry import Observer

BACKEND_HELP: Final = (
    "What processes share that behave as one: the path of an SQLite file, or an address of Redis or "
    "PostgreSQL."
)
BACKEND_VARIABLE: Final = "BELVO_BACKEND"
BackendOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--backend", metavar="BACKEND", envvar=BACKEND_VARIABLE, help=BACKEND_HELP),
]
NamedBackendOption: TypeAlias = Annotated[
    str, typer.Option("--backend", metavar="BACKEND", envvar=BACKEND_VARIABLE, help=BACKEND_HELP)
]
"""For commands that are about nothing else."""
EgressOption: TypeAlias = Annotated[
    str,
    typer.Option("--egress", metavar="NAME", help="Of the IP address that requests leave from, if several."),
]
RequestsOption: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--requests-per-window",
        min=1,
        metavar="NUMBER",
        help="Requests in any 30 s, of all processes that share the backend; else Belvo's 80.",
    ),
]
DEFAULT_EGRESS: Final = "default"


def make_pool(
    observer: Observer,
    *,
    backend: Backend | str | None,
    egress: str = DEFAULT_EGRESS,
    requests: int | None = None,
    concurrency: Concurrency | None = None,
) -> SessionPool:
    """Make the pool of a command, with keys from the environment.

    Raises:
        ConfigurationError: A setting is missing or makes no sense.
    """
    return SessionPool(
        observer=observer,
        backend=backend,
        egress=egress,
        rate_limit=None if requests is None else RateLimit(requests=requests, burst=min(8, requests)),
        concurrency=concurrency,
    )
