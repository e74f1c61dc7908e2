"""`belvo-async demo`: a job whose people answer challenges, then a job that is killed and goes on."""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Final

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from belvo_async import Challenge, Concurrency, Credentials, RateLimit, RetryPolicy, SessionPool, bulk
from belvo_async.bulk import NotUpdated, Outcome, Parked, Updated
from belvo_async.cli._console import write_prose
from belvo_async.cli._demo.checks import SandboxCount, read_checks
from belvo_async.cli._demo.killed_job import run_killed_job
from belvo_async.cli._demo.people import STORIES, Person, add_links, draw_people
from belvo_async.cli._exit_codes import EndingKind, ExitCode
from belvo_async.cli._follow import follow_job
from belvo_async.cli._interrupt import Interrupt, watch_signals
from belvo_async.cli._job_view import LiveView, View
from belvo_async.sandbox import Sandbox, SandboxOptions

_LOGIN_SECONDS: Final = 0.5
_PLAIN_SECONDS: Final = 2.0
_CONCURRENCY: Final = Concurrency(total=64, per_institution=10)
_RETRY: Final = RetryPolicy(base=0.5)
"""Belvo's schedule begins with 3 s: too long for a demo."""


async def run_demo(console: Console, *, links: int, job_links: int, seed: int, plain: bool) -> ExitCode:
    """Run the demo and return its exit code."""
    options = SandboxOptions(login_seconds=_LOGIN_SECONDS)
    with watch_signals() as interrupt:
        async with Sandbox(options=options, seed=seed) as sandbox:
            _introduce(console, sandbox, links)
            people = add_links(sandbox, draw_people(links, seed))
            await _update_all(sandbox, people, interrupt, _choose_view(console, plain=plain))
            if interrupt.happened:
                _list_endings(console, sandbox, people.values())
            else:
                console.print(_build_outcomes(people.values()))
            code = _conclude(console, people.values(), read_checks(sandbox), interrupt)
        if code is not ExitCode.OK or not job_links:
            return code
        return await run_killed_job(console, links=job_links, seed=seed, interrupt=interrupt, plain=plain)


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
        f"(answers aside), {_CONCURRENCY.per_institution} per institution. The sandbox sets no rate limit; "
        f"at Belvo the pool keeps to {limit.requests} requests in {limit.window:g} s. Ctrl-C stops in good "
        "order.",
    )


def _choose_view(console: Console, *, plain: bool) -> View:
    if not plain:
        return LiveView(console, console)
    view = View(console, console)
    view.seconds = _PLAIN_SECONDS
    return view


async def _update_all(
    sandbox: Sandbox, people: Mapping[str, Person], interrupt: Interrupt, view: View
) -> None:
    async def ask(challenge: Challenge) -> str | None:
        return await people[challenge.link_id].answer(challenge)

    def note(outcome: Outcome) -> None:
        people[outcome.link_id].outcome = outcome

    keys = Credentials(sandbox.secret_id, sandbox.secret_password)
    pool = SessionPool(
        keys, environment=sandbox.url, concurrency=_CONCURRENCY, retry=_RETRY, observer=view.observe
    )
    async with pool:
        updates = [person.build_update() for person in people.values()]
        run = bulk.refresh(pool, updates, provide_token=ask)
        await follow_job(run, view, interrupt, say=view.say, tell=note)
        await pool.aclose(grace=0)


def _build_outcomes(people: Collection[Person]) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("outcome", "links", "banks", "challenges"):
        table.add_column(heading, justify="left" if heading == "outcome" else "right", no_wrap=True)
    for ending in dict.fromkeys(story.ending for story in STORIES):
        rows = [person for person in people if person.story.ending == ending and person.is_as_told]
        if rows:
            style = "green" if ending.startswith("updated") else "yellow"
            table.add_row(Text(ending, style=style), *_sum_up(rows))
    table.add_section()
    table.add_row("all", *_sum_up(people), style="bold")
    return table


def _sum_up(people: Collection[Person]) -> tuple[str, ...]:
    banks = {person.bank for person in people}
    return str(len(people)), str(len(banks)), str(sum(person.challenges for person in people))


def _list_endings(console: Console, sandbox: Sandbox, people: Collection[Person]) -> None:
    console.print("Interrupted. The state of each link:")
    counts = Counter(_find_ending(person, sandbox) for person in people)
    for kind in EndingKind:
        if counts[kind]:
            console.print(f"  {kind.value:<16}{counts[kind]:>5}")


def _find_ending(person: Person, sandbox: Sandbox) -> EndingKind:
    match person.outcome:
        case None if person.is_asked:
            return EndingKind.CHALLENGE_OPEN
        case None:
            return EndingKind.UNKNOWN if sandbox.logins(person.link_id) else EndingKind.NOT_STARTED
        case Updated():
            return EndingKind.UPDATED
        case NotUpdated():
            return EndingKind.NOT_UPDATED
        case Parked():
            return EndingKind.CHALLENGE_OPEN
        case _:
            return EndingKind.UNKNOWN


def _conclude(
    console: Console, people: Collection[Person], checks: Collection[SandboxCount], interrupt: Interrupt
) -> ExitCode:
    console.print("What the sandbox's own log says:")
    for check in checks:
        console.print(f"  {check.name:<34}  {check.count:>5}  {check.note}".rstrip())
    if not all(check.holds for check in checks):
        console.print("NOT SAFE: see the counts above.", style="bold red")
        return ExitCode.FAILED
    if interrupt.happened:
        return ExitCode.INTERRUPTED
    wrong = [person for person in people if not person.is_as_told]
    for person in wrong[:10]:
        write_prose(console, f"  {person.story.ending}: it was {person.outcome}")
    if wrong:
        console.print(f"{len(wrong)} links did not end as their people were made to end.", style="bold red")
        return ExitCode.FAILED
    console.print(
        f"Safe. All {len(people)} links ended as their people were made to end.", style="bold green"
    )
    return ExitCode.OK
