"""What happens to one request, from its arrival to its answer: edge, faults, bank, log."""

import asyncio
from collections.abc import Callable
from email.utils import format_datetime

from attrs import evolve

from belvo_async._clock import Clock
from belvo_async._event_loop import end_all
from belvo_async._http import Request, Response
from belvo_async.sandbox._calls import Call, Outcome, SandboxLogin, SandboxReply, read_call
from belvo_async.sandbox._faults import Fault, FaultKind, Switchboard
from belvo_async.sandbox._ids import IdSource
from belvo_async.sandbox._problems import Problem
from belvo_async.sandbox._rate_limit import SandboxRateLimit
from belvo_async.sandbox._request_log import RequestLog
from belvo_async.sandbox._responses import answer_page, answer_problems


class Pipeline:
    """Takes requests in. It waits on its clock, and knows nothing of sockets."""

    def __init__(
        self,
        dispatch: Callable[[Call], Outcome],
        *,
        clock: Clock,
        edge: SandboxRateLimit,
        faults: Switchboard,
        journal: RequestLog,
        ids: IdSource,
    ) -> None:
        self._dispatch = dispatch
        self._clock = clock
        self._rate_limit = edge
        self._faults = faults
        self._journal = journal
        self._ids = ids
        self._background: set[asyncio.Task[None]] = set()
        """The logins whose clients have their answer already."""

    async def stop(self) -> None:
        """Give up the logins under way that nobody waits for."""
        await end_all(list(self._background))

    async def receive(self, request: Request, *, reused: bool) -> SandboxReply:
        """Answer *request*; the reply says how its way out is spoilt, if it is."""
        call = read_call(request, self._clock.wall())
        number = self._journal.open(call, reused=reused)
        reply = self._date(await self._answer(call, reused=reused))
        self._journal.close(number, reply)
        return reply

    def _date(self, reply: SandboxReply) -> SandboxReply:
        """Date the answer by our own clock, which a test may have in its hand."""
        date = format_datetime(self._clock.wall(), usegmt=True)
        response = evolve(reply.response, headers={"date": date, **reply.response.headers})
        return evolve(reply, response=response)

    async def _answer(self, call: Call, *, reused: bool) -> SandboxReply:
        if self._rate_limit.blocks(call.at):
            return SandboxReply(response=answer_page(403))
        fault = self._faults.draw(call.request.method, call.request.path, call.link_id, reused=reused)
        if fault is None:
            return await self._ask_bank(call, 0.0)
        if fault.lets_through:
            reply = await self._ask_bank(call, fault.seconds)
        else:
            await self._wait(fault.seconds)
            reply = SandboxReply(response=Response(status=500))
        return evolve(reply, fault=fault, response=self._spoil(fault, reply.response))

    async def _ask_bank(self, call: Call, delay: float) -> SandboxReply:
        outcome = self._dispatch(call)
        if not isinstance(outcome, SandboxLogin):
            await self._wait(delay)
            return outcome
        if outcome.early is not None:
            task = asyncio.create_task(self._settle_later(outcome))
            self._background.add(task)
            task.add_done_callback(self._background.discard)
            await self._wait(delay)
            return outcome.early
        await self._wait(outcome.seconds + delay)
        return outcome.settle(self._clock.wall())

    async def _settle_later(self, login: SandboxLogin) -> None:
        await self._wait(login.seconds)
        login.settle(self._clock.wall())

    async def _wait(self, seconds: float) -> None:
        if seconds > 0:
            await self._clock.sleep(seconds)

    def _spoil(self, fault: Fault, true: Response) -> Response:
        """Return what a fault makes of the true answer, as far as status, headers and short bodies go."""
        spoilt = evolve(true, status=fault.status or true.status)
        match fault.kind:
            case FaultKind.HTML:
                spoilt = answer_page(fault.status or 403)
            case FaultKind.STATUS:
                spoilt = self._answer_status(fault.status or 500)
            case FaultKind.GARBAGE:
                spoilt = evolve(spoilt, body=b'{"id": \xff\xfe nonsense')
            case FaultKind.EMPTY:
                spoilt = evolve(spoilt, body=b"")
            case FaultKind.WRONG_TYPE:
                spoilt = evolve(spoilt, body=b"42")
            case _:
                pass
        return evolve(spoilt, headers={**spoilt.headers, **dict(fault.headers)})

    def _answer_status(self, status: int) -> Response:
        code = {429: "throttled", 503: "service_unavailable"}.get(status, "unexpected_error")
        return answer_problems(status, self._ids.hex32(), [Problem(code, "A fault of the sandbox")])
