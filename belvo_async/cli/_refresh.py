"""`belvo-async refresh`: the links of a file, one job, and what becomes of them."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from itertools import islice
from pathlib import Path
from typing import Final

from attrs import frozen

from belvo_async import BelvoError, Challenge, LinkUpdate, SessionPool, bulk
from belvo_async._event_loop import first_of
from belvo_async.bulk import RefreshReport, RefreshRun, StopRule
from belvo_async.cli._ask import Asker
from belvo_async.cli._console import write_error, write_prose
from belvo_async.cli._exit_codes import ExitCode, find_code
from belvo_async.cli._interrupt import Interrupt, close_on_interrupt, watch_signals
from belvo_async.cli._refresh_view import View, list_hints
from belvo_async.cli._rows import (
    BadRow,
    Checked,
    RowCount,
    RowSource,
    StoppedError,
    StreamSource,
    check_rows,
    list_problems,
    read_updates,
)
from belvo_async.cli._update import Desk
from belvo_async.errors import UsageError

_BATCH: Final = 64
_TELL_SECONDS: Final = 5.0


@frozen(kw_only=True)
class RefreshOrder:
    """What was asked for on the command line."""

    source: RowSource
    journal: Path | None = None
    skip_bad_rows: bool = False
    ask: bool = False
    retry: tuple[str, ...] = ()
    resend: tuple[str, ...] = ()
    look_ahead: int = 1000
    link_deadline: float | None = None
    login_limit: float = 330.0
    stop: StopRule | None = None
    dry_run: bool = False
    share_challenges: bool = False


def check_options(links: str | None, journal: Path | None, *, retry: bool, ask: bool, listed: bool) -> str:
    """Return the path of the links, if the options fit together.

    Raises:
        UsageError: They do not.
    """
    if listed:
        raise UsageError("--list needs a journal to look into.", remedy="Name it with --status.")
    if links is None:
        raise UsageError(
            "There is no file of links.", remedy="Name one, or - for standard input; or pass --status."
        )
    if retry and journal is None:
        raise UsageError(
            "--retry needs the journal of an earlier run, and so does --resend.",
            remedy="Name it with --journal.",
        )
    if ask and links == "-":
        raise UsageError(
            "With --ask, standard input is where the tokens come from.", remedy="Pass the links as a file."
        )
    return links


async def run_refresh(pool: SessionPool, order: RefreshOrder, view: View, desk: Desk) -> ExitCode:
    """Check the rows, run the job and return the exit code."""
    with watch_signals() as interrupt:
        try:
            checked = await asyncio.to_thread(_check, order, interrupt, desk)
        except StoppedError:
            desk.say("Interrupted; nothing was sent.")
            return ExitCode.INTERRUPTED
        if checked is not None and checked.problem_count:
            _tell_problems(order.source, checked.bad, checked.problem_count, desk)
            desk.say(_tell_check(checked, is_skipping=order.skip_bad_rows))
            if not order.skip_bad_rows:
                return ExitCode.USAGE
        async with pool:
            code = await _Job(pool, order, view, desk, interrupt).run(checked)
            await pool.aclose(grace=0)  # the run has given its logins their time already
            return code


def _check(order: RefreshOrder, interrupt: Interrupt, desk: Desk) -> Checked | None:
    """Read all rows; but a stream whose bad rows are skipped is read as it comes."""
    if order.skip_bad_rows and isinstance(order.source, StreamSource):
        return None
    told_at = time.monotonic()

    def tell(rows: int) -> None:
        nonlocal told_at
        if time.monotonic() - told_at >= _TELL_SECONDS:
            told_at = time.monotonic()
            desk.say(f"{rows:,} rows checked; nothing is sent yet.")

    return check_rows(order.source, stop=lambda: interrupt.happened, progress=tell)


def _tell_problems(source: RowSource, rows: tuple[BadRow, ...], count: int, desk: Desk) -> None:
    for line in list_problems(source.name, rows, count):
        write_prose(desk.messages, line)


def _tell_check(checked: Checked, *, is_skipping: bool) -> str:
    counts = f"{checked.bad_count:,} of {checked.total + checked.bad_count:,} rows are bad"
    if checked.repeated_count:
        counts += f", {checked.repeated_count:,} repeat a link"
    if is_skipping:
        return f"{counts}: bad ones are left out, and of a link that is repeated the last row counts."
    return (
        f"{counts}; nothing was sent. Correct them, or pass --skip-bad-rows: bad ones are then left out, and "
        "of a link that is repeated the last row counts."
    )


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
        self._skipped: Final = RowCount()
        self._asker: Final = Asker(desk.messages, desk.source)
        self._asking: Final = asyncio.Lock()
        self._asked: Final[set[str]] = set()
        self._has_begun = False
        self._is_over = False

    async def run(self, checked: Checked | None) -> ExitCode:
        order = self._order
        run = bulk.refresh(
            self._pool,
            self._read(1 if checked is None else _BATCH),
            provide_token=self._ask if order.ask else None,
            journal=order.journal,
            look_ahead=order.look_ahead,
            link_deadline=order.link_deadline,
            login_limit=order.login_limit,
            stop=order.stop,
            retry=order.retry,
            resend=order.resend,
            total=None if checked is None else checked.total,
            progress=self._show,
            progress_every=self._view.seconds,
            dry_run=order.dry_run,
            share_challenges=order.share_challenges,
        )
        error: BelvoError | None = None
        try:
            with self._view:
                await self._consume(run)
        except BelvoError as failure:
            error = failure
        finally:
            self._is_over = True
        return self._conclude(run.report, error)

    async def _consume(self, run: RefreshRun) -> None:
        async with AsyncExitStack() as stack:
            entering = asyncio.ensure_future(stack.enter_async_context(run))
            await first_of(entering, self._interrupt.first.wait())
            if entering.cancelled():
                return
            entering.result()
            self._has_begun = True
            self._view.begin()
            stopping = asyncio.ensure_future(self._stop_on_interrupt(run))
            try:
                async for outcome in run:
                    self._view.tell(outcome)
                if self._interrupt.happened:
                    await stopping
            finally:
                stopping.cancel()

    async def _stop_on_interrupt(self, run: RefreshRun) -> None:
        await self._interrupt.first.wait()
        run.stop("interrupted")
        await close_on_interrupt(run, self._interrupt, self._say)

    def _say(self, text: str) -> None:
        self._asker.end_line(is_echoed=self._asking.locked() and self._desk.messages.is_terminal)
        self._view.say(text)

    def _show(self, report: RefreshReport) -> None:
        if not self._asking.locked():  # a person is typing there
            self._view.show(report)

    async def _read(self, size: int) -> AsyncIterator[LinkUpdate]:
        """Read the rows aside, up to *size* at once: a pipe may have to be waited for."""
        rows = read_updates(
            self._order.source,
            skip_bad=self._order.skip_bad_rows,
            tally=self._skipped,
            stop=lambda: self._interrupt.happened or self._is_over,
        )
        with suppress(StoppedError):
            while batch := await asyncio.to_thread(lambda: list(islice(rows, size))):
                for update in batch:
                    yield update

    async def _ask(self, challenge: Challenge) -> str | None:
        async with self._asking:  # one person at one terminal
            self._asker.institution = f"The bank of link {challenge.link_id}"
            self._asker.last = challenge if challenge.link_id in self._asked else None
            self._asked.add(challenge.link_id)
            return await self._asker.answer(challenge)

    def _conclude(self, report: RefreshReport, error: BelvoError | None) -> ExitCode:
        if error is not None:
            write_error(self._desk.messages, error)
        if not self._has_begun:
            return self._leave_unbegun(error)
        if isinstance(self._order.source, StreamSource) and self._skipped.count:
            _tell_problems(self._order.source, tuple(self._skipped.rows), self._skipped.count, self._desk)
            self._desk.say(f"{self._skipped.count:,} bad rows were left out.")
        self._view.conclude(report)
        for hint in list_hints(report, self._order.journal):
            self._view.hint(hint)
        if error is None and not self._interrupt.happened:
            return find_report_code(report)
        self._desk.say(self._tell_how_to_go_on())
        return ExitCode.INTERRUPTED if self._interrupt.happened or error is None else find_code(error)

    def _leave_unbegun(self, error: BelvoError | None) -> ExitCode:
        if error is not None:
            return find_code(error)
        self._desk.say("Interrupted; nothing was sent.")
        return ExitCode.INTERRUPTED

    def _tell_how_to_go_on(self) -> str:
        if self._order.journal is None:
            return "There is no --journal: what is listed above is all that is known of this run."
        return (
            f"{self._order.journal} holds the state of every link. Run the same command again to go on: what "
            "is finished is skipped, and logins that were cut off are looked at first."
        )


def find_report_code(report: RefreshReport) -> ExitCode:
    """Return the exit code of a job that ran to its end: that of the worst outcome."""
    if report.is_dry_run:
        return ExitCode.OK
    if report.unsettled:
        return ExitCode.UNKNOWN
    if report.refused:
        return ExitCode.FAILED
    return ExitCode.CHALLENGE_OPEN if report.parked else ExitCode.OK
