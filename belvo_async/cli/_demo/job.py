"""The second part of the demo: a job of a few thousand links that is killed in the middle, and goes on."""

import asyncio
import csv
import os
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from attrs import frozen
from rich.console import Console

from belvo_async.bulk import JournalStatus, LinkState, read_status
from belvo_async.cli._console import make_safe, write_prose
from belvo_async.cli._exit_codes import ExitCode
from belvo_async.cli._interrupt import Interrupt
from belvo_async.errors import JournalError
from belvo_async.sandbox import Sandbox, SandboxOptions

_LOGIN_SECONDS: Final = 0.25
_LOOK_SECONDS: Final = 1.0
_LIMIT_SECONDS: Final = "3"
"""How long a login that was cut off may still run: Belvo's own five minutes would be too long for a demo."""
_KILL_AT: Final = 0.4
_EVERY: Final = 25
"""One person in so many is asked for a token, and one has a wrong password."""
_BANKS: Final = tuple(
    f"{bank}_{land}_retail" for bank in ("erebor", "gringotts", "heimdall") for land in ("mx", "co", "br")
)
_CODES: Final = frozenset({ExitCode.OK, ExitCode.UNKNOWN, ExitCode.FAILED, ExitCode.CHALLENGE_OPEN})
"""How a job may end that ran to its end."""


async def run_job_demo(console: Console, *, links: int, seed: int, interrupt: Interrupt) -> ExitCode:
    """Run the second part and return its exit code."""
    write_prose(
        console,
        f"\nNow a job: {links} links from a CSV file, with a journal, in a process of its own. It is killed "
        "in the middle (SIGKILL) and run again.",
    )
    with TemporaryDirectory(prefix="belvo-demo-") as folder:
        async with Sandbox(options=SandboxOptions(login_seconds=_LOGIN_SECONDS), seed=seed) as sandbox:
            stage = _JobStage(console, sandbox, Path(folder), links, interrupt)
            return await stage.play()


@frozen
class _JobStage:
    console: Console
    sandbox: Sandbox
    folder: Path
    links: int
    interrupt: Interrupt

    @property
    def journal(self) -> Path:
        return self.folder / "night.sqlite"

    async def play(self) -> ExitCode:
        self._write_links()
        job = await self._start()
        await self._watch(job, until=round(self.links * _KILL_AT))
        if job.returncode is None and not self.interrupt.happened:  # a small job may have ended by itself
            job.kill()
            await self._wait(job)
            write_prose(
                self.console, f"  killed, with {self._count_in_flight()} logins under way", "bold red"
            )
            job = await self._start()
        await self._watch(job, until=None)
        code = await self._wait(job)
        return ExitCode.INTERRUPTED if self.interrupt.happened else self._conclude(code)

    def _write_links(self) -> None:
        with (self.folder / "links.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(("link_id", "password", "institution"))
            for number in range(self.links):
                bank = _BANKS[number % len(_BANKS)]
                is_asked = number % _EVERY == 0
                password = "pass_invalid" if number % _EVERY == 1 else "new_password"
                username = "x_mfa_numeric" if is_asked else f"user_{number}"
                writer.writerow((self.sandbox.add_link(institution=bank, username=username), password, bank))

    async def _start(self) -> asyncio.subprocess.Process:
        command = ["refresh", "links.csv", "--journal", self.journal.name, "--login-limit", _LIMIT_SECONDS]
        write_prose(self.console, f"  $ belvo-async {' '.join(command)}", "bold")
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "belvo_async.cli", *command),
            cwd=self.folder,
            env=self._build_environment(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )

    def _build_environment(self) -> Mapping[str, str]:
        return {
            **os.environ,
            "BELVO_SECRET_ID": self.sandbox.secret_id,
            "BELVO_SECRET_PASSWORD": self.sandbox.secret_password,
            "BELVO_ENVIRONMENT": self.sandbox.url,
        }

    async def _watch(self, job: asyncio.subprocess.Process, *, until: int | None) -> None:
        """Look into the journal every second, from outside, until so many links are done."""
        ended = asyncio.ensure_future(job.wait())
        while not ended.done() and not self.interrupt.happened:
            await asyncio.wait({ended}, timeout=_LOOK_SECONDS)
            status = self._look()
            if status is not None and _tell_done(status, self.console, self.links, until):
                break
        ended.cancel()

    def _look(self) -> JournalStatus | None:
        try:
            return read_status(self.journal)
        except JournalError:  # not made yet
            return None

    async def _wait(self, job: asyncio.subprocess.Process) -> int:
        output, _ = await job.communicate()
        for line in output.decode(errors="replace").splitlines():
            self.console.print(f"  | {make_safe(line)}", soft_wrap=True)
        return job.returncode or 0

    def _conclude(self, code: int) -> ExitCode:
        logins = Counter(entry.link_id for entry in self.sandbox.log if entry.login)
        twice = sum(count > 1 for count in logins.values())
        final = self._count_final()
        write_prose(
            self.console,
            f"What the sandbox's own log says: {logins.total()} logins for {len(logins)} links, {twice} "
            "links logged in twice (must be 0).",
        )
        if code in _CODES and not twice and final == self.links:
            write_prose(
                self.console, f"Safe. Each of {final} links has one outcome, and had one login.", "bold green"
            )
            return ExitCode.OK
        write_prose(self.console, f"NOT SAFE: {final} links have an outcome, exit code {code}.", "bold red")
        return ExitCode.FAILED

    def _count_in_flight(self) -> int:
        status = self._look()
        return 0 if status is None else status.counts.by_state[LinkState.SUBMITTED]

    def _count_final(self) -> int:
        status = self._look()
        return 0 if status is None else _count(status)


def _tell_done(status: JournalStatus, console: Console, links: int, until: int | None) -> bool:
    done, counts = _count(status), status.counts.by_state
    if status.is_running:
        told = ", ".join(f"{counts[state]} {state}" for state in LinkState if counts[state])
        write_prose(console, f"  {done} of {links} links done: {told}", "dim")
    return until is not None and done >= until


def _count(status: JournalStatus) -> int:
    return sum(count for state, count in status.counts.by_state.items() if state.is_final)
