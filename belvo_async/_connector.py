"""The connections of aiohttp, and the moment at which one stands."""

import socket
from collections.abc import Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

import aiohttp
from attrs import define

if TYPE_CHECKING:
    from aiohttp.connector import Connection

_KEEP_ALIVE: Final = (("TCP_KEEPIDLE", 30), ("TCP_KEEPALIVE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 6))
"""Seconds of silence before the first probe (the second name is that of macOS), seconds between probes, and
how many may be lost: a login is silent for up to five minutes, and a NAT forgets a connection earlier."""


@define
class Sending:
    """How far one request has come."""

    depart: Callable[[], None] | None
    is_connecting: bool = False
    has_left: bool = False

    def leave(self) -> None:
        """Note that the connection stands, and the first byte leaves now: once.

        aiohttp sends PUT and DELETE again by itself when a kept-alive connection drops
        (`retry_persistent_connection` in its client.py). Here that would be a second bank login.
        """
        if self.has_left:
            raise aiohttp.ServerDisconnectedError("a second send was refused")
        if self.depart is not None:
            self.depart()
        self.has_left = True

    def hear(self) -> None:
        """Note that a response came, or was lost: a library for tests gives one without a connection."""
        if not self.is_connecting:
            self.leave()


SENDING: Final[ContextVar[Sending]] = ContextVar("belvo_async_sending")


class Connector(aiohttp.TCPConnector):
    """Tells the request that is being sent when its connection stands; a tunnel and TLS are part of it."""

    async def connect(self, *args: Any, **options: Any) -> "Connection":  # Any: aiohttp's own, passed on
        sending = SENDING.get()
        sending.is_connecting = True
        connection = await super().connect(*args, **options)
        try:
            sending.leave()
        except BaseException:
            connection.close()
            raise
        return connection


def open_socket(address: tuple[Any, ...]) -> socket.socket:  # Any: what getaddrinfo returns
    family, kind, protocol, _, _ = address
    opened = socket.socket(family, kind, protocol)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEP_ALIVE:
        option = getattr(socket, name, None)
        if option is not None:
            opened.setsockopt(socket.IPPROTO_TCP, option, value)
    return opened
