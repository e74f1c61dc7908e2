"""A bank that does as it is told, and a client that does wrong by hand: for the tests of the judge."""

import asyncio
import json
from uuid import UUID

from attrs import define

from tests.storm.bank import Bank
from tests.storm.clock import TurnClock
from tests.storm.faults import Delivery, Ending, Plan, Reply, seed_with
from tests.storm.judge import Fault, Judge
from tests.storm.records import Call, Wish

A, B = str(UUID(int=1)), str(UUID(int=2))


def build_plan(
    ending: Ending = Ending.SUCCESS,
    reply: Reply = Reply.TRUTH,
    delivery: Delivery = Delivery.WHOLE,
    seconds: float = 5,
) -> Plan:
    return Plan(
        ending=ending,
        reply=reply,
        delivery=delivery,
        seconds=seconds,
        keeps=False,
        announces=False,
        rng=seed_with(""),
    )


@define
class Scene:
    """A bank that does as it is told, and a client on plain sockets."""

    clock: TurnClock
    judge: Judge
    bank: Bank
    login: Plan
    token: Plan
    read: Plan

    async def send(self, method: str, path: str = "", **body: object) -> list[dict[str, str]]:
        """Send one request on a connection of its own; return what the response lists."""
        port = int(self.bank.server.url.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        data = json.dumps(body).encode() if body else b""
        head = f"{method} /api/links/{path} HTTP/1.1\r\nContent-Length: {len(data)}\r\n\r\n"
        writer.write(head.encode() + data)
        try:
            response = (await reader.read()).partition(b"\r\n\r\n")[2]
        except ConnectionError:
            response = b""
        writer.close()
        try:
            found = json.loads(response)
        except ValueError:
            found = []
        return found if isinstance(found, list) else [found]

    async def put(self, password: str = "a", link_id: str = A) -> list[dict[str, str]]:
        return await self.send("PUT", f"{link_id}/", password=password)

    async def patch(self, token: str, session: str, link_id: str = A) -> list[dict[str, str]]:
        return await self.send("PATCH", token=token, session=session, link=link_id)

    async def show(self) -> None:
        await self.send("GET", f"{A}/")

    async def ask(self, link_id: str = A) -> str:
        """Begin a login that wants a token, and return its session."""
        self.login = build_plan(Ending.CHALLENGE)
        return (await self.put(link_id, link_id))[0]["session"]

    def begin(self, name: str = "update", password: str = "a") -> Call:
        return self.judge.begin(name, self.wish(password), A, 100, lambda: None)

    def wish(self, password: str = "a") -> Wish:
        return self.judge.wish(password, A)

    def found(self) -> set[Fault]:
        return {fault for fault in Fault if self.judge.faults[fault]}
