"""The front door: one sandbox, its bank in hand, its server behind it."""

from collections.abc import Mapping
from datetime import timedelta
from types import TracebackType
from typing import Self

from belvo_async._clock import SYSTEM_CLOCK, Clock
from belvo_async._event_loop import finish
from belvo_async.sandbox._bank import Bank
from belvo_async.sandbox._faults import Switchboard
from belvo_async.sandbox._filters import MODES, STATUSES
from belvo_async.sandbox._ids import IdSource
from belvo_async.sandbox._institutions import INSTITUTIONS
from belvo_async.sandbox._links import StoredLink
from belvo_async.sandbox._options import SandboxOptions
from belvo_async.sandbox._pipeline import Pipeline
from belvo_async.sandbox._rate_limit import SandboxRateLimit
from belvo_async.sandbox._request_log import Received, RequestLog
from belvo_async.sandbox._routes import Routes
from belvo_async.sandbox._server import Server
from belvo_async.sandbox._test_users import check_username
from belvo_async.sandbox._webhook_sender import WebhookSender


class Sandbox:
    """A Belvo look-alike in this process, on the loopback address.

    The state of the bank outlives `stop`, so a test can take the server away and bring it back.

    Example:
        >>> import asyncio
        >>> from belvo_async import Credentials, SessionPool
        >>> from belvo_async.sandbox import Sandbox
        >>> async def main() -> None:
        ...     async with Sandbox() as sandbox:
        ...         sandbox.add_link(institution="heimdall_mx_retail", username="mfa_numeric")
        ...         keys = Credentials(sandbox.secret_id, sandbox.secret_password)
        ...         async with SessionPool(keys, environment=sandbox.url) as pool:
        ...             print([link.institution async for link in pool.links.list()])
        >>> asyncio.run(main())
        ['heimdall_mx_retail']
    """

    def __init__(
        self,
        *,
        port: int = 0,
        options: SandboxOptions | None = None,
        clock: Clock = SYSTEM_CLOCK,
        seed: int = 0,
    ) -> None:
        self.options = options or SandboxOptions()
        ids = IdSource(seed)
        self.secret_id = self.options.secret_id or ids.uuid()
        self.secret_password = self.options.secret_password or f"{ids.hex32()}#*@&_-{ids.hex32()}"
        self.faults = Switchboard(seed)
        self.webhooks = WebhookSender(self.options, clock)
        self.clock = clock
        self._bank = Bank(self.options, ids, self.webhooks.emit)
        self._journal = RequestLog(self.options.log_limit)
        self._routes = Routes(self._bank, self.secret_id, self.secret_password)
        self._pipeline = Pipeline(
            self._routes.dispatch,
            clock=clock,
            edge=SandboxRateLimit(self.options),
            faults=self.faults,
            journal=self._journal,
            ids=ids,
        )
        self._server = Server(self._pipeline, port)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen.

        Raises:
            RuntimeError: It listens already, or does so on another event loop.
        """
        self._server.check_loop()
        await self._server.start()
        await self.webhooks.start()
        self._routes.origin = self._server.url

    async def stop(self) -> None:
        """Stop listening and end everything under way; the bank keeps its state.

        Raises:
            RuntimeError: It listens on another event loop; there it goes on.
        """
        self._server.check_loop()
        await finish(self._stop())

    async def _stop(self) -> None:
        try:
            await self._server.stop()
            await self._pipeline.stop()
        finally:
            await self.webhooks.stop()
            self._bank.in_flight.clear()

    @property
    def url(self) -> str:
        """Where it listens, such as `http://127.0.0.1:54321`."""
        return self._server.url

    @property
    def links(self) -> Mapping[str, StoredLink]:
        """The stored links by id; they change as requests come in."""
        return self._bank.links

    @property
    def log(self) -> list[Received]:
        """The requests in the order of their arrival, as a copy; the oldest may have been dropped."""
        return self._journal.entries

    @property
    def overlapping_logins(self) -> int:
        """How many logins came while another one of the same link was in flight."""
        return self._bank.overlaps

    @property
    def connections(self) -> int:
        """How many clients are connected; a client's close is noticed a turn of the loop later."""
        return self._server.connections

    def logins(self, link_id: str | None = None) -> int:
        """Count the logins that reached the bank for one link, or for all; refused ones count."""
        return self._bank.logins.total() if link_id is None else self._bank.logins[link_id]

    def tokens(self, link_id: str) -> list[str]:
        """Return the tokens that the bank received for a link, in order."""
        return list(self._bank.tokens.get(link_id, ()))

    def add_link(
        self,
        *,
        institution: str = "erebor_mx_retail",
        username: str = "user_valid",
        password: str = "pass_valid",  # noqa: S107 - a documented test user
        status: str = "valid",
        external_id: str | None = None,
        access_mode: str = "recurrent",
    ) -> str:
        """Put a link straight into the bank, last accessed a day ago; return its id.

        Raises:
            ValueError: There is no such institution, status or access mode, or no such test user though the
                name begins as theirs do: a slip would make an ordinary user, who meets no trouble.
        """
        check_username(username)
        for value, known in ((institution, INSTITUTIONS), (status, STATUSES), (access_mode, MODES)):
            if value not in known:
                raise ValueError(f"{value!r} is none of {', '.join(sorted(known))}")
        link = self._bank.make_link(institution, username, self.clock.wall())
        link.credentials["password"] = password
        link.status, link.external_id, link.access_mode = status, external_id, access_mode
        # Not now: an access right before a login could not be told from the login's own.
        link.last_accessed_at = None if status == "unconfirmed" else link.created_at - timedelta(days=1)
        link.refresh_rate = "7d" if access_mode == "recurrent" else None
        link.credentials_storage = "store" if access_mode == "recurrent" else "365d"
        link.fetch_resources = INSTITUTIONS[institution].resources
        self._bank.store(link)
        return link.id

    def require_token(self, link_id: str) -> None:
        """Let a scheduled refresh meet a challenge: the link turns `token_required`, a webhook says so."""
        self._bank.demand_token(link_id)
