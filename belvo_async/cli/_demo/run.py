"""`belvo-async demo`: a few hundred links through one pool on the embedded sandbox, then a job."""

import asyncio
from functools import partial
from typing import Final

from rich.console import Console

from belvo_async import (
    BelvoError,
    Challenge,
    Concurrency,
    Credentials,
    Link,
    OutcomeUnknownError,
    RateLimit,
    RetryPolicy,
    SessionPool,
)
from belvo_async.cli._console import make_safe, write_prose
from belvo_async.cli._demo.checks import SandboxChecks, count_in_flight, read_checks
from belvo_async.cli._demo.job import run_job_demo
from belvo_async.cli._demo.progress import Progress
from belvo_async.cli._demo.state import DemoState, Entry
from belvo_async.cli._demo.users import DemoCustomer, gather_users
from belvo_async.cli._exit_codes import ExitCode
from belvo_async.cli._interrupt import Interrupt, close_on_interrupt, watch_signals
from belvo_async.cli._table import build_checks, build_outcomes, list_endings
from belvo_async.sandbox import Sandbox, SandboxOptions

_LOGIN_SECONDS: Final = 0.5
_GRACE: Final = 10.0
_CONCURRENCY: Final = Concurrency(total=64, per_institution=10)
_RETRY: Final = RetryPolicy(base=0.5)
"""Belvo's schedule begins with 3 s: too long for a demo."""


async def run_demo(console: Console, *, links: int, job_links: int, seed: int, plain: bool) -> ExitCode:
    """Run the demo and return its exit code."""
    options = SandboxOptions(login_seconds=_LOGIN_SECONDS)
    with watch_signals() as interrupt:
        async with Sandbox(options=options, seed=seed) as sandbox:
            _introduce(console, sandbox, links)
            state = _open_ledger(sandbox, gather_users(links, seed))
            await _update_all(sandbox, state, interrupt, console, plain=plain)
            code = _conclude(console, state, read_checks(sandbox), interrupted=interrupt.happened)
        if code is not ExitCode.OK or not job_links:
            return code
        return await run_job_demo(console, links=job_links, seed=seed, interrupt=interrupt)


def _introduce(console: Console, sandbox: Sandbox, links: int) -> None:
    write_prose(
        console,
        f"The embedded sandbox plays Belvo on {sandbox.url}: a real HTTP server in this process, "
        "made-up people, no bank.",
    )
    limit = RateLimit()
    write_prose(
        console,
        f"{links} links, a login takes {_LOGIN_SECONDS:g} s, at most {_CONCURRENCY.total} at once "
        f"(answers aside), {_CONCURRENCY.per_institution} per institution. "
        "The sandbox sets no rate limit; at Belvo the pool "
        f"keeps to {limit.requests} requests in {limit.window:g} s. Ctrl-C stops in good order.",
    )


def _open_ledger(sandbox: Sandbox, customers: tuple[DemoCustomer, ...]) -> DemoState:
    """Write down all customers, and put the links of those who are not new into the bank."""
    state = DemoState(customers)
    for entry in state.entries:
        customer = entry.customer
        if not customer.persona.is_new:
            link_id = sandbox.add_link(institution=customer.institution, username=customer.username)
            state.know(entry, link_id)
    return state


async def _update_all(
    sandbox: Sandbox, state: DemoState, interrupt: Interrupt, console: Console, *, plain: bool
) -> None:
    progress = Progress(state, console, partial(count_in_flight, sandbox))
    pool = SessionPool(
        Credentials(sandbox.secret_id, sandbox.secret_password),
        environment=sandbox.url,
        concurrency=_CONCURRENCY,
        retry=_RETRY,
        close_grace=_GRACE,
        observer=state.observe,
    )
    async with pool, progress.show(plain=plain):
        stopping = asyncio.ensure_future(close_on_interrupt(pool, interrupt, progress.say))
        async with asyncio.TaskGroup() as group:
            for entry in state.entries:
                group.create_task(_serve(entry, pool, state))
        if interrupt.happened:
            await stopping
        stopping.cancel()


async def _serve(entry: Entry, pool: SessionPool, state: DemoState) -> None:
    """Register the link of one customer if it is new, update it, and write down how it ended."""
    state.begin(entry)
    try:
        if entry.link_id is None:
            registered = await pool.links.register(entry.customer.build_registration())
            state.know(entry, registered.id)
        await _update(entry, pool, state)
    except BelvoError as error:
        state.end(entry, error)
    else:
        state.end(entry, None)


async def _update(entry: Entry, pool: SessionPool, state: DemoState) -> None:
    async def ask(challenge: Challenge) -> str | None:
        rounds = len(entry.challenges)
        state.ask(entry, challenge)
        token = await entry.customer.answer(challenge, rounds)
        state.answer(entry, challenge)
        return token

    update = entry.customer.build_update(entry.link_id or "")
    asked = (pool.links.update(update, provide_token=ask) for _ in range(entry.customer.persona.updates))
    results = await asyncio.gather(*asked, return_exceptions=True)
    _raise_worst(results)


def _raise_worst(results: list[Link | BaseException]) -> None:
    """Raise the error that says most about the link, if there is one."""
    errors = [result for result in results if isinstance(result, BaseException)]
    unknown = [error for error in errors if isinstance(error, OutcomeUnknownError)]
    for error in (*unknown, *errors):
        raise error


def _conclude(console: Console, state: DemoState, checks: SandboxChecks, *, interrupted: bool) -> ExitCode:
    if interrupted:
        console.print("Interrupted. The state of each link:")
        console.print("\n".join((*list_endings(state.entries), "")))
    else:
        console.print(build_outcomes(state.entries))
    console.print("What the sandbox's own log says:")
    console.print(build_checks(checks))
    if not checks.holds:
        console.print("NOT SAFE: see the counts above.", style="bold red")
        return ExitCode.FAILED
    if interrupted:
        return ExitCode.INTERRUPTED
    return _check_script(console, state)


def _check_script(console: Console, state: DemoState) -> ExitCode:
    """Hold each outcome against what the person was made for."""
    wrong = [entry for entry in state.entries if entry.outcome is not entry.customer.persona.outcome]
    if not wrong:
        console.print(
            f"Safe. All {state.total} links ended as their people were made to end, "
            f"in {state.elapsed:.1f} s.",
            style="bold green",
        )
        return ExitCode.OK
    console.print(f"{len(wrong)} links did not end as their people were made to end:", style="bold red")
    for entry in wrong[:10]:
        console.print(
            f"  {entry.customer.persona.username}: {entry.outcome}: {make_safe(str(entry.error))}",
            soft_wrap=True,
        )
    return ExitCode.FAILED
