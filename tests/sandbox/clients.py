"""A plain aiohttp client: it knows how to write a request, and nothing about Belvo."""

import json
from base64 import b64encode
from decimal import Decimal
from types import TracebackType
from typing import Any, Self

import aiohttp
from attrs import frozen

from belvo_async.sandbox import Sandbox


@frozen
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def decimals(self) -> Any:
        """The body, with each fraction as it is written."""
        return json.loads(self.body, parse_float=Decimal)

    @property
    def code(self) -> str:
        item: dict[str, str] = self.json[0]
        return item["code"]

    @property
    def fields(self) -> dict[str, str]:
        return {item["field"]: item["code"] for item in self.json}


class Client:
    def __init__(self, sandbox: Sandbox, *, connections: int = 100, resends: bool = False) -> None:
        keys = f"{sandbox.secret_id}:{sandbox.secret_password}".encode()
        self.headers = {"Authorization": f"Basic {b64encode(keys).decode()}"}
        self._sandbox = sandbox
        self._connections = connections
        self._resends = resends

    async def __aenter__(self) -> Self:
        self.session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._connections), cookie_jar=aiohttp.DummyCookieJar()
        )
        self.session._retry_connection = self._resends
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.session.close()

    async def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        headers: dict[str, str] | None = None,
        **params: str,
    ) -> Answer:
        async with self.session.request(
            method,
            self._sandbox.url + path,
            json=body,
            params=params,
            headers=self.headers | (headers or {}),
            allow_redirects=False,
        ) as response:
            names = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status, names, await response.read())

    async def get(self, path: str, **params: str) -> Answer:
        return await self.call("GET", path, None, headers=None, **params)

    async def register(self, **body: object) -> Answer:
        return await self.call("POST", "/api/links/", body)

    async def update(self, link_id: str, **body: object) -> Answer:
        return await self.call("PUT", f"/api/links/{link_id}/", body)

    async def resume(self, challenge: dict[str, Any], token: str | None = None) -> Answer:
        body = {"session": challenge["session"], "link": challenge["link"]}
        return await self.call("PATCH", "/api/links/", body if token is None else body | {"token": token})

    async def challenge(self, link_id: str) -> dict[str, Any]:
        answer = await self.update(link_id, password="pass_valid")
        assert answer.status == 428
        item: dict[str, Any] = answer.json[0]
        return item
