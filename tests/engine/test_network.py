"""The way to Belvo: fresh connections for logins, proxies, certificates, and limits that end every call."""

import asyncio
import base64
import errno
import json
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import aiohttp
import pytest
import trustme

from belvo_async import (
    Challenge,
    LinkUpdate,
    Network,
    OutcomeUnknownError,
    RateLimit,
    RetryPolicy,
    SessionPool,
    Timeouts,
)
from belvo_async.errors import (
    ConfigurationError,
    NotSentError,
    ResponseLostError,
    TokenNotSentError,
    UnreachableError,
)
from belvo_async.models import AwaitingToken
from belvo_async.sandbox import Sandbox, SandboxOptions
from belvo_async.testing import ManualClock, challenge_body, link_body
from tests.engine.conftest import open_pool
from tests.engine.servers import KEYS, Wire, build_answer, listen, serve

LINK_ID = "30cb4806-6e00-48a4-91c9-ca55968576c8"
OTHER_ID = "5722d0ba-69c7-4d6a-a4bd-5fb0a3b4d2a0"
GOOD = build_answer(json.dumps(link_body(LINK_ID)).encode())
SECRET = "hunter2-s3cret"
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], "asyncio.Future[None] | object"]


def update(link_id: str = LINK_ID) -> LinkUpdate:
    return LinkUpdate(link_id, password="new")


async def answer_all(wire: Wire, writer: asyncio.StreamWriter) -> bool:
    path = wire.requests[-1].split()[1].decode()
    link_id = path.removeprefix("/api/links/").strip("/") if "links" in path else LINK_ID
    writer.write(build_answer(json.dumps(link_body(link_id)).encode()))
    return True


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def build_context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def build_server_context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    return context


async def answer_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(GOOD)
    await writer.drain()


async def test_each_login_has_a_connection_of_its_own_and_reads_keep_theirs() -> None:
    async with serve(answer_all) as wire, SessionPool(KEYS, environment=wire.url) as pool:
        for _ in range(3):
            await pool.ping()
        assert wire.connections == 1
        for _ in range(3):
            await pool.links.update(update())
        assert wire.connections == 4
        await pool.ping()
        assert wire.connections == 4


async def test_a_second_response_to_one_login_cannot_meet_the_next() -> None:
    """The bank of A answers twice: once too often, on a connection that it keeps open."""

    async def reply(wire: Wire, writer: asyncio.StreamWriter) -> bool:
        link_id = wire.requests[-1].split(b"/api/links/", 1)[1][:36].decode()
        challenged = build_answer(json.dumps(challenge_body(LINK_ID)).encode(), "428 Precondition Required")
        if link_id == LINK_ID:
            writer.write(challenged)
            await writer.drain()
            await asyncio.sleep(0.01)  # real: so that the second one arrives by itself
            writer.write(challenged)
        else:
            writer.write(build_answer(json.dumps(link_body(link_id)).encode()))
        return True

    async with serve(reply) as wire, SessionPool(KEYS, environment=wire.url) as pool:
        with pytest.raises(Exception, match="asks for a token"):
            await pool.links.update(update())
        assert (await pool.links.update(update(OTHER_ID))).id == OTHER_ID
        assert wire.count("PUT") == 2


async def test_connections_that_the_server_has_closed_cost_no_login() -> None:
    async def reply(wire: Wire, writer: asyncio.StreamWriter) -> bool:
        await answer_all(wire, writer)
        await writer.drain()
        return False

    async with serve(reply) as wire, SessionPool(KEYS, environment=wire.url) as pool:
        for _ in range(5):
            assert (await pool.links.update(update())).id == LINK_ID
        assert wire.count("PUT") == 5


async def test_a_silent_login_keeps_its_connection_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    options: list[tuple[int, int, int]] = []
    original = socket.socket.setsockopt

    def note(self: socket.socket, level: int, name: int, value: int) -> None:
        options.append((level, name, value))
        original(self, level, name, value)

    monkeypatch.setattr(socket.socket, "setsockopt", note)
    async with serve(answer_all) as wire, SessionPool(KEYS, environment=wire.url) as pool:
        await pool.links.update(update())
    assert (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1) in options
    if hasattr(socket, "TCP_KEEPIDLE"):
        assert (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 30) in options


def hang(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> "asyncio.Task[None]":
    return asyncio.ensure_future(asyncio.sleep(0))


STALL = Timeouts(connect=0.05, read=0.2, login=0.2)
"""Real time: sockets know no other."""


async def test_a_login_that_is_never_answered_ends_at_its_limit_and_leaves_nothing() -> None:
    async def reply(wire: Wire, writer: asyncio.StreamWriter) -> bool:
        if wire.requests[-1].startswith(b"PUT"):
            writer.write(GOOD[:60])  # it begins, and goes on never
            await writer.drain()
            await asyncio.sleep(60.0)
        return await answer_all(wire, writer)

    tasks = asyncio.all_tasks()
    async with (
        serve(reply) as wire,
        SessionPool(KEYS, environment=wire.url, timeouts=STALL, clock=ManualClock(automatic=True)) as pool,
        asyncio.timeout(5.0),
    ):
        with pytest.raises(OutcomeUnknownError):
            await pool.links.update(update())
    left = {task for task in asyncio.all_tasks() - tasks if "handle" not in repr(task)}
    assert left == set()


@pytest.mark.parametrize("grace", [0.0, 0.1])
async def test_closing_ends_within_its_grace_whatever_the_peer_does(
    authority: trustme.CA, grace: float
) -> None:
    has_arrived = asyncio.Event()

    async def read_and_say_nothing(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read(10_000)
        has_arrived.set()
        await asyncio.sleep(60.0)

    server = build_server_context(authority)
    async with listen(read_and_say_nothing, ssl=server) as port:
        pool = SessionPool(
            KEYS, environment=f"https://localhost:{port}", network=Network(ssl=build_context(authority))
        )
        task = asyncio.create_task(pool.links.update(update()))
        await has_arrived.wait()
        async with asyncio.timeout(grace + 1.0):
            await pool.aclose(grace=grace)
        with pytest.raises(OutcomeUnknownError):
            await task
        assert (len(pool._engine.memory.flights), len(pool._engine.memory.locks)) == (0, 0)


async def test_a_certificate_that_is_not_trusted_fails_at_once_and_says_so(
    authority: trustme.CA, clock: ManualClock
) -> None:
    async with (
        listen(answer_one, ssl=build_server_context(authority)) as port,
        SessionPool(KEYS, environment=f"https://localhost:{port}", clock=clock) as pool,
    ):
        with pytest.raises(UnreachableError, match="certificate of localhost is not trusted") as caught:
            await pool.links.update(update())
        assert clock.naps == []
        assert "Nothing was sent" in caught.value.message


async def test_certificates_of_ones_own_are_trusted(authority: trustme.CA) -> None:
    network = Network(ssl=build_context(authority))
    async with (
        listen(answer_one, ssl=build_server_context(authority)) as port,
        SessionPool(KEYS, environment=f"https://localhost:{port}", network=network) as pool,
    ):
        assert (await pool.links.update(update())).id == LINK_ID


async def test_an_unknown_host_name_fails_at_once_and_says_so(
    clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", refuse)
    async with SessionPool(KEYS, environment="https://belvo.invalid", clock=clock) as pool:
        with pytest.raises(UnreachableError, match=r"host name belvo\.invalid is not known"):
            await pool.links.update(update())
    assert clock.naps == []


async def test_a_name_server_that_cannot_be_asked_now_is_asked_again(
    clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", fail)
    async with SessionPool(KEYS, environment="https://belvo.invalid", clock=clock) as pool:
        with pytest.raises(NotSentError) as caught:
            await pool.ping()
    assert not isinstance(caught.value, UnreachableError)
    assert len(clock.naps) == 5


async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(10)
    writer.transport.abort()


async def speak_plainly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(10)
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    writer.close()


async def stall(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read(10)
    await asyncio.sleep(60.0)


@pytest.mark.parametrize("talk", [reset, speak_plainly, stall])
async def test_what_fails_while_tls_is_built_was_never_sent(
    talk: Callable[[asyncio.StreamReader, asyncio.StreamWriter], object],
) -> None:
    async with (
        listen(talk) as port,
        SessionPool(
            KEYS, environment=f"https://localhost:{port}", retry=RetryPolicy.never(), timeouts=STALL
        ) as pool,
        asyncio.timeout(5.0),
    ):
        with pytest.raises(NotSentError):
            await pool.links.update(update())


TUNNELS = {
    "refused": b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 6\r\n\r\n<html>",
    "cut": b"",
    "garbage": b"SSH-2.0-x\r\n",
    "open, then reset": b"HTTP/1.1 200 OK\r\n\r\n",
}


async def test_a_server_without_tls_behind_https_is_not_asked_again(clock: ManualClock) -> None:
    async with (
        listen(speak_plainly) as port,
        SessionPool(KEYS, environment=f"https://localhost:{port}", clock=clock) as pool,
    ):
        with pytest.raises(UnreachableError, match=f"no TLS on port {port} of localhost"):
            await pool.links.update(update())
    assert clock.naps == []


async def test_a_server_without_tls_at_the_end_of_a_tunnel_is_named(clock: ManualClock) -> None:
    async def tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await speak_plainly(reader, writer)

    async with listen(tunnel) as port:
        network = Network(proxy=f"http://127.0.0.1:{port}")
        async with SessionPool(
            KEYS, environment="https://belvo.invalid", network=network, clock=clock
        ) as pool:
            with pytest.raises(UnreachableError, match=r"no TLS on port 443 of belvo\.invalid"):
                await pool.links.update(update())


async def test_a_proxy_without_tls_behind_https_is_named(clock: ManualClock) -> None:
    async with listen(speak_plainly) as port:
        network = Network(proxy=f"https://localhost:{port}")
        async with SessionPool(
            KEYS, environment="https://belvo.invalid", network=network, clock=clock
        ) as pool:
            with pytest.raises(UnreachableError, match=f"no TLS on port {port} of the proxy localhost"):
                await pool.links.update(update())


async def test_a_certificate_of_the_proxy_that_is_not_trusted_is_called_the_proxys(
    authority: trustme.CA, clock: ManualClock
) -> None:
    async with listen(answer_one, ssl=build_server_context(authority)) as port:
        network = Network(proxy=f"https://localhost:{port}")
        async with SessionPool(
            KEYS, environment="https://belvo.invalid", network=network, clock=clock
        ) as pool:
            with pytest.raises(UnreachableError, match="certificate of the proxy localhost is not trusted"):
                await pool.links.update(update())


async def test_a_host_name_of_the_proxy_that_is_not_known_is_called_the_proxys(
    clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", refuse)
    network = Network(proxy="http://proxy.invalid:3128")
    async with SessionPool(KEYS, environment="https://belvo.invalid", network=network, clock=clock) as pool:
        with pytest.raises(UnreachableError, match=r"host name of the proxy proxy\.invalid is not known"):
            await pool.ping()


async def test_a_proxy_that_cannot_be_reached_is_named_and_tried_again(clock: ManualClock) -> None:
    async with listen(stall) as port:
        pass
    network = Network(proxy=f"http://127.0.0.1:{port}")
    async with SessionPool(KEYS, environment="https://belvo.invalid", network=network, clock=clock) as pool:
        with pytest.raises(NotSentError, match=r"No connection to the proxy 127\.0\.0\.1 ") as caught:
            await pool.ping()
    assert len(clock.naps) == 5
    assert "refused" in caught.value.message.lower()


async def test_aiodns_beside_aiohttp_changes_nothing(
    clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With it, aiohttp resolves names otherwise, and its errors have no number to tell what is for good."""

    class ResolverOfAiodns(aiohttp.ThreadedResolver):
        async def resolve(self, *_: object, **__: object) -> NoReturn:
            raise OSError(None, "Domain name not found")

    async def refuse(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr("aiohttp.connector.DefaultResolver", ResolverOfAiodns)
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", refuse)
    async with SessionPool(KEYS, environment="https://belvo.invalid", clock=clock) as pool:
        with pytest.raises(UnreachableError, match=r"host name belvo\.invalid is not known"):
            await pool.ping()
    assert clock.naps == []


async def test_a_socket_without_the_keep_alive_options_sends_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(_: socket.socket, level: int, name: int, *__: int) -> None:
        if (level, name) != (socket.IPPROTO_TCP, socket.TCP_NODELAY):  # asyncio's own
            raise OSError(errno.ENOPROTOOPT, "Protocol not available")

    async with serve(answer_all) as wire, SessionPool(KEYS, environment=wire.url) as pool:
        monkeypatch.setattr(socket.socket, "setsockopt", refuse)
        assert (await pool.links.update(update())).id == LINK_ID


async def test_no_socket_is_left_where_setting_it_up_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[socket.socket] = []

    def fail(self: socket.socket, *_: object) -> None:
        opened.append(self)
        raise RuntimeError("unforeseen")

    async with (
        serve(answer_all) as wire,
        SessionPool(KEYS, environment=wire.url, retry=RetryPolicy.never()) as pool,
    ):
        monkeypatch.setattr(socket.socket, "setsockopt", fail)
        with pytest.raises(NotSentError):
            await pool.links.update(update())
    assert [one.fileno() for one in opened] == [-1]


def speak(
    answer: bytes, heads: list[bytes]
) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], object]:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer)
        await writer.drain()
        await asyncio.sleep(0.01)
        writer.transport.abort()

    return talk


@pytest.mark.parametrize("name", TUNNELS)
async def test_what_fails_while_a_tunnel_is_built_was_never_sent(name: str) -> None:
    async with listen(speak(TUNNELS[name], [])) as port:
        network = Network(proxy=f"http://127.0.0.1:{port}")
        async with SessionPool(
            KEYS, environment="https://belvo.invalid", network=network, retry=RetryPolicy.never()
        ) as pool:
            with pytest.raises(NotSentError):
                await pool.links.update(update())


async def test_a_proxy_that_refuses_its_credentials_is_not_asked_again(clock: ManualClock) -> None:
    heads: list[bytes] = []
    answer = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
    async with listen(speak(answer, heads)) as port:
        network = Network(
            proxy=f"http://user:{SECRET}@127.0.0.1:{port}", proxy_headers={"X-Team": "payments"}
        )
        async with SessionPool(
            KEYS, environment="https://belvo.invalid", network=network, clock=clock
        ) as pool:
            with pytest.raises(UnreachableError, match=r"proxy refused its credentials \(407\)") as caught:
                await pool.links.update(update())
    assert SECRET not in f"{caught.value!r} {caught.value} {caught.value.__cause__!r}"
    expected = base64.b64encode(f"user:{SECRET}".encode())
    (head,) = heads
    assert b"Proxy-Authorization: Basic " + expected in head
    assert b"X-Team: payments" in head
    assert b"\r\nAuthorization:" not in head


async def test_a_tunnel_carries_the_login_and_shows_the_proxy_no_keys(authority: trustme.CA) -> None:
    heads: list[bytes] = []
    requests: list[bytes] = []

    async def serve_belvo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(GOOD)
        await writer.drain()

    async with listen(serve_belvo, ssl=build_server_context(authority)) as target:

        async def tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            heads.append(await reader.readuntil(b"\r\n\r\n"))
            there, back = await asyncio.open_connection("127.0.0.1", target)
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")

            async def copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
                while data := await source.read(65536):
                    sink.write(data)

            try:
                await asyncio.gather(copy(reader, back), copy(there, writer))
            finally:
                back.transport.abort()

        async with listen(tunnel) as port:
            network = Network(proxy=f"http://127.0.0.1:{port}", ssl=build_context(authority))
            async with SessionPool(KEYS, environment=f"https://localhost:{target}", network=network) as pool:
                assert (await pool.links.update(update())).id == LINK_ID
    assert b"authorization" not in heads[0].lower()
    assert b"authorization" in requests[0].lower()
    assert b"proxy" not in requests[0].lower()


async def test_nothing_of_the_environment_replaces_the_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password else\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    async with serve(answer_all) as wire, SessionPool(KEYS, environment=wire.url) as pool:
        await pool.links.update(update())
    lines = [line for line in wire.requests[0].split(b"\r\n") if line.lower().startswith(b"authorization")]
    assert lines == [b"Authorization: Basic aWQ6cGFzc3dvcmQ="]


@pytest.mark.parametrize("scheme", ["http://", "", "user:hunter2-s3cret@"])
async def test_a_proxy_of_the_environment_is_used_where_that_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    heads: list[bytes] = []
    async with listen(speak(b"", heads)) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"{scheme}127.0.0.1:{port}")
        monkeypatch.setenv("NO_PROXY", "other.invalid")
        for host, timeouts in (("belvo.invalid", Timeouts()), ("other.invalid", STALL)):
            pool = SessionPool(
                KEYS,
                environment=f"https://{host}",
                network=Network(proxy_from_env=True),
                retry=RetryPolicy.never(),
                timeouts=timeouts,
            )
            with pytest.raises(NotSentError):
                await pool.ping()
            await pool.aclose()
    assert {head.split()[1] for head in heads} == {b"belvo.invalid:443"}
    assert all((b"Proxy-Authorization" in head) == ("@" in scheme) for head in heads)


@pytest.mark.parametrize("proxy", ["socks5://user:hunter2-s3cret@127.0.0.1:1080", "http://", ":3128"])
def test_a_proxy_of_the_environment_that_cannot_be_one_is_refused_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with pytest.raises(ConfigurationError, match=r"Network\.proxy_from_env\b") as caught:
        SessionPool(KEYS, environment="sandbox", network=Network(proxy_from_env=True))
    assert SECRET not in f"{caught.value}{caught.value.__context__!r}{caught.value.__cause__!r}"


async def test_keys_for_this_machine_never_go_through_a_proxy_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heads: list[bytes] = []
    async with listen(speak(GOOD, heads)) as port, serve(answer_all) as wire:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{port}")
            monkeypatch.setenv(name.lower(), f"http://127.0.0.1:{port}")
        network = Network(proxy_from_env=True)
        async with SessionPool(KEYS, environment=wire.url, network=network) as pool:
            assert (await pool.links.update(update())).id == LINK_ID
    assert heads == []


@pytest.mark.parametrize("environment", ["http://127.0.0.1:8000", "http://localhost"])
def test_a_proxy_for_an_address_without_tls_is_refused_before_anything_is_sent(environment: str) -> None:
    network = Network(proxy="http://proxy.example:3128")
    with pytest.raises(ConfigurationError, match=r"Network\.proxy .* in the clear") as caught:
        SessionPool(KEYS, environment=environment, network=network)
    assert "without a proxy" in caught.value.remedy


WRONG: dict[str, list[object]] = {
    "proxy": [
        "socks5://user:hunter2-s3cret@127.0.0.1:1080",
        "proxy.example:3128",
        "http://",
        "",
        5,
        "http://[x",
    ],
    "proxy_headers": [None, ["X"], {"X": 1}, {"X": "a\r\nEvil: hunter2-s3cret"}],
    "ssl": [True, "company.pem", ssl.SSLContext],
    "local_addr": ["", 5, ("127.0.0.1", 0), "localhost", "eth0", "127.0.0.1:80", "[::1]", "hunter2-s3cret"],
    "proxy_from_env": ["yes", 1, None],
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in WRONG.items() for value in values], ids=repr
)
def test_a_wrong_setting_is_refused_by_name_and_not_shown(name: str, value: object) -> None:
    with pytest.raises(ConfigurationError, match=rf"Network\.{name}\b") as caught:
        Network(**{name: value})  # type: ignore[arg-type]  # wrong on purpose
    assert SECRET not in f"{caught.value}{caught.value.__context__!r}{caught.value.__cause__!r}"


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "fe80::1%eth0"])
def test_a_source_address_may_be_of_either_version(address: str) -> None:
    assert Network(local_addr=address).local_addr == address


@pytest.mark.parametrize("kind", ["any host name", "any certificate", "a server's"])
def test_a_context_with_which_somebody_else_could_pass_for_belvo_is_refused(kind: str) -> None:
    server = kind == "a server's"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if server else ssl.create_default_context()
    context.check_hostname = False
    if kind == "any certificate":
        context.verify_mode = ssl.CERT_NONE
    with pytest.raises(ConfigurationError, match=r"Network\.ssl\b.*not check") as caught:
        Network(ssl=context)
    assert "create_default_context" in caught.value.remedy


def test_a_network_shows_no_credentials() -> None:
    network = Network(proxy=f"http://user:{SECRET}@proxy.example", proxy_headers={"X-Key": SECRET})
    assert SECRET not in repr(network)
    with pytest.raises(TypeError, match="never pickled"):
        network.__reduce__()


def test_something_else_than_a_network_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="network"):
        SessionPool(KEYS, environment="sandbox", network="http://proxy.example")  # type: ignore[arg-type] # wrong on purpose


async def test_logins_leave_from_the_address_that_was_asked_for() -> None:
    async with (
        serve(answer_all) as wire,
        SessionPool(KEYS, environment=wire.url, network=Network(local_addr="127.0.0.1")) as pool,
    ):
        assert (await pool.links.update(update())).id == LINK_ID


async def test_a_token_whose_time_is_over_when_its_connection_stands_is_not_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = ManualClock()
    original = socket.socket.setsockopt

    def be_slow(self: socket.socket, level: int, name: int, value: int) -> None:
        clock._jump(clock._now + 700 * 10**9)  # the handshake takes longer than the challenge lives
        original(self, level, name, value)

    async with (
        Sandbox(clock=clock, options=SandboxOptions(login_seconds=0.0)) as sandbox,
        open_pool(sandbox) as pool,
    ):
        link_id = sandbox.add_link(institution="heimdall_mx_retail", username="mfa_numeric")
        state = AwaitingToken(
            challenge=Challenge(session="s" * 32, link_id=link_id, expiry=600.0),
            deadline=clock.monotonic() + 590.0,
        )
        monkeypatch.setattr(socket.socket, "setsockopt", be_slow)
        with pytest.raises(Exception, match="waited too long"):
            await pool.links.resume(state, "111111")
        assert sandbox.log == []


@pytest.mark.parametrize("call", ["update", "get", "resume"])
async def test_a_stall_before_a_connection_ends_as_never_sent(call: str) -> None:
    async with (
        listen(stall) as port,
        SessionPool(
            KEYS,
            environment=f"https://localhost:{port}",
            timeouts=STALL,
            rate_limit=RateLimit.unlimited(),
            retry=RetryPolicy.never(),
        ) as pool,
        asyncio.timeout(2.0),
    ):
        if call == "resume":
            challenge = Challenge(session="s1", link_id=LINK_ID, expiry=900.0)
            state = AwaitingToken(challenge=challenge, deadline=asyncio.get_running_loop().time() + 900)
            with pytest.raises(TokenNotSentError) as unsent:
                await pool.links.resume(state, "111111")
            assert isinstance(unsent.value.__cause__, NotSentError)
            assert len(pool._engine.memory.sent_tokens) == 0
        else:
            with pytest.raises(NotSentError):
                await (pool.links.update(update()) if call == "update" else pool.links.get(LINK_ID))


async def test_no_cookie_is_ever_sent() -> None:
    async def reply(_: Wire, writer: asyncio.StreamWriter) -> bool:
        writer.write(build_answer(b"{}", headers="Set-Cookie: session=1\r\n"))
        return True

    async with serve(reply) as wire, SessionPool(KEYS, environment=wire.url) as pool:
        await pool.ping()
        await pool.ping()
        assert not any(b"cookie" in request.lower() for request in wire.requests)


async def test_a_broken_response_names_what_the_parser_says_and_none_of_its_bytes(clock: ManualClock) -> None:
    async def reply(_: Wire, writer: asyncio.StreamWriter) -> bool:
        writer.write(f"HTTP/9.9 {SECRET}\r\n\r\n".encode())
        return False

    async with serve(reply) as wire, SessionPool(KEYS, environment=wire.url, clock=clock) as pool:
        with pytest.raises(ResponseLostError, match="its status line is not one of HTTP") as caught:
            await pool.links.get(LINK_ID)
    assert SECRET not in str(caught.value)
