"""What PgBouncer does with transactions as its pool mode: each may be on another connection to the server."""

import socket
import struct
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from attrs import define, field

_VERSION: Final = 196608
_NO_SSL: Final = frozenset({80877103, 80877104})
_STARTUP: Final = b"user\0admin\0database\0postgres\0client_encoding\0UTF8\0\0"

_SERVERS: Final = 2


@define(eq=False)
class Pooler:
    """Takes any number of clients, and has two connections to the server, which they have in turn."""

    server_port: int
    _listener: socket.socket = field(init=False)
    _idle: deque[socket.socket] = field(factory=deque, init=False)
    _is_idle: threading.Condition = field(factory=threading.Condition, init=False)
    _greeting: bytes = field(default=b"", init=False)

    def __attrs_post_init__(self) -> None:
        for _ in range(_SERVERS):
            server = socket.create_connection(("127.0.0.1", self.server_port))
            server.sendall(struct.pack("!II", len(_STARTUP) + 8, _VERSION) + _STARTUP)
            self._greeting = b"".join(_read_until_ready(server))
            self._idle.append(server)
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def dsn(self) -> str:
        return f"postgresql://admin@127.0.0.1:{self._listener.getsockname()[1]}/postgres"

    def ask_all(self, query: str) -> list[bytes]:
        """Return what each connection to the server responds to a query."""
        question = query.encode() + b"\0"
        message = b"Q" + struct.pack("!I", len(question) + 4) + question
        answers = []
        for server in self._wait_for_all():
            server.sendall(message)
            answers.append(b"".join(_read_until_ready(server)))
        return answers

    def close(self) -> None:
        self._listener.close()
        for server in self._wait_for_all():
            server.close()

    def _wait_for_all(self) -> list[socket.socket]:
        """Wait until no transaction is under way: a client may have its response an instant earlier."""
        with self._is_idle:
            self._is_idle.wait_for(lambda: len(self._idle) == _SERVERS, timeout=10.0)
            return [*self._idle]

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError, EOFError):
            while True:
                (length,) = struct.unpack("!I", _read(client, 4))
                startup = _read(client, length - 4)
                if struct.unpack("!I", startup[:4])[0] not in _NO_SSL:
                    break
                client.sendall(b"N")
            assert b"options\0" not in startup  # as PgBouncer refuses it
            client.sendall(self._greeting)
            while self._pass_transaction(client):
                pass

    def _pass_transaction(self, client: socket.socket) -> bool:
        message = _read_message(client)
        if message[:1] == b"X":
            return False
        with self._is_idle:
            self._is_idle.wait_for(lambda: bool(self._idle))
            server = self._idle.popleft()
        try:
            while True:
                server.sendall(message)
                if message[:1] in b"QS":
                    answer = b"".join(_read_until_ready(server))
                    client.sendall(answer)
                    if answer.endswith(b"I"):
                        return True
                message = _read_message(client)
        finally:
            with self._is_idle:
                self._idle.append(server)
                self._is_idle.notify()


def _read(connection: socket.socket, count: int) -> bytes:
    read = b""
    while len(read) < count:
        more = connection.recv(count - len(read))
        if not more:
            raise EOFError
        read += more
    return read


def _read_message(connection: socket.socket) -> bytes:
    head = _read(connection, 5)
    return head + _read(connection, struct.unpack("!I", head[1:])[0] - 4)


def _read_until_ready(server: socket.socket) -> Iterator[bytes]:
    while True:
        message = _read_message(server)
        yield message
        if message[:1] == b"Z":
            return


@contextmanager
def pooling(server_port: int) -> Iterator[Pooler]:
    """Run one."""
    pooler = Pooler(server_port)
    try:
        yield pooler
    finally:
        pooler.close()
