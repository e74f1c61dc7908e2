"""What sending costs: our transport, aiohttp, and aiohttp with one thing more at a time."""

import statistics
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias, TypedDict, Unpack

import aiohttp

from belvo_async import Credentials, LinkUpdate, Timeouts
from belvo_async._transport.transport import AiohttpTransport
from belvo_async._wire.requests import build_update
from belvo_async.params._network import DIRECT
from benchmarks._clients import CONNECTIONS, KEYS, PASSWORD, cycle_ids, measure

_Send: TypeAlias = Callable[[str], Awaitable[object]]
_AS_DOCUMENTED: Final = "aiohttp as documented: json=…, await r.json()"
_TOTAL: Final = 330.0


class _Options(TypedDict, total=False):
    """What one call of aiohttp can be given."""

    headers: dict[str, str]
    middlewares: tuple[aiohttp.ClientMiddlewareType, ...]
    timeout: aiohttp.ClientTimeout


async def _pass_on(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    return await handler(request)


async def time_transports(url: str, *, seconds: float, repeats: int) -> dict[str, tuple[float, float]]:
    """Return the CPU µs of each way to send, and what it adds to aiohttp as documented: both medians."""
    ours = AiohttpTransport(url, Credentials(*KEYS), timeouts=Timeouts(), network=DIRECT)
    request = build_update(LinkUpdate(next(cycle_ids()), password=PASSWORD))
    connector = aiohttp.TCPConnector(limit=CONNECTIONS, force_close=True)  # as ours has it for logins
    async with aiohttp.ClientSession(connector=connector, headers=_build_headers()) as session:
        ways = {
            _AS_DOCUMENTED: _send_json(session, url),
            **_vary(session, url, request.body or b""),
            "our transport": lambda _: ours.send(request),
        }
        found = await _measure_in_turns(ways, seconds, repeats)
    await ours.aclose()
    return {name: (statistics.median(times), _find_added(times, found)) for name, times in found.items()}


def _find_added(times: list[float], found: dict[str, list[float]]) -> float:
    """Return the median difference within a round, which the neighbours' load disturbs less."""
    return statistics.median(a - b for a, b in zip(times, found[_AS_DOCUMENTED], strict=True))


async def _measure_in_turns(ways: dict[str, _Send], seconds: float, repeats: int) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {name: [] for name in ways}
    ids = cycle_ids()
    for send in ways.values():
        await measure(send, ids, seconds)
    for _ in range(repeats):
        for name, send in ways.items():
            found[name].append((await measure(send, ids, seconds)).cpu_us)
    return found


def _build_headers() -> dict[str, str]:
    return {"Authorization": aiohttp.encode_basic_auth(*KEYS), "Accept": "application/json"}


def _send_json(session: aiohttp.ClientSession, url: str) -> _Send:
    async def send(link_id: str) -> object:
        async with session.put(f"{url}/api/links/{link_id}/", json={"password": PASSWORD}) as response:
            return await response.json()

    return send


def _vary(session: aiohttp.ClientSession, url: str, body: bytes) -> dict[str, _Send]:
    def with_options(**options: Unpack[_Options]) -> _Send:
        async def send(link_id: str) -> object:
            async with session.put(f"{url}/api/links/{link_id}/", data=body, **options) as response:
                return await response.read()

        return send

    async def send_and_iterate(link_id: str) -> object:
        found = bytearray()
        async with session.put(f"{url}/api/links/{link_id}/", data=body) as response:
            async for chunk in response.content.iter_any():
                found += chunk
            return {name.lower(): value for name, value in response.headers.items()}

    return {
        "aiohttp, bytes in and out: data=…, r.read()": with_options(),
        "  that, with a middleware": with_options(middlewares=(_pass_on,)),
        "  that, with the headers in each call": with_options(headers=_build_headers()),
        "  that, with a timer for each read": with_options(
            timeout=aiohttp.ClientTimeout(total=_TOTAL, sock_read=_TOTAL)
        ),
        "  that, by iter_any(), headers to lower case": send_and_iterate,
    }
