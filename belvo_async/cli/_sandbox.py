"""`belvo-async sandbox`: the Belvo look-alike as a server to try things on."""

import re
import shlex
from math import ceil
from typing import Annotated, Final, Self, TypeAlias

import typer
from attrs import frozen
from rich import box
from rich.console import Console
from rich.table import Table

from belvo_async import RateLimit
from belvo_async.cli._console import write_prose
from belvo_async.cli._exit_codes import ExitCode
from belvo_async.cli._interrupt import watch_signals
from belvo_async.sandbox import Sandbox, SandboxOptions

_LIMIT: Final = re.compile(r"(?P<requests>[0-9]{1,6})/(?P<seconds>[0-9]{1,6}(\.[0-9]{1,6})?)")


@frozen
class User:
    """One test user of the sandbox."""

    name: str
    story: str
    institution: str = "erebor_mx_retail"


_TOKENS: Final = "heimdall_mx_retail"

USERS: Final = (
    User("user_valid", "no challenge"),
    User("mfa_default", "a code from another device", _TOKENS),
    User("mfa_numeric", "a challenge number", _TOKENS),
    User("mfa_qr", "a QR code", _TOKENS),
    User("x_mfa_numeric", "a challenge number, at any institution"),
    User("x_mfa_qr", "a QR code, at any institution"),
    User("x_mfa_text", "a question"),
    User("x_mfa_inputless", "a confirmation on another device, no token"),
    User("x_mfa_two_step", "a number, then a question"),
    User("x_mfa_expired", "a challenge whose session is over at once"),
    User("x_mfa_short", "a challenge that expires within 2 s"),
    User("x_mfa_unknown", "a challenge of a type that Belvo does not document"),
    User("x_activation_required", "web access is not activated (428 without a session)"),
    User("x_institution_down", "the institution is down"),
    User("x_too_many_sessions", "busy at first, then updated"),
    User("x_unexpected_error", "two server errors, then updated"),
    User("x_timeout", "Belvo gives up (408)"),
    User("x_lost_reply", "updated, and the reply is lost"),
    User("x_html_403", "the HTML page of the rate limit; the whole pool waits"),
    User("x_slow", "5 s more than others"),
    User("x_locked", "the account is locked"),
    User("x_no_mfa_support", "a token that Belvo cannot ask for"),
    User("x_expired_credentials", "credentials that are no longer stored"),
    User("x_forbidden_by_host", "refused by the institution for today"),
    User("x_odd_number", "data with a number as text"),
    User("x_odd_null", "data with a null where text is due"),
    User("x_odd_enum", "data with an undocumented choice"),
    User("x_odd_key", "data with an undocumented key"),
    User("x_odd_date", "data with a date whose day comes first"),
    User("x_odd_object", "data with an array where an object is due"),
)


@frozen
class SandboxLimit:
    """How many requests the sandbox takes in a window of time."""

    requests: int
    seconds: float

    @classmethod
    def read(cls, text: str) -> Self:
        """Read an option.

        Raises:
            BadParameter: It makes no sense.
        """
        found = _LIMIT.fullmatch(text)
        limit = None if found is None else cls(int(found["requests"]), float(found["seconds"]))
        if limit is None or not limit.requests or not limit.seconds:
            raise typer.BadParameter(f"{text!r} is not two numbers above 0, REQUESTS/SECONDS, such as 80/30.")
        return limit

    def find_share(self) -> int:
        """Return how many requests in a window of Belvo's length keep within it."""
        return max(1, self.requests // ceil(self.seconds / RateLimit().window))

    def build_options(self) -> SandboxOptions:
        """Build the options of a sandbox that enforces it."""
        return SandboxOptions(
            enforce_rate_limit=True, rate_limit_requests=self.requests, rate_limit_window=self.seconds
        )


LimitOption: TypeAlias = Annotated[
    SandboxLimit | None,
    typer.Option(
        parser=SandboxLimit.read,
        metavar="REQUESTS/SECONDS",
        help="Refuse what is more than that in any window of so many seconds, as Belvo does: 80/30.",
    ),
]


async def run_sandbox(
    console: Console, messages: Console, *, port: int, seed: int, limit: SandboxLimit | None = None
) -> ExitCode:
    """Serve until Ctrl-C."""
    options = SandboxOptions() if limit is None else limit.build_options()
    with watch_signals() as interrupt:
        try:
            async with Sandbox(options=options, port=port, seed=seed) as sandbox:
                _introduce(console, sandbox, limit)
                await interrupt.first.wait()
        except OSError as error:
            write_prose(messages, f"Error: port {port} cannot be used: {error.strerror or error}.")
            return ExitCode.USAGE
        console.print(f"\nStopped. {sandbox.logins()} logins reached the bank.")
    return ExitCode.OK


def _introduce(console: Console, sandbox: Sandbox, limit: SandboxLimit | None) -> None:
    console.print(f"The sandbox plays Belvo on {sandbox.url}. Made-up people, no bank. Ctrl-C stops it.\n")
    for name, value in (
        ("BELVO_SECRET_ID", sandbox.secret_id),
        ("BELVO_SECRET_PASSWORD", sandbox.secret_password),
        ("BELVO_ENVIRONMENT", sandbox.url),
    ):
        console.print(f"export {name}={shlex.quote(value)}", soft_wrap=True)
    console.print(build_users(sandbox))
    if limit is not None:
        write_prose(
            console,
            f"It refuses more than {limit.requests} requests in any {limit.seconds:g} s. "
            f"Pass --requests-per-window {limit.find_share()} to other commands: "
            "to this machine they send without a limit.",
        )
    write_prose(
        console,
        "Links of mfa_ users are at heimdall_mx_retail, the others at erebor_mx_retail. "
        "Any password will do, save pass_invalid. The token 111111 is right, every other one "
        "is asked for again.\n"
        "Paste the exports into another terminal, then: belvo-async update LINK_ID",
    )
    console.file.flush()


def build_users(sandbox: Sandbox) -> Table:
    """Make a link for each test user, and build the table of them."""
    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("user", "link", "what the bank does"):
        table.add_column(heading, no_wrap=heading != "what the bank does")
    for user in USERS:
        link_id = sandbox.add_link(institution=user.institution, username=user.name)
        table.add_row(user.name, link_id, user.story)
    return table
