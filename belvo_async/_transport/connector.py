"""The connections of aiohttp: when one stands, and whether it is clean."""

import asyncio
import os
import select
import socket
import sys
from contextlib import suppress
from contextvars import ContextVar
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakSet

import aiohttp
from attrs import define

from belvo_async.params._transport import SendPermit

if TYPE_CHECKING:
    from aiohttp.client_proto import ResponseHandler
    from aiohttp.connector import Connection

_TIMES: Final = (("TCP_KEEPIDLE", 30), ("TCP_KEEPALIVE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 6))
"""Seconds of silence before the first probe (the second name is that of macOS), seconds between probes, and
how many may be lost: a login is silent for up to five minutes, and a NAT forgets a connection earlier."""
_KEEP_ALIVE: Final = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    *((socket.IPPROTO_TCP, getattr(socket, name), value) for name, value in _TIMES if hasattr(socket, name)),
)


_MOST_CONNECTIONS: Final = 3
"""How many are made for a request whose connection is closed again before it may leave."""


@define(eq=False)
class Sending:
    """How far one request has come."""

    start: SendPermit | None
    connect_limit: float
    """Seconds for the connection."""
    response_limit: float
    """Seconds for the response, from when the request leaves."""
    is_connecting: bool = False
    has_left: bool = False
    refusal: Exception | None = None
    """What its start raised."""
    refused_at: TracebackType | None = None
    """Where: aiohttp's frames, which hold the keys, come after it."""
    status: int | None = None
    limit: asyncio.Timeout | None = None

    async def wait(self) -> None:
        """Wait for the start, now that the connection stands.

        aiohttp sends PUT and DELETE again by itself when a kept-alive connection drops
        (`retry_persistent_connection` in its client.py). Here that would be a second bank login.
        """
        if self.has_left:
            raise aiohttp.ServerDisconnectedError("a second send was refused")
        if self.start is not None:
            try:
                await self.start.wait()
            except Exception as error:
                self.refusal, self.refused_at = error, error.__traceback__
                raise

    def leave(self) -> None:
        """Note that the first byte leaves now: once."""
        if self.start is not None:
            try:
                self.start.leave()
            except Exception as error:
                self.refusal, self.refused_at = error, error.__traceback__
                raise
        self.has_left = True
        if self.limit is not None and not self.limit.expired():
            self.limit.reschedule(asyncio.get_running_loop().time() + self.response_limit)

    def stop(self) -> None:
        """End it now, as if its time were over."""
        if self.limit is not None and not self.limit.expired():
            self.limit.reschedule(0.0)

    def forget(self) -> None:
        """Let go of the login: timers of aiohttp keep the context, and would keep it in memory."""
        self.start = self.refusal = self.refused_at = self.limit = None

    async def hear(self) -> None:
        """Note that a response came, or was lost: a library for tests gives one without a connection."""
        if not self.is_connecting:
            self.limit = None
            await self.wait()
            self.leave()


SENDING: Final[ContextVar[Sending]] = ContextVar("belvo_async_sending")


class SpokeFirstError(aiohttp.ClientConnectionError):
    """A new connection brought bytes before it was asked for any."""


class Connector(aiohttp.TCPConnector):
    """Tells the request that is being sent when its connection stands; a tunnel and TLS are part of it."""

    def __init__(self, **options: Any) -> None:  # Any: aiohttp's own, passed on
        super().__init__(**options)
        self._met: Final[WeakSet[ResponseHandler]] = WeakSet()
        self._process: Final = os.getpid()

    @property
    def closed(self) -> bool:
        """Whether it can be used no more; in a forked process, where it is garbage, it never can.

        aiohttp closes what is open when a connector is collected. In a child that would take the parent's
        sockets from the selector that both share, and the parent would wait for ever.
        """
        return super().closed or self._process != os.getpid()

    def __del__(self, *options: Any) -> None:
        if not self.closed:
            super().__del__(*options)

    async def connect(self, *args: Any, **options: Any) -> "Connection":
        sending = SENDING.get()
        sending.is_connecting = True
        for _ in range(_MOST_CONNECTIONS):
            connection = await self._open(sending, *args, **options)
            try:
                await sending.wait()
                if self._is_clean(connection):  # it may have stood for some seconds
                    sending.leave()
                    self._meet(connection)
                    return connection
            except BaseException:
                connection.close()
                raise
            connection.close()
        raise aiohttp.ServerDisconnectedError

    def _meet(self, connection: "Connection") -> None:
        if connection.protocol is not None:
            self._met.add(connection.protocol)

    async def _open(self, sending: Sending, *args: Any, **options: Any) -> "Connection":
        try:
            # A limit of our own: that of aiohttp would count the wait for the start.
            async with asyncio.timeout(sending.connect_limit):
                return await self._find_clean(*args, **options)
        except TimeoutError as error:
            raise aiohttp.ConnectionTimeoutError from error

    async def _find_clean(self, *args: Any, **options: Any) -> "Connection":
        """Return a connection that brought no byte too many: it could be taken for the next response."""
        while True:
            connection = await super().connect(*args, **options)
            is_kept = connection.protocol in self._met
            if self._is_clean(connection):
                return connection
            connection.close()
            if not is_kept:
                raise SpokeFirstError

    def _is_clean(self, connection: "Connection") -> bool:
        protocol = connection.protocol
        if protocol is None or connection.transport is None or connection.transport.is_closing():
            return False
        return not _has_stray_bytes(protocol, is_kept=protocol in self._met)


def _has_stray_bytes(protocol: "ResponseHandler", *, is_kept: bool) -> bool:
    # aiohttp asks `should_close` when a connection goes back to its pool, and not when it is taken out again.
    if protocol.should_close:
        return True
    # What no loop has read yet. On a new TLS connection, session tickets may wait.
    return is_kept and protocol.transport is not None and _can_read(protocol.transport)


def _can_read(transport: asyncio.Transport) -> bool:
    number = transport.get_extra_info("socket").fileno()
    if sys.platform == "win32":
        return bool(select.select([number], [], [], 0)[0])
    waiting = select.poll()
    waiting.register(number, select.POLLIN)
    return bool(waiting.poll(0))


class Sockets:
    """Opens the sockets of a transport, and ends them all.

    aiohttp closes the connections that stand, and does not know those in a handshake, nor those that wait
    for the farewell of a TLS peer.
    """

    def __init__(self) -> None:
        self._opened: Final[WeakSet[socket.socket]] = WeakSet()
        self._process: Final = os.getpid()

    @property
    def are_open(self) -> bool:
        """Whether there is one that the system has not been given back."""
        return any(opened.fileno() != -1 for opened in self._opened)

    def open(self, address: tuple[Any, ...]) -> socket.socket:  # Any: what getaddrinfo returns
        """Open a socket that is kept alive, for an address as getaddrinfo tells it."""
        family, kind, protocol, _, _ = address
        opened = socket.socket(family, kind, protocol)
        try:
            _keep_alive(opened)
        except BaseException:
            opened.close()
            raise
        self._opened.add(opened)
        return opened

    def shut_down(self) -> None:
        """End every connection: asyncio notices it, and closes its side whatever the peer does."""
        if self._process != os.getpid():  # they are the parent's, and shutting down is not closing
            return
        for opened in list(self._opened):
            with suppress(OSError):  # it is closed already, or has no peer yet
                opened.shutdown(socket.SHUT_RDWR)


def _keep_alive(opened: socket.socket) -> None:
    for option in _KEEP_ALIVE:
        with suppress(OSError):  # what this system does not know is no reason to send nothing
            opened.setsockopt(*option)
