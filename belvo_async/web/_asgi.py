"""The pages as an ASGI application."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, MutableMapping
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qsl

from belvo_async._event_loop import end_all
from belvo_async.web._http import LARGEST_BODY, PageRequest, PageResponse, read_cookies

# The ASGI specification leaves the values open.
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
_MOST_FIELDS: Final = 20


class AsgiApp:
    """An ASGI 3 application, to be mounted in another one."""

    def __init__(
        self, handle: Callable[[PageRequest], Awaitable[PageResponse]], largest_body: int = LARGEST_BODY
    ) -> None:
        self._handle: Final = handle
        self._largest_body: Final = largest_body

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request; other kinds of connections are closed."""
        if scope["type"] == "http":
            response = await self._handle(await _read(scope, receive, self._largest_body))
            if response.stream is None or scope["method"] == "HEAD":
                await _send(send, scope["method"], response)
            else:
                await _send_stream(receive, send, response, response.stream)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
        elif scope["type"] == "lifespan":
            await _live(receive, send)


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _read(scope: Message, receive: Receive, largest_body: int) -> PageRequest:
    pairs = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"]]
    client = scope.get("client")
    return PageRequest(
        method=scope["method"],
        path=_find_path(scope),
        query=_read_query(scope.get("query_string", b"")),
        headers=dict(pairs),
        # HTTP/2 sends each cookie in a header of its own.
        cookies=read_cookies(value for name, value in pairs if name == "cookie"),
        body=await _read_body(receive, largest_body),
        remote=client[0] if client else "",
        is_secure=scope.get("scheme") == "https",
    )


def _find_path(scope: Message) -> str:
    """Return the path below the mount: some frameworks leave what is above it in, some take it out."""
    path, root = str(scope["path"]), str(scope.get("root_path", "")).rstrip("/")
    below = (path.removeprefix(root) if path.startswith(f"{root}/") else path).strip("/")
    # Litestar puts a slash behind; one that the browser sent makes another address, relative links included.
    return f"{below}/" if below and bytes(scope.get("raw_path") or b"").endswith(b"/") else below


def _read_query(query: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(query.decode("ascii", "replace"), max_num_fields=_MOST_FIELDS))
    except ValueError:
        return {}


async def _read_body(receive: Receive, largest: int) -> bytes | None:
    body, has_more = b"", True
    while has_more:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        if len(body) > largest:
            return None
        has_more = message.get("more_body", False)
    return body


async def _send(send: Send, method: str, response: PageResponse) -> None:
    headers = _write_headers(response)
    if response.stream is None:
        headers.append((b"content-length", str(len(response.body)).encode("ascii")))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else response.body})


async def _send_stream(
    receive: Receive, send: Send, response: PageResponse, stream: AsyncGenerator[bytes, None]
) -> None:
    """Send what comes, until the browser goes away: a server may swallow what is sent to nobody."""
    headers = _write_headers(response)
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    gone = asyncio.ensure_future(_wait_until_gone(receive))
    try:
        async for chunk in stream:
            if gone.done():
                break
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    finally:
        try:
            await end_all([gone])
        finally:
            await stream.aclose()


async def _wait_until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _write_headers(response: PageResponse) -> list[tuple[bytes, bytes]]:
    pairs = response.headers.items()
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in pairs]
