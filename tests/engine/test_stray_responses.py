"""A response that nobody asked for is taken by no read, and its connection is never used again."""

import asyncio
import json
import socket
import ssl
from collections.abc import Iterator

import pytest
import trustme

from belvo_async import Network, RetryPolicy, SessionPool
from belvo_async.errors import NotSentError, ResponseLostError
from belvo_async.testing import link_body
from tests.engine.servers import KEYS, Wire, build_answer, serve

OWN_ID = "30cb4806-6e00-48a4-91c9-ca55968576c8"
STRAY_ID = "5722d0ba-69c7-4d6a-a4bd-5fb0a3b4d2a0"


def build_page(link_id: str, *, padding: int = 0) -> bytes:
    page = {"count": 1, "next": None, "results": [link_body(link_id)], "padding": "x" * padding}
    return build_answer(json.dumps(page).encode())


OWN, STRAY = build_page(OWN_ID), build_page(STRAY_ID)
SENT = {
    "in one packet": (OWN + STRAY,),
    "in one packet, after a long one": (build_page(OWN_ID, padding=300_000) + STRAY,),
    "late": (OWN, STRAY),
    "begun in the packet of the first, and ended late": (OWN + STRAY[:20], STRAY[20:]),
    "with its head in the packet of the first": (OWN + STRAY[:-30], STRAY[-30:]),
    "late, and only begun": (OWN, STRAY[:-30]),
    "garbage": (OWN, b"\r\n\r\nnot http"),
}


async def list_ids(pool: SessionPool) -> list[str]:
    return [link.id async for link in pool.links.list()]


@pytest.mark.parametrize("name", SENT)
@pytest.mark.parametrize("pause", [0.0, 0.05])
async def test_a_second_response_to_one_read_cannot_be_taken_by_the_next(name: str, pause: float) -> None:
    async def reply(_: Wire, writer: asyncio.StreamWriter) -> bool:
        for part in SENT[name]:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0.01)  # real: so that a late part arrives by itself
        return True

    async with (
        serve(reply) as wire,
        SessionPool(KEYS, environment=wire.url, retry=RetryPolicy.never()) as pool,
        asyncio.timeout(2.0),
    ):
        assert await list_ids(pool) == [OWN_ID]
        await asyncio.sleep(pause + 0.02)
        assert await list_ids(pool) == [OWN_ID]
        assert wire.connections == 2


async def test_the_rest_of_a_second_response_that_only_began_is_no_response() -> None:
    """Nothing tells that a head has begun; but what follows it cannot be the head of a response."""

    async def reply(wire: Wire, writer: asyncio.StreamWriter) -> bool:
        writer.write(OWN + STRAY[:20] if len(wire.requests) == 1 else STRAY[20:] + OWN)
        return True

    async with (
        serve(reply) as wire,
        SessionPool(KEYS, environment=wire.url, retry=RetryPolicy.never()) as pool,
    ):
        assert await list_ids(pool) == [OWN_ID]
        with pytest.raises(ResponseLostError):
            await list_ids(pool)


class Peer:
    """Answers each request, and gives the newest connection's socket: what it sends, no loop has read."""

    def __init__(self) -> None:
        self.sockets: list[socket.socket] = []

    async def __call__(self, _: Wire, writer: asyncio.StreamWriter) -> bool:
        self.sockets.append(writer.get_extra_info("socket").dup())
        writer.write(OWN)
        return True

    def close(self) -> None:
        for one in self.sockets:
            one.close()


@pytest.fixture
def peer() -> Iterator[Peer]:
    made = Peer()
    yield made
    made.close()


async def test_a_response_that_waits_unread_when_the_next_read_begins_is_not_taken(peer: Peer) -> None:
    async with serve(peer) as wire, SessionPool(KEYS, environment=wire.url) as pool:
        await pool.ping()
        peer.sockets[-1].send(STRAY)
        assert await list_ids(pool) == [OWN_ID]
        assert wire.connections == 2


async def test_a_kept_connection_that_the_server_has_just_closed_costs_no_read(peer: Peer) -> None:
    retry = RetryPolicy.never()
    async with serve(peer) as wire, SessionPool(KEYS, environment=wire.url, retry=retry) as pool:
        await pool.ping()
        peer.sockets[-1].shutdown(socket.SHUT_WR)
        assert await list_ids(pool) == [OWN_ID]
        assert wire.connections == 2


async def test_a_server_that_keeps_to_one_response_keeps_its_connection(peer: Peer) -> None:
    async with serve(peer) as wire, SessionPool(KEYS, environment=wire.url) as pool:
        for _ in range(3):
            assert await list_ids(pool) == [OWN_ID]
            await asyncio.sleep(0.01)
        assert wire.connections == 1


def build_contexts(version: ssl.TLSVersion) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    authority = trustme.CA()
    ours, theirs = ssl.create_default_context(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.configure_trust(ours)
    authority.issue_cert("localhost").configure_cert(theirs)
    theirs.maximum_version = version
    return ours, theirs


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_session_tickets_of_tls_cost_no_connection_and_stray_responses_do(
    version: ssl.TLSVersion, peer: Peer
) -> None:
    ours, theirs = build_contexts(version)
    writers: list[asyncio.StreamWriter] = []

    async def reply(wire: Wire, writer: asyncio.StreamWriter) -> bool:
        writers.append(writer)
        return await peer(wire, writer)

    async with (
        serve(reply, ssl=theirs) as wire,
        SessionPool(KEYS, environment=wire.url, network=Network(ssl=ours)) as pool,
    ):
        for _ in range(3):
            assert await list_ids(pool) == [OWN_ID]
        assert wire.connections == 1
        writers[-1].write(STRAY)
        assert await list_ids(pool) == [OWN_ID]
        assert wire.connections == 2


async def test_a_server_that_speaks_before_it_is_asked_is_sent_nothing() -> None:
    ours, theirs = build_contexts(ssl.TLSVersion.TLSv1_2)  # its last flight and the response come together

    async def speak_first(_: Wire, writer: asyncio.StreamWriter) -> None:
        writer.write(STRAY)

    async with (
        serve(Peer(), ssl=theirs, greet=speak_first) as wire,
        SessionPool(KEYS, environment=wire.url, network=Network(ssl=ours), retry=RetryPolicy.never()) as pool,
    ):
        with pytest.raises(NotSentError, match="before it was asked"):
            await pool.ping()
        assert wire.requests == []
