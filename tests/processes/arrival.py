"""When bytes came, as the kernel knows it: a process on a busy machine is late to read them.

asyncio does not pass on what the kernel tells, and TLS hides it. So a relay reads, and a server talks.
"""

import asyncio
import math
import socket
import struct
import sys
import time
from collections.abc import Iterable
from typing import Final

from attrs import define, field

KERNEL_TELLS: Final = sys.platform == "linux"
_SO_TIMESTAMPNS: Final = 35
"""Of Linux: with what is read from a socket comes when the kernel received it. `socket` does not name it."""
_TIMESPEC: Final = struct.Struct("@ll")
_SPACE: Final = socket.CMSG_SPACE(_TIMESPEC.size)
_MOST: Final = 65536


async def ask_kernel(listener: socket.socket) -> None:
    """Have the kernel note when bytes come, on each connection that a listener accepts.

    It begins a little later, so this waits until it does.
    """
    if not KERNEL_TELLS:
        return
    listener.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    while not _is_told(listener):  # noqa: ASYNC110 - the kernel wakes nobody
        await asyncio.sleep(0.001)


def _is_told(listener: socket.socket) -> bool:
    with socket.create_connection(listener.getsockname()) as client:
        client.send(b"?")
        with listener.accept()[0] as connection:
            return bool(connection.recvmsg(1, _SPACE)[1])


@define(eq=False)
class Relay:
    """Passes bytes on between a client and a server of this process."""

    client: socket.socket
    server: socket.socket
    """One end of a pair: the server has the other."""
    heard_at: float = field(default=math.nan, init=False)
    """When the newest bytes of the client came, by `time.monotonic()`."""

    async def run(self) -> None:
        """Pass bytes on until one side has left; both are closed then."""
        with self.client, self.server:
            self.client.setblocking(False)
            self.server.setblocking(False)
            ways = [asyncio.create_task(self._listen()), asyncio.create_task(self._speak())]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        while data := await self._hear():
            await loop.sock_sendall(self.server, data)

    async def _speak(self) -> None:
        loop = asyncio.get_running_loop()
        while data := await loop.sock_recv(self.server, _MOST):
            await loop.sock_sendall(self.client, data)

    async def _hear(self) -> bytes:
        loop = asyncio.get_running_loop()
        has_come = asyncio.Event()
        loop.add_reader(self.client, has_come.set)
        try:
            await has_come.wait()
        finally:
            loop.remove_reader(self.client)
        data, told, _, _ = self.client.recvmsg(_MOST, _SPACE)
        if data:
            self.heard_at = _read_time(told)
        return data


def _read_time(told: Iterable[tuple[int, int, bytes]]) -> float:
    for _, kind, stamp in told:
        if kind == _SO_TIMESTAMPNS:
            seconds, nanoseconds = _TIMESPEC.unpack(stamp)
            return float(seconds + nanoseconds / 1e9 - _find_lead())
    return time.monotonic()


def _find_lead() -> float:
    """Return by how much the kernel's clock is ahead of ours, unless the machine was busy between the two."""
    looks = [(time.monotonic(), time.time(), time.monotonic()) for _ in range(3)]
    before, theirs, after = min(looks, key=lambda look: look[2] - look[0])
    return theirs - (before + after) / 2
