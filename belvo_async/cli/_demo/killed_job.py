"""The second part of the demo: `belvo-async refresh`, killed in the middle, and run again."""

import asyncio
import csv
import os
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from attrs import frozen
from rich.console import Console

from belvo_async.bulk import read_status
from belvo_async.cli._console import make_safe, write_prose
from belvo_async.cli._exit_codes import ExitCode
from belvo_async.cli._interrupt import Interrupt
from belvo_async.errors import LedgerError
from belvo_async.sandbox import Sandbox, SandboxOptions

_LOGIN_SECONDS: Final = 0.25
_LOOK_SECONDS: Final = 0.05
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


async def run_killed_job(
    console: Console, *, links: int, seed: int, interrupt: Interrupt, plain: bool
) -> ExitCode:
    """Run the second part and return its exit code."""
    write_prose(
        console,
        f"\nNow a job: {links} links from a CSV file, with a journal, in a process of its own. It is killed "
        "in the middle (SIGKILL) and run again.",
    )
    options = SandboxOptions(login_seconds=_LOGIN_SECONDS)
    with TemporaryDirectory(prefix="belvo-demo-") as folder:
        async with Sandbox(options=options, seed=seed) as sandbox:
            job = KilledJob(console, sandbox, Path(folder), links, plain)
            job.write_links()
            code = await job.run(interrupt, kill_at=round(links * _KILL_AT))
            if code is None and not interrupt.happened:
                code = await job.run(interrupt)
            return ExitCode.INTERRUPTED if interrupt.happened else job.judge(code)


@frozen
class KilledJob:
    """The command, its file of links, and the sandbox that it works against."""

    console: Console
    sandbox: Sandbox
    folder: Path
    links: int
    plain: bool = True

    def write_links(self) -> None:
        """Put the links into the bank, and their credentials into a file."""
        with (self.folder / "links.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(("link_id", "password", "institution"))
            for number in range(self.links):
                bank = _BANKS[number % len(_BANKS)]
                password = "pass_invalid" if number % _EVERY == 1 else "new_password"
                username = "user_valid" if number % _EVERY else "x_mfa_numeric"
                writer.writerow((self.sandbox.add_link(institution=bank, username=username), password, bank))

    async def run(self, interrupt: Interrupt, *, kill_at: int | None = None) -> int | None:
        """Run the command; return its exit code, or None where it was killed, at its login number *kill_at*.

        In a terminal the command shows its own panel.
        """
        command = ["refresh", "links.csv", "--journal", "night.sqlite", "--login-limit", _LIMIT_SECONDS]
        write_prose(self.console, f"  $ belvo-async {' '.join(command)}", "bold")
        keys = {
            "BELVO_SECRET_ID": self.sandbox.secret_id,
            "BELVO_SECRET_PASSWORD": self.sandbox.secret_password,
            "BELVO_ENVIRONMENT": self.sandbox.url,
        }
        output = (asyncio.subprocess.PIPE, asyncio.subprocess.STDOUT) if self.plain else (None, None)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "belvo_async.cli", *command),
            cwd=self.folder,
            env=os.environ | keys,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output[0],
            stderr=output[1],
        )
        ending = asyncio.ensure_future(process.communicate())
        while kill_at is not None and not (ending.done() or interrupt.happened):
            await asyncio.wait({ending}, timeout=_LOOK_SECONDS)
            if self.sandbox.logins() >= kill_at and not ending.done():
                await self._kill(process, ending)
                return None
        self._show(await ending)
        return process.returncode

    async def _kill(
        self, process: asyncio.subprocess.Process, ending: "asyncio.Future[tuple[bytes, bytes]]"
    ) -> None:
        under_way = sum(entry.status is None and entry.fault is None for entry in self.sandbox.log)
        process.kill()
        self._show(await ending)
        if not self.plain:  # its panel has hidden the cursor, and stands there
            self.console.show_cursor()
            self.console.print()
        write_prose(self.console, f"  killed, with {under_way} logins under way", "bold red")

    def _show(self, written: tuple[bytes | None, bytes | None]) -> None:
        for line in (written[0] or b"").decode(errors="replace").splitlines():
            self.console.print(f"  | {make_safe(line)}", soft_wrap=True)

    def judge(self, code: int | None) -> ExitCode:
        """Tell what the sandbox and the journal say of a job that ended with *code*."""
        logins = Counter(entry.link_id for entry in self.sandbox.log if entry.login)
        twice = sum(count > 1 for count in logins.values())
        final = self._count_final()
        write_prose(
            self.console,
            f"What the sandbox's own log says: {logins.total()} logins for {len(logins)} links, {twice} "
            "links logged in twice (must be 0).",
        )
        if code in _CODES and not twice and final == self.links:
            safe = f"Safe. Each of {final} links has one outcome, and had one login."
            write_prose(self.console, safe, "bold green")
            return ExitCode.OK
        write_prose(self.console, f"NOT SAFE: {final} links have an outcome, exit code {code}.", "bold red")
        return ExitCode.FAILED

    def _count_final(self) -> int:
        try:
            counts = read_status(self.folder / "night.sqlite").counts.by_state
        except LedgerError:  # none was made
            return 0
        return sum(count for state, count in counts.items() if state.is_final)
