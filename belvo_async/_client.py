"""The calls with one set of API keys."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, TypeVar
from uuid import UUID

from belvo_async._clock import Clock
from belvo_async._engine.engine import Engine
from belvo_async._engine.exchange import Exchange
from belvo_async._engine.logins import Logins
from belvo_async._engine.parked_challenges import ParkedChallenges
from belvo_async._http import Request
from belvo_async.backends._backend import Backend
from belvo_async.errors import InvalidValueError
from belvo_async.mfa import MfaPolicy
from belvo_async.models import DataModel
from belvo_async.params import (
    ClientIdentity,
    Concurrency,
    Credentials,
    RateLimit,
)
from belvo_async.params._checks import read_link_id
from belvo_async.params._validators import check_setting
from belvo_async.resources._challenges import Challenges
from belvo_async.resources._data import DataResource
from belvo_async.resources._data_resources import DataResources
from belvo_async.resources._erasure import Erased, Erasure
from belvo_async.resources._institutions import Institutions
from belvo_async.resources._links import Links
from belvo_async.resources._login_calls import LoginCalls
from belvo_async.resources._raw_request import RawRequests
from belvo_async.resources._widget import Widget
from belvo_async.telemetry._log import Observer
from belvo_async.telemetry._pool_load import PoolLoad

D = TypeVar("D", bound=DataResource[DataModel])


class Client(DataResources):
    """The calls with one set of API keys; the connections are its own, the limits are those of its pool.

    `SessionPool` is one, and `SessionPool.client` makes others. Besides what is listed here it has an
    attribute for each data resource of Belvo, such as `transactions`.

    Attributes:
        links: The links of these keys.
        institutions: The institutions, asked with these keys.
        challenges: The challenges that are parked under tickets, of these keys.
        widget: Tokens for Belvo's hosted widget.
        identity: Whom the client speaks for, told without its keys.
    """

    def __init__(self, engine: Engine, credentials: Credentials) -> None:
        context = engine.context
        self._engine: Final = engine
        self._exchange: Final = Exchange(engine.open_transport(credentials), context)
        self.identity: Final = ClientIdentity.build(engine.settings.url, credentials)
        parked = ParkedChallenges(
            engine.settings.backend.challenges,
            context,
            self.identity.digest,
            engine.memory.links,
            engine.memory.locks.leases.let_go,
        )
        self._logins: Final = Logins(
            exchange=self._exchange,
            context=context,
            memory=engine.memory,
            parked=parked,
            digest=self.identity.keyed,
        )
        calls = LoginCalls(context, self._logins)
        self._raw: Final = RawRequests(self._exchange, context.lifecycle, self._logins, calls)
        self.links: Final = Links(self._exchange, context, self._logins)
        self.institutions: Final = Institutions(self._exchange, context.lifecycle)
        self.challenges: Final = Challenges(self.links, self._find_resumable, context, parked)
        self.widget: Final = Widget(self._exchange, context.lifecycle, credentials)

    def _build_resource(self, kind: type[D]) -> D:
        return kind(self, self._exchange, self._engine.context, self._logins)

    @property
    def backend(self) -> Backend:
        """What the pool shares with the other processes that use it."""
        return self._engine.settings.backend

    @property
    def clock(self) -> Clock:
        """Where the time comes from."""
        return self._engine.context.clock

    @property
    def server_time(self) -> datetime:
        """The time by Belvo's clock, as far as its responses have told it; else by that of this machine."""
        return self._engine.context.server_clock.now()

    @property
    def concurrency(self) -> Concurrency:
        """How many requests at once, of all clients of the pool."""
        return self._engine.settings.concurrency

    @property
    def rate_limit(self) -> RateLimit:
        """How many requests may start in a window of time, of all clients of the pool."""
        return self._engine.settings.rate_limit

    @property
    def load(self) -> PoolLoad:
        """What waits for the rate limit now, and for how long: for gauges, and to turn work away early."""
        return self._engine.context.limiter.read_load()

    @property
    def observer(self) -> Observer:
        """Whom the pool tells what it does."""
        return self._engine.context.observer

    @property
    def mfa(self) -> MfaPolicy:
        """How far a dialogue about tokens may go."""
        return self._engine.context.policy

    async def request(
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        params: Mapping[str, object] | None = None,
        link_id: str | UUID | None = None,
        max_wait: float | None = None,
    ) -> object:
        """Send a request that has no method here yet, within the same limits and with the same errors.

        A GET is repeated like any read, all else only where it surely has not left. Where the body names a
        `link`, or *link_id* does, that link is held: no other login of it is in flight meanwhile.

        Args:
            method: In capitals.
            path: From the first slash to the last, such as `/api/accounts/`.
            json: The body.
            params: What follows the question mark; lists only under names such as `id__in`.
            link_id: The link at whose institution it may log in.
            max_wait: Seconds that it may wait for Belvo's limit of requests; None: as long as it takes.

        Returns:
            The JSON of the response, numbers with a fraction as `Decimal`; None where it has none.

        Raises:
            InvalidValueError: An argument is wrong, or there is a method of `links`; nothing was sent.
            TokenRequiredError: The institution wants a token: park its `state`, and resume it.
            ResumeNotSupportedError: It does, and Belvo has no call that takes one.
            ResponseLostError: It left, and no response came whole: it may have taken effect.
            BelvoError: It failed otherwise.
        """
        return await self._raw.send(
            method,
            path,
            json=json,
            params={} if params is None else params,
            link_id=link_id,
            max_wait=max_wait,
        )

    async def erase(self, link_id: str | UUID | None = None, *, reference: str | None = None) -> Erased:
        """Erase from the backend what it keeps about a link, or about the person that a reference names.

        Those are its rows in jobs, and its challenges, with their tickets. The link itself stays at Belvo:
        `links.delete` deletes it. A hold on the link names it for up to three hours more, so that a process
        that wakes up late cannot log in. All challenges are read to find those of a link.

        Args:
            link_id: The link.
            reference: In its place, what was noted as challenges were parked: their links are erased.

        Raises:
            InvalidValueError: There is not exactly one of the two.
            LinkBusyError: Another process logs in at a link, or a challenge waits; nothing of it was erased.
            LedgerBusyError: A job has a login of a link that is not settled; its rows were not erased.
            ChallengeStoreError: The store cannot be used.
            LedgerError: The jobs cannot be read or changed.
        """
        if (link_id is None) is (reference is None):
            raise InvalidValueError.of(
                "link_id", "or reference has to be given", remedy="Pass one of the two."
            )
        erasure = Erasure(self._logins, self._engine.context, self.backend.ledger)
        with self._engine.context.lifecycle:
            if reference is None:
                return await erasure.erase((read_link_id(link_id),))
            return await erasure.erase(await erasure.find_links(reference))

    async def ping(self) -> None:
        """Check the keys, as Belvo's own libraries do: `GET /api/`.

        Raises:
            AuthenticationError: The keys are wrong, or belong to another environment.
            BelvoError: Belvo could not be asked.
        """
        with self._engine.context.lifecycle:
            await self._exchange.fetch(Request(method="GET", path="/api/"))


def check_client(client: object, name: str = "pool") -> None:
    """Refuse what is no `Client`: for code of yours that takes a pool, or a client of it.

    Args:
        client: What was handed in as the pool.
        name: Of the argument that it was handed in as, for the message.

    Raises:
        ConfigurationError: It is something else; names the argument and what it is.
    """
    check_setting(name, client, Client, remedy="Pass the pool, or a client of it.")
