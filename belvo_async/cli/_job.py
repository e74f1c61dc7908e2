"""The links of a file, one job, and what becomes of them: `belvo-async refresh` and `retrieve`."""

import asyncio
import shlex
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, suppress
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeAlias

from attrs import frozen

from belvo_async import BelvoError, Challenge, LinkUpdate, SessionPool
from belvo_async.backends import MemoryBackend
from belvo_async.bulk import JobReport, JobRun, LeftOpenError
from belvo_async.cli._ask import Asker
from belvo_async.cli._backend import tell_waits
from belvo_async.cli._console import write_error
from belvo_async.cli._exit_codes import ExitCode, find_code
from belvo_async.cli._follow import follow_job
from belvo_async.cli._interrupt import Interrupt, wait_or_interrupt, watch_signals
from belvo_async.cli._job_view import View, list_hints
from belvo_async.cli._row_check import check_source, tell_problems
from belvo_async.cli._rows import RowCount, RowSource, read_wanted
from belvo_async.cli._threads import run_aside
from belvo_async.cli._update import Desk
from belvo_async.errors import ChallengeDeclinedError, UsageError

_BATCH: Final = 64


Start: TypeAlias = Callable[..., JobRun[Any]]
"""Takes the pool, the links, and `provide_token=`. Any: of either kind of outcome."""


@frozen(kw_only=True)
class JobOrder:
    """What was asked for on the command line."""

    source: RowSource
    start: Start
    """`bulk.refresh` or `bulk.retrieve`, with all options that are its own."""
    command: str
    """The name of the command."""
    journal: Path | None
    job: str | None
    """The name of the job, where it was given one."""
    skip_bad_rows: bool
    ask: bool


def check_options(
    links: str | None,
    journal: Path | None,
    job: str | None,
    *,
    has_backend: bool,
    retry: bool,
    ask: bool,
    listed: bool,
) -> str:
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
    if retry and journal is None and job is None:
        raise UsageError(
            "--retry needs what an earlier run has kept, and so does --resend.",
            remedy="Name it with --journal, or with --job and --backend.",
        )
    if journal is not None:
        _check_place(journal)
    if job is not None:
        _check_job(journal, has_backend=has_backend)
    if ask and links == "-":
        raise UsageError(
            "With --ask, standard input is where the tokens come from.", remedy="Pass the links as a file."
        )
    return links


def _check_job(journal: Path | None, *, has_backend: bool) -> None:
    if journal is not None:
        raise UsageError(
            "A job has either a --journal, which is its own, or a name in the backend.",
            remedy="Leave --job or --journal out.",
        )
    if not has_backend:
        raise UsageError(
            "The name of a job is one in a backend, and there is none.",
            remedy="Name it with --backend, or keep the job in a --journal.",
        )


def _check_place(journal: Path) -> None:
    with suppress(OSError):  # what cannot be told, its opening tells
        if journal.is_dir():
            raise UsageError(f"The journal {journal} is a directory.", remedy="Name a file in it.")
        if not journal.parent.is_dir():
            raise UsageError(
                f"The journal {journal} cannot be made: there is no directory {journal.parent}.",
                remedy="Make the directory, or name another place.",
            )


async def run_job(
    opening: AbstractAsyncContextManager[SessionPool], order: JobOrder, view: View, desk: Desk
) -> ExitCode:
    """Check the rows, open the pool and run the job; return the exit code."""
    with watch_signals() as interrupt:
        rows = _Rows(order)
        if not (order.skip_bad_rows and order.source.is_stream):  # else they are read as they come
            checking = asyncio.ensure_future(check_source(order.source, desk))
            await wait_or_interrupt(checking, interrupt)
            if checking.cancelled():
                desk.say("Interrupted; nothing was sent.")
                return ExitCode.INTERRUPTED
            found = checking.result()
            if found.problems:
                tell_problems(order.source, found, desk)
                desk.say(_tell_check(found, is_skipping=order.skip_bad_rows))
                if not order.skip_bad_rows:
                    return ExitCode.USAGE
            rows = _CheckedRows(order, found.good)
        async with opening as pool:
            await tell_waits(pool, desk.say)
            code = await _Job(order, view, desk, interrupt).run(pool, rows)
            await pool.aclose(grace=0)  # the run has given its logins their time already
            return code


def _tell_check(count: RowCount, *, is_skipping: bool) -> str:
    counts = f"{count.bad:,} of {count.good + count.bad:,} rows are bad"
    if count.repeated:
        counts += f", {count.repeated:,} repeat a link"
    if is_skipping:
        return f"{counts}: bad ones are left out, and of a link that is repeated the last row counts."
    return (
        f"{counts}; nothing was sent. Correct them, or pass --skip-bad-rows: bad ones are then left out, and "
        "of a link that is repeated the last row counts."
    )


class _Rows:
    """The rows of a stream as they come, read aside: a pipe may have to be waited for."""

    _size = 1
    """Rows that are read at once."""

    def __init__(self, order: JobOrder) -> None:
        self._order: Final = order
        self.count: Final = RowCount()

    async def __aiter__(self) -> AsyncIterator[LinkUpdate | str]:
        rows = read_wanted(self._order.source, self.count, skip_bad=self._order.skip_bad_rows)
        while batch := await run_aside(lambda: list(islice(rows, self._size))):
            for wanted in batch:
                yield wanted


class _CheckedRows(_Rows):
    """Rows that were counted before."""

    _size = _BATCH

    def __init__(self, order: JobOrder, total: int) -> None:
        super().__init__(order)
        self._total: Final = total

    def __len__(self) -> int:
        return self._total


class _Job:
    """One run on the command line."""

    def __init__(self, order: JobOrder, view: View, desk: Desk, interrupt: Interrupt) -> None:
        self._order: Final = order
        self._view: Final = view
        self._desk: Final = desk
        self._interrupt: Final = interrupt
        self._asker: Final = Asker(desk.messages, desk.source)
        self._asking: Final = asyncio.Lock()
        self._asked: Final[set[str]] = set()

    async def run(self, pool: SessionPool, rows: _Rows) -> ExitCode:
        run = self._order.start(pool, rows, provide_token=self._ask if self._order.ask else None)
        error: BelvoError | None = None
        try:
            await follow_job(
                run,
                self._view,
                self._interrupt,
                say=self._say,
                tell=self._view.tell,
                may_show=lambda: not self._asking.locked(),
            )
        except BelvoError as failure:
            error = failure
        return self._conclude(run, rows.count, error, is_kept=_is_kept(pool))

    def _say(self, text: str) -> None:
        self._asker.end_line(is_echoed=self._asking.locked() and self._desk.messages.is_terminal)
        self._view.say(text)

    async def _ask(self, challenge: Challenge) -> str | None:
        async with self._asking:  # one person at one terminal
            self._asker.institution = f"The bank of link {challenge.link_id}"
            self._asker.last = challenge if challenge.link_id in self._asked else None
            self._asked.add(challenge.link_id)
            try:
                return await self._asker.answer(challenge)
            except ChallengeDeclinedError as ended:  # the input did, and the person may come back
                raise LeftOpenError from ended

    def _conclude(
        self, run: JobRun[Any], left_out: RowCount, error: BelvoError | None, *, is_kept: bool
    ) -> ExitCode:
        report = run.report
        if error is not None:
            write_error(self._desk.messages, error)
        if not self._view.has_begun:
            return self._leave_unbegun(error)
        if self._order.source.is_stream and left_out.bad:
            tell_problems(self._order.source, left_out, self._desk)
            self._desk.say(f"{left_out.bad:,} bad rows were left out.")
        self._view.conclude(report)
        for hint in list_hints(report, self._find_look()):
            self._view.hint(hint)
        if error is None and not self._interrupt.happened:
            return find_report_code(report)
        self._desk.say(self._tell_how_to_go_on(run.job, is_kept=is_kept))
        return ExitCode.INTERRUPTED if self._interrupt.happened or error is None else find_code(error)

    def _leave_unbegun(self, error: BelvoError | None) -> ExitCode:
        if error is not None:
            return find_code(error)
        self._desk.say("Interrupted; nothing was sent.")
        return ExitCode.INTERRUPTED

    def _find_look(self) -> str | None:
        """Return the command that shows the job once it has ended, if it is kept."""
        if self._order.journal is not None:
            return f"belvo-async {self._order.command} --status {shlex.quote(str(self._order.journal))}"
        return None if self._order.job is None else f"belvo-async status --job {shlex.quote(self._order.job)}"

    def _tell_how_to_go_on(self, job: str, *, is_kept: bool) -> str:
        name = f" with --job {shlex.quote(job)}"
        if self._order.journal is not None:
            place, name = str(self._order.journal), ""
        elif is_kept:
            place, name = f"The job {job}", "" if self._order.job else name
        else:
            return "There is no --journal: what is listed above is all that is known of this run."
        return (
            f"{place} holds the state of every link. Run the same command again{name} to go on: what is "
            "finished is skipped, and logins that were cut off are looked at first."
        )


def _is_kept(pool: SessionPool) -> bool:
    """Return whether the pool's backend keeps jobs for longer than this process."""
    return pool.backend.ledger is not None and not isinstance(pool.backend, MemoryBackend)


def find_report_code(report: JobReport) -> ExitCode:
    """Return the exit code of a job that ran to its end: that of the worst outcome."""
    if report.is_dry_run:
        return ExitCode.OK
    if report.unsettled:
        return ExitCode.UNKNOWN
    if report.refused:
        return ExitCode.FAILED
    return ExitCode.CHALLENGE_OPEN if report.parked else ExitCode.OK
