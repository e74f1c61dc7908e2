"""Spans and metrics of a session pool, for OpenTelemetry. Needs the extra `otel`."""

import hashlib
import re
import time
from collections.abc import Iterable
from contextvars import ContextVar, Token
from typing import Final

from attrs import frozen

from belvo_async import __version__
from belvo_async.backends import JobStatus
from belvo_async.telemetry import (
    ChallengeClosed,
    ChallengeReceived,
    ExchangeEnded,
    LoginEnded,
    LoginSettled,
    LoginStarted,
    Observation,
    Observer,
    StepEnded,
    StepStarted,
    log_observation,
)

try:
    from opentelemetry import context, metrics, trace
except ImportError as missing:
    raise ImportError('This needs OpenTelemetry\'s API: run `pip install "belvo-async[otel]"`.') from missing

from belvo_async.contrib._opentelemetry_metrics import (
    Attributes,
    Instruments,
    describe_end,
    describe_exchange,
    describe_step,
    name_kind,
)

__all__ = ["OpenTelemetryObserver"]

_SCOPE: Final = "belvo_async"
_NO_FAILURES: Final = frozenset({"TokenRequiredError", "CancelledError"})
"""A login that these end has not failed: its challenge is handed on, or its caller left."""
_ID: Final = re.compile(r"(?<=/)(?:[0-9a-fA-F-]{36}|\d+)(?=/)")
_NANOSECONDS: Final = 1_000_000_000


@frozen
class _Open:
    """A span that is current now, and what was before it."""

    owner: "OpenTelemetryObserver"
    name: str
    link_id: str | None
    span: trace.Span
    before: Token[context.Context]
    outer: "_Open | None"

    def is_of(self, owner: "OpenTelemetryObserver", name: str, link_id: str | None) -> bool:
        """Whether an end belongs to it; a registration has no link id before its end."""
        return self.owner is owner and self.name == name and self.link_id in (None, link_id)


_CURRENT: Final[ContextVar[_Open | None]] = ContextVar("belvo_async_open_span", default=None)


class OpenTelemetryObserver:
    """Makes spans and metrics of what a pool does: pass it as the pool's `observer`.

    A login has a span from the call to its end, with a span for each request and for each wait for a token
    inside it. The login's span is current meanwhile, so spans of your own, in `provide_token` too, stand
    inside it, and log records carry its ids. Nothing of it travels to Belvo.

    All steps of a link of a job (`belvo_async.fleet.advance`) belong to one trace, in whichever process and
    whenever they are taken: its id is derived from the job's name and the link's id. A step has a span link
    to the span in which it was called.

    It holds no event loop: pools on several of them, and in several threads, may share one.

    No span and no metric holds a password, a token, a key, or what the institution asks. Spans name the link
    by its id; metrics do not.

    Args:
        tracer_provider: By default the global one.
        meter_provider: By default the global one.
        also: Told everything too; by default the log.

    Example:
        >>> from belvo_async import Credentials, SessionPool
        >>> from belvo_async.contrib.opentelemetry import OpenTelemetryObserver
        >>> keys = Credentials("id", "password")
        >>> pool = SessionPool(keys, environment="sandbox", observer=OpenTelemetryObserver())
    """

    def __init__(
        self,
        *,
        tracer_provider: trace.TracerProvider | None = None,
        meter_provider: metrics.MeterProvider | None = None,
        also: Observer = log_observation,
    ) -> None:
        self._also: Final = also
        self._tracer: Final = trace.get_tracer(_SCOPE, __version__, tracer_provider)
        self._instruments: Final = Instruments(metrics.get_meter(_SCOPE, __version__, meter_provider))

    def __call__(self, observation: Observation) -> None:
        """Take note of an observation."""
        if isinstance(observation, LoginStarted | ChallengeReceived | StepStarted):
            self._begin(observation)
        try:
            self._also(observation)  # while the span is current, so that the log names it
        finally:
            self._write(observation)
            self._instruments.record(observation)

    def _write(self, observation: Observation) -> None:
        match observation:
            case LoginEnded(error=error):
                self._end(observation, _name_login(observation), describe_end(observation), error)
            case StepEnded(result=result, error=error):
                self._end(observation, _STEP, describe_step(result, error), error)
            case ChallengeClosed(ending=ending):
                self._end(observation, _CHALLENGE, {"belvo.challenge.ending": ending.value})
            case ExchangeEnded():
                self._write_exchange(observation)
            case LoginSettled(succeeded=succeeded):
                trace.get_current_span().set_attribute("belvo.login.settled", succeeded)
            case _:
                pass

    def record_jobs(self, jobs: Iterable[JobStatus]) -> None:
        """Set the gauge of the links of jobs, by state: hand it what `backends.read_jobs` returns.

        Call it now and then from one process: all of them read the same ledger.
        """
        self._instruments.record_jobs(jobs)

    def _begin(self, observation: LoginStarted | ChallengeReceived | StepStarted) -> None:
        around: context.Context | None = None
        links: list[trace.Link] = []
        if isinstance(observation, StepStarted):
            name, attributes = _STEP, {"belvo.job": observation.job}
            around, links = _find_trace(observation), _link_caller()
        elif isinstance(observation, LoginStarted):
            name, attributes = _name_login(observation), {"belvo.operation": str(observation.operation)}
        else:
            name, attributes = _CHALLENGE, {"belvo.challenge.kind": name_kind(observation.kind)}
        if observation.link_id is not None:
            attributes["belvo.link_id"] = observation.link_id
        span = self._tracer.start_span(name, around, attributes=attributes, links=links)
        before = context.attach(trace.set_span_in_context(span))
        _CURRENT.set(_Open(self, name, observation.link_id, span, before, _CURRENT.get()))

    def _end(
        self,
        observation: LoginEnded | ChallengeClosed | StepEnded,
        name: str,
        attributes: Attributes,
        error: str | None = None,
    ) -> None:
        found = _CURRENT.get()
        if found is None or not found.is_of(self, name, observation.link_id):
            return  # a coroutine that nobody finished is closed in whatever context
        _CURRENT.set(found.outer)
        context.detach(found.before)
        found.span.set_attributes(attributes)
        if error is not None and error not in _NO_FAILURES:
            found.span.set_status(trace.StatusCode.ERROR, error)
        found.span.end()

    def _write_exchange(self, ended: ExchangeEnded) -> None:
        template = _ID.sub("{id}", ended.path)
        attributes = {
            **describe_exchange(ended),
            "url.full": f"{ended.server}{ended.path}",
            "url.template": template,
            "belvo.limit.wait": ended.waited,
        }
        if ended.link_id is not None:
            attributes["belvo.link_id"] = ended.link_id
        span = self._tracer.start_span(
            f"{ended.method} {template}",
            kind=trace.SpanKind.CLIENT,
            attributes=attributes,
            start_time=time.time_ns() - round(ended.seconds * _NANOSECONDS),
        )
        if "error.type" in attributes:
            span.set_status(trace.StatusCode.ERROR)
        span.end()


_CHALLENGE: Final = "belvo challenge"
_STEP: Final = "belvo advance"
_SAMPLED: Final = trace.TraceFlags(trace.TraceFlags.SAMPLED)


def _find_trace(step: StepStarted) -> context.Context:
    """Return the context of a link's trace, the same in every process. Its root is never ended."""
    digest = hashlib.sha256(
        f"belvo_async {step.link_id} {step.job}".encode(errors="backslashreplace")
    ).digest()
    trace_id, span_id = int.from_bytes(digest[:16]), int.from_bytes(digest[16:24])
    root = trace.SpanContext(trace_id, span_id, is_remote=True, trace_flags=_SAMPLED)
    return trace.set_span_in_context(trace.NonRecordingSpan(root))


def _link_caller() -> list[trace.Link]:
    caller = trace.get_current_span().get_span_context()
    return [trace.Link(caller)] if caller.is_valid else []


def _name_login(observation: LoginStarted | LoginEnded) -> str:
    return f"belvo {observation.operation}"
