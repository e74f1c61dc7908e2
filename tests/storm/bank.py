"""The bank, with Belvo before it: takes requests, goes wrong as planned, and tells the judge."""

from collections import Counter
from random import Random
from typing import Final
from uuid import UUID

from tests.storm.clock import TurnClock
from tests.storm.faults import (
    CODED,
    GATEWAY,
    READABLE,
    REFUSALS,
    SEEDED,
    SOUND,
    Delivery,
    Ending,
    Plan,
    Planner,
    Reply,
    seed_with,
)
from tests.storm.judge import Judge
from tests.storm.links import BankLink, ask
from tests.storm.records import Attempt, Challenge, Wish
from tests.storm.wire import Line, Message, Request, Server, say, say_code, show_page

_COLLECTION: Final = "/api/links/"
_LONGEST_READ: Final = 50.0
"""Seconds; below what a client waits for a read."""
_LONGEST_LOGIN: Final = 295.0
"""Seconds; Belvo works up to 300."""
_GAVE_UP_EARLY: Final = frozenset({Delivery.RESET_UNREAD, Delivery.RESET_UNTAKEN, Delivery.RESET_AT_START})

_ERRORS: Final = {
    Reply.UNEXPECTED_ERROR: say_code("unexpected_error", 500),
    Reply.SERVICE_UNAVAILABLE: say_code("service_unavailable", 503),
    Reply.REQUEST_TIMEOUT: say_code("request_timeout", 408),
    Reply.TOO_MANY_SESSIONS: say_code("too_many_sessions", 400),
    Reply.BAD_GATEWAY: show_page(502),
    Reply.GATEWAY_TIMEOUT: show_page(504),
}


class Bank:
    """A server on this machine whose faults depend on its seed and on each link, not on who comes first."""

    def __init__(self, seed: str, clock: TurnClock, judge: Judge, planner: Planner = SEEDED) -> None:
        self._seed: Final = seed
        self._clock: Final = clock
        self._judge: Final = judge
        self._planner: Final = planner
        self._links: Final[dict[str, BankLink]] = {}
        self._users: Final[dict[str, BankLink]] = {}
        self.injected: Final[Counter[str]] = Counter()
        self.server: Final = Server(self._respond, clock)

    def add_link(self, link_id: str) -> BankLink:
        """Open a link, that some login of old has accessed, or none."""
        rng = seed_with(f"{self._seed}/{link_id}")
        accessed = self._clock.monotonic() - rng.choice((1, 5, 60, 3600, 10**6))
        link = BankLink(link_id, self._clock, rng, first_access=accessed if rng.random() < 0.8 else None)
        self._links[link_id] = link
        return link

    def forget(self) -> None:
        """Drop all links."""
        self._links.clear()
        self._users.clear()

    async def _respond(self, request: Request, line: Line) -> bool:
        match request.method, request.link_id:
            case "POST", "":
                return await self._register(request, line)
            case "PATCH", "":
                return await self._resume(request, line)
            case "PUT", link_id if link_id in self._links:
                return await self._update(self._links[link_id], request, line)
            case "GET", link_id if link_id in self._links:
                return await self._read(self._links[link_id], line)
        return await self._send_plainly(say_code("not_found", 404), line)

    async def _update(self, link: BankLink, request: Request, line: Line) -> bool:
        link.logins += 1
        plan = self._note(self._planner.login(f"{self._seed}/{link.id}/login/{link.logins}"), "login")
        attempt = self._begin("PUT", plan)
        link.password = str(request.body["password"])
        wish = self._judge.take_login(link.password, link.id, attempt)
        link.take(attempt)
        return await self._end_login(plan, attempt, link, wish, line)

    async def _register(self, request: Request, line: Line) -> bool:
        user = str(request.body["username"])
        link = self._users.get(user)
        if link is None:
            link = self._users[user] = self.add_link(
                str(UUID(int=seed_with(f"{self._seed}/{user}").getrandbits(128)))
            )
            link.first_access = None
        link.logins += 1
        plan = self._note(self._planner.login(f"{self._seed}/{user}/login/{link.logins}"), "login")
        attempt = self._begin("POST", plan)
        wish = self._judge.take_login(user, user, attempt)
        link.take(attempt)
        return await self._end_login(plan, attempt, link, wish, line)

    async def _resume(self, request: Request, line: Line) -> bool:
        link_id, session = str(request.body["link"]), str(request.body["session"])
        token = request.body.get("token")
        link = self._links.get(link_id)
        challenge = None if link is None else link.find_challenge(session)
        is_open = challenge is not None and not challenge.is_answered and self._is_open(challenge)
        self._judge.take_token(None if token is None else str(token), link_id, session, challenge)
        if link is None or challenge is None or challenge is not link.newest or not is_open:
            return await self._send_plainly(say_code("session_expired", 400), line)
        link.logins += 1
        plan = self._note(self._planner.token(f"{self._seed}/{link.id}/token/{link.logins}"), "token")
        attempt = self._begin("PATCH", plan)
        self._judge.take_answer(challenge, attempt)
        link.take(attempt)
        return await self._end_login(plan, attempt, link, challenge.wish, line)

    def _is_open(self, challenge: Challenge) -> bool:
        return self._clock.monotonic() <= challenge.expires

    def _begin(self, method: str, plan: Plan) -> Attempt:
        now = self._clock.monotonic()
        ends = now + plan.seconds if plan.runs else now
        return Attempt(method, now, ends, succeeds=plan.runs and plan.ending is Ending.SUCCESS)

    def _note(self, plan: Plan, kind: str) -> Plan:
        self.injected[f"{kind}: {plan.reply.value}"] += 1
        self.injected[f"{kind}: {plan.delivery.value}"] += 1
        return plan

    async def _end_login(self, plan: Plan, attempt: Attempt, link: BankLink, wish: Wish, line: Line) -> bool:
        if await self._cut_early(plan, attempt.ends, line):
            return False
        await self._clock.sleep(_find_seconds(plan))
        if not line.is_open:
            return False
        challenge = self._find_challenge(plan, link, wish)
        message = self._tell(plan, link, challenge, attempt)
        if plan.delivery in READABLE:  # noted first: a client may act before the last byte is sent
            attempt.is_refused = plan.reply in REFUSALS
            attempt.is_coded = plan.reply in CODED
        goes_on = await self._send(message, plan, line)
        if challenge is not None:
            challenge.expires = self._clock.monotonic() + challenge.seconds
        return goes_on

    async def _cut_early(self, plan: Plan, ends: float, line: Line) -> bool:
        """Break the connection instead of a response, where that is planned."""
        left = ends - self._clock.monotonic()
        if plan.delivery is Delivery.RESET_DURING:
            await self._clock.sleep(left * plan.rng.random())
        elif plan.delivery is Delivery.SILENT:
            await self._clock.sleep(min(left + plan.rng.uniform(10, 90), _LONGEST_LOGIN))
        elif plan.delivery not in _GAVE_UP_EARLY:
            return False
        line.cut(plan.rng)
        return True

    def _find_challenge(self, plan: Plan, link: BankLink, wish: Wish) -> Challenge | None:
        is_asked = plan.runs and plan.ending is Ending.CHALLENGE
        if not is_asked or plan.reply not in (Reply.TRUTH, Reply.FOREIGN_LINK):
            return None
        challenge = link.open_challenge(wish)
        self._judge.open_session(challenge.session, link.id)
        return challenge

    def _tell(self, plan: Plan, link: BankLink, challenge: Challenge | None, attempt: Attempt) -> Message:
        is_foreign = plan.reply is Reply.FOREIGN_LINK and attempt.method != "POST"
        other = self._find_other(link, plan.rng) if is_foreign else link
        if plan.reply not in (Reply.TRUTH, Reply.FOREIGN_LINK):
            return say_error(plan.reply, plan.rng)
        if challenge is not None:
            return ask(challenge, other.id, plan.rng)
        if plan.ending is Ending.REFUSED:
            return say_code("login_error", 400)
        return say(other.show(), 201 if attempt.method == "POST" else 200)

    def _find_other(self, link: BankLink, rng: Random) -> BankLink:
        others = [*self._links.values()][-8:]
        other = rng.choice(others)
        return other if other is not link else BankLink(str(UUID(int=rng.getrandbits(128))), self._clock, rng)

    async def _read(self, link: BankLink, line: Line) -> bool:
        link.reads += 1
        plan = self._note(self._planner.read(f"{self._seed}/{link.id}/read/{link.reads}"), "read")
        rng = plan.rng
        if plan.delivery in (Delivery.RESET_UNREAD, Delivery.SILENT):
            if plan.delivery is Delivery.SILENT:
                await self._clock.sleep(rng.uniform(5, _LONGEST_READ))
            line.cut(rng)
            return False
        seen_at = self._clock.monotonic()
        shown = self._find_other(link, rng) if plan.reply is Reply.FOREIGN_LINK else link
        message = (
            say(shown.show())
            if plan.reply in (Reply.TRUTH, Reply.FOREIGN_LINK)
            else say_error(plan.reply, rng)
        )
        was_tainted = line.is_tainted
        if plan.delivery is Delivery.DELAYED:
            await self._clock.sleep(rng.uniform(1, 20))
        is_true = plan.reply is Reply.TRUTH and line.is_open
        if is_true and plan.delivery in READABLE:
            self._judge.show_no_success(link.id, seen_at)
        goes_on = await self._send(message, plan, line)
        if is_true and plan.delivery in SOUND and not was_tainted and line.is_open:
            self._judge.show_success(link.id, seen_at)
        return goes_on

    async def _send(self, message: Message, plan: Plan, line: Line) -> bool:
        return await line.send(message, plan.delivery, plan.rng, keeps=plan.keeps, announces=plan.announces)

    async def _send_plainly(self, message: Message, line: Line) -> bool:
        return await line.send(message, Delivery.WHOLE, seed_with(""), keeps=True, announces=False)


def _find_seconds(plan: Plan) -> float:
    """Return the seconds until the response begins."""
    if plan.reply in REFUSALS:
        return plan.rng.uniform(0, 0.5)
    seconds = plan.seconds if plan.runs else 0.2
    if plan.reply in GATEWAY:  # a gateway gives up before the bank, or after it
        seconds *= plan.rng.uniform(0.2, 1.3)
    if plan.delivery is Delivery.DELAYED:
        seconds += plan.rng.uniform(1, 15)
    return min(seconds, _LONGEST_LOGIN)


def say_error(reply: Reply, rng: Random) -> Message:
    """Build the response that is neither a link nor a challenge."""
    if reply is Reply.FORBIDDEN_PAGE:
        return show_page(403, retry_after=_draw_retry_after(rng))
    if reply is Reply.TOO_MANY_REQUESTS:
        return Message(429, b"[]", retry_after=_draw_retry_after(rng))
    return _ERRORS[reply]


def _draw_retry_after(rng: Random) -> int | None:
    return 1 if rng.random() < 0.8 else None
