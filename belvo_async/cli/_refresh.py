"""`belvo-async refresh`: the links of a file, one job, and what becomes of them."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from itertools import islice
from pathlib import Path
from typing import Final

from attrs import frozen

from belvo_async import BelvoError, Challenge, Concurrency, LinkUpdate, SessionPool, TokenProvider, bulk
from belvo_async.bulk import RefreshReport, RefreshRun, StopRule
from belvo_async.cli._ask import Asker
from belvo_async.cli._console import write_error, write_prose
from belvo_async.cli._endings import ExitCode, find_code
from belvo_async.cli._interrupt import Interrupt, close_on_interrupt, watch_signals
from belvo_async.cli._refresh_view import View
from belvo_async.cli._rows import (
    BadRow,
    Checked,
    RowSource,
    StoppedError,
    StreamSource,
    Tally,
    check_rows,
    list_problems,
    read_updates,
)
from belvo_async.cli._update import Desk
from belvo_async.errors import JobError

_BATCH: Final = 64


@frozen(kw_only=True)
class RefreshOrder:
    """What was asked for on the command line."""

    source: RowSource
    journal: Path | None = None
    skip_bad_rows: bool = False
    ask: bool = False
    retry: tuple[str, ...] = ()
    concurrency: Concurrency | None = None
    look_ahead: int = 1000
    link_deadline: float | None = None
    login_limit: float = 300.0
    stop: StopRule | None = None
    dry_run: bool = False


async def run_refresh(pool: SessionPool, order: RefreshOrder, view: View, desk: Desk) -> ExitCode:
    """Check the rows, run the job and return the exit code."""
    with watch_signals() as interrupt:
        try:
            checked = await asyncio.to_thread(_check, order, interrupt)
        except StoppedError:
            desk.say("Interrupted; nothing was sent.")
            return ExitCode.INTERRUPTED
        if checked is not None and checked.problem_count:
            _tell_problems(order.source, checked.bad, checked.problem_count, desk)
            desk.say(
                f"{checked.problem_count:,} bad rows, {checked.total:,} good ones. Correct them, or pass "
                "--skip-bad-rows to go on without them; of a link that is repeated, the last row counts."
            )
            if not order.skip_bad_rows:
                return ExitCode.USAGE
        async with pool:
            return await _Job(pool, order, view, desk, interrupt).run(checked)


def _check(order: RefreshOrder, interrupt: Interrupt) -> Checked | None:
    """Read all rows; but a stream whose bad rows are skipped is read as it comes."""
    if order.skip_bad_rows and isinstance(order.source, StreamSource):
        return None
    return check_rows(order.source, stop=lambda: interrupt.happened)


def _tell_problems(source: RowSource, rows: Iterable[BadRow], count: int, desk: Desk) -> None:
    for line in list_problems(source.name, tuple(rows), count):
        write_prose(desk.messages, line)


class _Job:
    """One run on the command line."""

    def __init__(
        self, pool: SessionPool, order: RefreshOrder, view: View, desk: Desk, interrupt: Interrupt
    ) -> None:
        self._pool: Final = pool
        self._order: Final = order
        self._view: Final = view
        self._desk: Final = desk
        self._interrupt: Final = interrupt
        self._skipped: Final = Tally()
        self._asking: Final = asyncio.Lock()

    async def run(self, checked: Checked | None) -> ExitCode:
        order = self._order
        run = bulk.refresh(
            self._pool,
            self._read(),
            provide_token=self._build_provider(),
            journal=order.journal,
            concurrency=order.concurrency,
            look_ahead=order.look_ahead,
            link_deadline=order.link_deadline,
            login_limit=order.login_limit,
            stop=order.stop,
            retry=order.retry,
            total=None if checked is None else checked.total,
            progress=self._view.show,
            progress_every=self._view.seconds,
            dry_run=order.dry_run,
        )
        try:
            with self._view:
                await self._consume(run)
        except JobError as error:
            write_error(self._desk.messages, error)
            return self._conclude(run.report, ExitCode.FAILED)
        except BelvoError as error:
            write_error(self._desk.messages, error)
            return find_code(error)
        return self._conclude(run.report, None)

    async def _consume(self, run: RefreshRun) -> None:
        async with run:
            stopping = asyncio.ensure_future(close_on_interrupt(run, self._interrupt, self._view.say))
            try:
                async for outcome in run:
                    self._view.tell(outcome)
                if self._interrupt.happened:
                    await stopping
            finally:
                stopping.cancel()

    async def _read(self) -> AsyncIterator[LinkUpdate]:
        """Read the rows aside: a pipe may have to be waited for."""
        rows = read_updates(
            self._order.source,
            skip_bad=self._order.skip_bad_rows,
            tally=self._skipped,
            stop=lambda: self._interrupt.happened,
        )
        while batch := await asyncio.to_thread(lambda: list(islice(rows, _BATCH))):
            for update in batch:
                yield update

    def _build_provider(self) -> TokenProvider | None:
        if not self._order.ask:
            return None
        asker = Asker(self._desk.messages, self._desk.source)

        async def ask(challenge: Challenge) -> str | None:
            async with self._asking:  # one person at one terminal
                asker.institution = f"Link {challenge.link_id}"
                asker.last = None
                return await asker.answer(challenge)

        return ask

    def _conclude(self, report: RefreshReport, code: ExitCode | None) -> ExitCode:
        self._view.conclude(report)
        if isinstance(self._order.source, StreamSource) and self._skipped.count:
            _tell_problems(self._order.source, self._skipped.rows, self._skipped.count, self._desk)
        if self._interrupt.happened:
            code = ExitCode.INTERRUPTED
        if code is not None:
            self._desk.say(self._tell_how_to_go_on())
            return code
        return find_report_code(report)

    def _tell_how_to_go_on(self) -> str:
        if self._order.journal is None:
            return "There is no --journal: what is listed above is all that is known of this run."
        return (
            f"{self._order.journal} holds the state of every link. Run the same command again to go on: what "
            "is finished is skipped, and logins that were cut off are looked at first."
        )


def find_report_code(report: RefreshReport) -> ExitCode:
    """Return the exit code of a job that ran to its end: that of the worst outcome."""
    if report.unsettled:
        return ExitCode.UNKNOWN
    if report.refused:
        return ExitCode.FAILED
    return ExitCode.CHALLENGE_OPEN if report.parked else ExitCode.OK
