"""Spans and metrics of a session pool, for OpenTelemetry. Needs the extra `otel`."""

import re
import time
from collections.abc import Mapping
from contextvars import ContextVar, Token
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from attrs import frozen

from belvo_async import __version__
from belvo_async.models import ChallengeKind
from belvo_async.telemetry import (
    ChallengeClosed,
    ChallengeReceived,
    ExchangeEnded,
    LoginEnded,
    LoginSettled,
    LoginStarted,
    Observation,
    Observer,
    ParkedChallengeChanged,
    PoolPaused,
    RetryPlanned,
    log_observation,
)

try:
    from opentelemetry import context, metrics, trace
except ImportError as missing:
    raise ImportError('This needs OpenTelemetry\'s API: run `pip install "belvo-async[otel]"`.') from missing

__all__ = ["OpenTelemetryObserver"]

_Attributes: TypeAlias = Mapping[str, str | bool | int | float]

_SCOPE: Final = "belvo_async"
_SECONDS: Final = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0)
"""Upper bounds of the histograms: a read takes tenths of a second, a login minutes, a person longer."""
_NO_FAILURES: Final = frozenset({"TokenRequiredError", "CancelledError"})
"""A login that these end has not failed: its challenge is handed on, or its caller left."""
_ID: Final = re.compile(r"(?<=/)(?:[0-9a-fA-F-]{36}|\d+)(?=/)")
_CODE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_OTHER: Final = "other"
"""Stands for what Belvo or a bank named as nobody has documented: it could be any text."""
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
        self._instruments: Final = _Instruments(metrics.get_meter(_SCOPE, __version__, meter_provider))

    def __call__(self, observation: Observation) -> None:
        """Take note of an observation."""
        if isinstance(observation, LoginStarted | ChallengeReceived):
            self._begin(observation)
        try:
            self._also(observation)  # while the span is current, so that the log names it
        finally:
            self._write(observation)
            self._instruments.record(observation)

    def _write(self, observation: Observation) -> None:
        match observation:
            case LoginEnded(error=error):
                self._end(observation, _name_login(observation), _describe_end(observation), error)
            case ChallengeClosed(ending=ending):
                self._end(observation, _CHALLENGE, {"belvo.challenge.ending": ending.value})
            case ExchangeEnded():
                self._write_exchange(observation)
            case LoginSettled(succeeded=succeeded):
                trace.get_current_span().set_attribute("belvo.login.settled", succeeded)
            case _:
                pass

    def _begin(self, observation: LoginStarted | ChallengeReceived) -> None:
        if isinstance(observation, LoginStarted):
            name, attributes = _name_login(observation), {"belvo.operation": str(observation.operation)}
        else:
            name, attributes = _CHALLENGE, {"belvo.challenge.kind": _name_kind(observation.kind)}
        if observation.link_id is not None:
            attributes["belvo.link_id"] = observation.link_id
        span = self._tracer.start_span(name, attributes=attributes)
        before = context.attach(trace.set_span_in_context(span))
        _CURRENT.set(_Open(self, name, observation.link_id, span, before, _CURRENT.get()))

    def _end(
        self,
        observation: LoginEnded | ChallengeClosed,
        name: str,
        attributes: _Attributes,
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
            **_describe_exchange(ended),
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


class _Instruments:
    """The metrics, none of which names a link."""

    def __init__(self, meter: metrics.Meter) -> None:
        def measure(name: str, description: str) -> metrics.Histogram:
            return meter.create_histogram(
                name, "s", description, explicit_bucket_boundaries_advisory=_SECONDS
            )

        self._logins: Final = measure("belvo.login.duration", "Logins, from the call to its end.")
        self._requests: Final = measure("http.client.request.duration", "Requests, from sending to answer.")
        self._waits: Final = measure("belvo.limit.wait", "What requests waited for a slot and for a turn.")
        self._challenges: Final = measure("belvo.challenge.duration", "Waits for a token.")
        self._open: Final = meter.create_up_down_counter(
            "belvo.challenge.open", "{challenge}", "Challenges that a call waits for now."
        )
        self._retries: Final = meter.create_counter("belvo.retry", "{retry}", "Requests sent again.")
        self._pauses: Final = meter.create_counter("belvo.pause", "{pause}", "Pauses of the whole pool.")
        self._settled: Final = meter.create_counter(
            "belvo.login.settled", "{login}", "Logins whose answer was lost or failed."
        )
        self._parked: Final = meter.create_counter(
            "belvo.parked_challenge", "{challenge}", "Challenges under tickets that came to a phase."
        )

    def record(self, observation: Observation) -> None:
        """Count and measure."""
        match observation:
            case LoginEnded(seconds=seconds):
                operation = {"belvo.operation": observation.operation}
                self._logins.record(seconds, {**operation, **_describe_end(observation)})
            case ExchangeEnded(seconds=seconds, waited=waited):
                self._requests.record(seconds, _describe_exchange(observation))
                self._waits.record(waited, {"http.request.method": observation.method})
            case ChallengeReceived(kind=kind):
                self._open.add(1, _describe_kind(kind))
            case ChallengeClosed(kind=kind, ending=ending, seconds=seconds):
                self._open.add(-1, _describe_kind(kind))
                ended = {"belvo.challenge.ending": ending.value}
                self._challenges.record(seconds, {**_describe_kind(kind), **ended})
            case RetryPlanned(reason=reason):
                self._retries.add(1, {"belvo.reason": _name_code(reason)})
            case PoolPaused(status=status):
                self._pauses.add(1, {"http.response.status_code": status})
            case LoginSettled(succeeded=succeeded):
                self._settled.add(1, {"belvo.succeeded": succeeded})
            case ParkedChallengeChanged(phase=phase):
                self._parked.add(1, {"belvo.challenge.phase": phase.value})
            case _:
                pass


_CHALLENGE: Final = "belvo challenge"


def _name_login(observation: LoginStarted | LoginEnded) -> str:
    return f"belvo {observation.operation}"


def _describe_end(ended: LoginEnded) -> _Attributes:
    described = {"error.type": ended.error, "belvo.error_code": ended.code and _name_code(ended.code)}
    return {name: value for name, value in described.items() if value}


def _describe_kind(kind: ChallengeKind | None) -> _Attributes:
    return {"belvo.challenge.kind": _name_kind(kind)}


def _name_kind(kind: ChallengeKind | None) -> str:
    return kind.value if kind is not None and kind.is_known else _OTHER


def _name_code(code: str) -> str:
    return code if _CODE.fullmatch(code) else _OTHER


def _describe_exchange(ended: ExchangeEnded) -> dict[str, str | bool | int | float]:
    address = urlsplit(ended.server)
    described: dict[str, str | bool | int | float] = {
        "http.request.method": ended.method,
        "server.address": address.hostname or "",
        "server.port": address.port or (80 if address.scheme == "http" else 443),
    }
    if ended.status is not None:
        described["http.response.status_code"] = ended.status
    error = ended.error or (str(ended.status) if ended.status is not None and ended.status >= 400 else None)
    if error is not None and ended.status != 428:  # a challenge is no failure
        described["error.type"] = error
    return described
