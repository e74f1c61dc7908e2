"""The pages as an application of aiohttp."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

from aiohttp import web

from belvo_async.web._http import LARGEST_BODY, PageRequest, PageResponse, read_cookies

Handler: TypeAlias = Callable[[PageRequest], Awaitable[PageResponse]]
_PATH: Final = "/{path:.*}"


def build_app(handle: Handler, largest_body: int = LARGEST_BODY) -> web.Application:
    """Build an application whose every address is answered by *handle*."""

    async def answer(request: web.Request) -> web.StreamResponse:
        return await _send(request, await handle(await _read(request, largest_body)))

    app = web.Application()
    app.router.add_route("*", _PATH, answer)
    return app


async def _read(request: web.Request, largest_body: int) -> PageRequest:
    return PageRequest(
        method=request.method,
        path=request.match_info["path"],
        query=dict(request.query),
        headers={name.lower(): value for name, value in request.headers.items()},
        cookies=read_cookies(request.headers.getall("Cookie", ())),
        body=await _read_body(request, largest_body),
        remote=request.remote or "",
        is_secure=request.secure,
    )


async def _read_body(request: web.Request, largest: int) -> bytes | None:
    body = b""
    try:
        async for chunk in request.content.iter_any():
            body += chunk
            if len(body) > largest:
                return None
    except (ConnectionError, web.RequestPayloadError):
        return None
    return body


async def _send(request: web.Request, response: PageResponse) -> web.StreamResponse:
    if response.stream is None:
        return web.Response(status=response.status, headers=response.headers, body=response.body)
    answer = web.StreamResponse(status=response.status, headers=response.headers)
    await answer.prepare(request)
    try:
        if request.method != "HEAD":
            async for chunk in response.stream:
                await answer.write(chunk)
    except ConnectionError:  # the browser went away
        pass
    finally:
        await response.stream.aclose()
    return answer
