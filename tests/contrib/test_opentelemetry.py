"""Spans and metrics of a pool: whole, nested as the work is, and without a secret in any byte."""

import asyncio
import logging
from collections.abc import Iterator, Mapping

import pytest
from opentelemetry import trace
from opentelemetry.sdk.metrics.export import HistogramDataPoint
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanKind, StatusCode

from belvo_async import Challenge, LinkRegistration, LinkUpdate, RateLimit, TokenRequiredError
from belvo_async.contrib.opentelemetry import OpenTelemetryObserver
from belvo_async.errors import LoginFailedError
from belvo_async.models import ChallengeKind
from belvo_async.sandbox import Sandbox
from belvo_async.telemetry import (
    ChallengeClosed,
    ChallengeEnding,
    ChallengeReceived,
    LoginEnded,
    LoginSettled,
    LoginStarted,
    Observation,
    PoolPaused,
    RetryPlanned,
)
from belvo_async.testing import ManualClock
from tests.contrib.telemetry import Telemetry, open_telemetry
from tests.engine.conftest import open_pool
from tests.engine.dialogues import PASSWORD, add_link, give

Attributes = Mapping[str, object]


@pytest.fixture
def telemetry() -> Iterator[Telemetry]:
    with open_telemetry() as telemetry:
        yield telemetry


def read(span: ReadableSpan) -> Attributes:
    return span.attributes or {}


def find_parent(spans: Mapping[str, ReadableSpan], name: str) -> str | None:
    parent = spans[name].parent
    if parent is None:
        return None
    return next(one.name for one in spans.values() if one.context and one.context.span_id == parent.span_id)


async def test_a_login_has_a_span_with_its_requests_and_its_challenge_inside(
    sandbox: Sandbox, telemetry: Telemetry
) -> None:
    link_id = add_link(sandbox)
    async with open_pool(sandbox, observer=telemetry.observe()) as pool:
        await pool.links.update(LinkUpdate(link_id, password=PASSWORD), provide_token=give("111111"))
    spans = telemetry.list_spans()
    assert set(spans) == {
        *("belvo update", "belvo challenge"),
        *("PUT /api/links/{id}/", "PATCH /api/links/"),
    }
    assert find_parent(spans, "belvo update") is None
    assert {find_parent(spans, name) for name in set(spans) - {"belvo update"}} == {"belvo update"}
    assert read(spans["belvo update"]) == {"belvo.operation": "update", "belvo.link_id": link_id}
    assert read(spans["belvo challenge"]) == {
        "belvo.challenge.kind": "numeric",
        "belvo.challenge.ending": "answered",
        "belvo.link_id": link_id,
    }
    put = spans["PUT /api/links/{id}/"]
    assert put.kind is SpanKind.CLIENT
    assert {name: value for name, value in read(put).items() if name != "belvo.limit.wait"} == {
        "http.request.method": "PUT",
        "http.response.status_code": 428,
        "server.address": "127.0.0.1",
        "server.port": int(sandbox.url.rpartition(":")[2]),
        "url.full": f"{sandbox.url}/api/links/{link_id}/",
        "url.template": "/api/links/{id}/",
        "belvo.link_id": link_id,
    }
    assert {span.status.status_code for span in spans.values()} == {StatusCode.UNSET}


async def test_a_failed_login_has_an_error_without_its_words(sandbox: Sandbox, telemetry: Telemetry) -> None:
    link_id = add_link(sandbox, "bad_credentials")
    async with open_pool(sandbox, observer=telemetry.observe()) as pool:
        with pytest.raises(LoginFailedError):
            await pool.links.update(LinkUpdate(link_id, password="pass_invalid"))
    span = telemetry.list_spans()["belvo update"]
    assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, "LoginFailedError")
    assert read(span)["error.type"] == "LoginFailedError"
    assert read(span)["belvo.error_code"] == "login_error"
    assert telemetry.list_spans()["PUT /api/links/{id}/"].status.status_code is StatusCode.ERROR


async def test_a_challenge_that_is_handed_on_is_no_failure(sandbox: Sandbox, telemetry: Telemetry) -> None:
    async with open_pool(sandbox, observer=telemetry.observe()) as pool:
        with pytest.raises(TokenRequiredError):
            await pool.links.update(LinkUpdate(add_link(sandbox), password=PASSWORD))
    span = telemetry.list_spans()["belvo update"]
    assert span.status.status_code is StatusCode.UNSET
    assert read(span)["error.type"] == "TokenRequiredError"


async def test_spans_of_the_application_nest_around_and_inside(
    sandbox: Sandbox, telemetry: Telemetry
) -> None:
    tracer = telemetry.tracing.get_tracer("application")

    async def ask(_: Challenge) -> str:
        with tracer.start_as_current_span("ask in the chat"):
            return "111111"

    async with open_pool(sandbox, observer=telemetry.observe()) as pool:
        with tracer.start_as_current_span("handle the request"):
            await pool.links.update(LinkUpdate(add_link(sandbox), password=PASSWORD), provide_token=ask)
            with tracer.start_as_current_span("afterwards"):
                pass
    spans = telemetry.list_spans()
    assert find_parent(spans, "belvo update") == "handle the request"
    assert find_parent(spans, "ask in the chat") == "belvo challenge"
    assert find_parent(spans, "afterwards") == "handle the request"
    assert not trace.get_current_span().get_span_context().is_valid


async def test_logins_at_once_do_not_mix(sandbox: Sandbox, telemetry: Telemetry) -> None:
    async with open_pool(sandbox, observer=telemetry.observe()) as pool:
        updates = [LinkUpdate(add_link(sandbox), password=PASSWORD) for _ in range(20)]
        await asyncio.gather(*(pool.links.update(update, provide_token=give("111111")) for update in updates))
    spans = telemetry.exporter.get_finished_spans()
    links = {span.context.trace_id: read(span)["belvo.link_id"] for span in spans if span.context}
    assert len(links) == 20
    assert all(read(span)["belvo.link_id"] == links[span.context.trace_id] for span in spans if span.context)
    assert len(spans) == 4 * 20


async def test_a_login_inside_another_ones_callback_is_its_child(
    sandbox: Sandbox, telemetry: Telemetry
) -> None:
    async with open_pool(sandbox, observer=telemetry.observe()) as pool:

        async def register_meanwhile(_: Challenge) -> str:
            registration = LinkRegistration(
                institution="heimdall_mx_retail", username="x_new", password="pass_valid"
            )
            await pool.links.register(registration)
            return "111111"

        update = LinkUpdate(add_link(sandbox), password=PASSWORD)
        await pool.links.update(update, provide_token=register_meanwhile)
    spans = telemetry.list_spans()
    assert find_parent(spans, "belvo register") == "belvo challenge"
    assert find_parent(spans, "PATCH /api/links/") == "belvo update"


async def test_logs_carry_the_ids_of_the_span(
    sandbox: Sandbox, telemetry: Telemetry, caplog: pytest.LogCaptureFixture
) -> None:
    current: list[int] = []

    def note(_: logging.LogRecord) -> bool:
        current.append(trace.get_current_span().get_span_context().trace_id)
        return True

    caplog.set_level(logging.DEBUG, "belvo_async")
    caplog.handler.addFilter(note)
    async with open_pool(sandbox, observer=telemetry.observe()) as pool:
        await pool.links.update(
            LinkUpdate(add_link(sandbox), password=PASSWORD), provide_token=give("111111")
        )
    (trace_id,) = {span.context.trace_id for span in telemetry.exporter.get_finished_spans() if span.context}
    assert set(current) == {trace_id}
    assert len(current) == 6


async def test_outcomes_waits_and_open_challenges_are_measured(
    sandbox: Sandbox, clock: ManualClock, telemetry: Telemetry
) -> None:
    limit = RateLimit(requests=1, window=10.0, margin=0.0)

    async def take_a_minute(_: Challenge) -> str:
        open_now.append(telemetry.count("belvo.challenge.open"))
        await clock.sleep(60.0)
        return "111111"

    open_now: list[dict[tuple[object, ...], float]] = []
    async with open_pool(sandbox, observer=telemetry.observe(), rate_limit=limit) as pool:
        await pool.links.update(LinkUpdate(add_link(sandbox), password=PASSWORD), provide_token=take_a_minute)
        with pytest.raises(LoginFailedError):
            await pool.links.update(LinkUpdate(add_link(sandbox, "bad_credentials"), password="pass_invalid"))
        with pytest.raises(TokenRequiredError) as caught:
            await pool.links.update(LinkUpdate(add_link(sandbox), password=PASSWORD))
        await pool.challenges.decline(await pool.challenges.park(caught.value.state))
    assert open_now == [{("numeric",): 1}]
    assert telemetry.count("belvo.challenge.open") == {("numeric",): 0}
    assert telemetry.count("belvo.login.duration") == {
        ("update",): 1,
        ("update", "LoginFailedError", "login_error"): 1,
        ("update", "TokenRequiredError", "token_required"): 1,
    }
    assert telemetry.count("belvo.challenge.duration") == {("numeric", "answered"): 1, ("numeric", "left"): 1}
    assert telemetry.count("belvo.parked_challenge") == {("open",): 1, ("declined",): 1}
    where = ("127.0.0.1", int(sandbox.url.rpartition(":")[2]))
    assert telemetry.count("http.client.request.duration") == {
        ("PUT", *where, 428): 2,
        ("PATCH", *where, 200): 1,
        ("PUT", *where, 400, "400"): 1,
    }
    waits = {
        point.attributes["http.request.method"]: point.sum
        for point in telemetry.read_points("belvo.limit.wait")
        if isinstance(point, HistogramDataPoint) and point.attributes
    }
    assert waits["PUT"] > 9.0
    assert not any(
        "link" in name
        for point in telemetry.read_points("belvo.login.duration")
        for name in point.attributes or {}
    )


def test_retries_pauses_and_settled_logins_are_counted(telemetry: Telemetry) -> None:
    observe = telemetry.observe()
    observe(
        RetryPlanned(
            method="PUT",
            path="/api/links/1/",
            link_id="1",
            request_id=None,
            reason="too_many_sessions",
            attempt=1,
            seconds=3.0,
        )
    )
    observe(PoolPaused(status=403, seconds=30.0))
    observe(LoginSettled(link_id="1", succeeded=True))
    assert telemetry.count("belvo.retry") == {("too_many_sessions",): 1}
    assert telemetry.count("belvo.pause") == {(403,): 1}
    assert telemetry.count("belvo.login.settled") == {(True,): 1}


def test_words_that_could_be_anything_are_not_repeated(telemetry: Telemetry) -> None:
    observe = telemetry.observe()
    kind = ChallengeKind("what is 1 + 1?")
    observe(ChallengeReceived(link_id="1", kind=kind, expiry=None, request_id=None))
    observe(ChallengeClosed(link_id="1", kind=None, ending=ChallengeEnding.LEFT, seconds=1.0))
    observe(LoginEnded(operation="update", link_id="1", seconds=1.0, error="ApiError", code="any text"))
    assert read(telemetry.list_spans()["belvo challenge"])["belvo.challenge.kind"] == "other"
    assert telemetry.count("belvo.challenge.open") == {("other",): 0}
    assert telemetry.count("belvo.login.duration") == {("update", "ApiError", "other"): 1}


def test_an_end_without_a_beginning_ends_no_span_of_others(telemetry: Telemetry) -> None:
    observe = telemetry.observe()
    tracer = telemetry.tracing.get_tracer("application")
    with tracer.start_as_current_span("handle the request") as span:
        observe(LoginEnded(operation="update", link_id="1", seconds=1.0))
        assert trace.get_current_span() is span
        assert span.is_recording()


def test_an_end_in_the_context_of_another_login_does_not_end_that_one(telemetry: Telemetry) -> None:
    observe = telemetry.observe()
    observe(LoginStarted(operation="update", link_id="1"))
    observe(LoginEnded(operation="update", link_id="2", seconds=1.0, error="GeneratorExit"))
    assert telemetry.list_spans() == {}
    observe(LoginEnded(operation="update", link_id="1", seconds=1.0))
    assert read(telemetry.list_spans()["belvo update"])["belvo.link_id"] == "1"
    assert not trace.get_current_span().get_span_context().is_valid


async def test_another_observer_that_raises_leaves_no_span_open(
    sandbox: Sandbox, telemetry: Telemetry, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: Observation) -> None:
        raise ZeroDivisionError

    observe = OpenTelemetryObserver(
        tracer_provider=telemetry.tracing, meter_provider=telemetry.metering, also=fail
    )
    async with open_pool(sandbox, observer=observe) as pool:
        update = LinkUpdate(add_link(sandbox), password=PASSWORD)
        await pool.links.update(update, provide_token=give("111111"))
    assert len(telemetry.list_spans()) == 4
    assert not trace.get_current_span().get_span_context().is_valid
    assert telemetry.count("belvo.challenge.open") == {("numeric",): 0}
    assert "the observer raised" in caplog.text


def test_another_observer_is_told_too(telemetry: Telemetry) -> None:
    seen: list[Observation] = []
    paused = PoolPaused(status=403, seconds=30.0)
    OpenTelemetryObserver(
        tracer_provider=telemetry.tracing, meter_provider=telemetry.metering, also=seen.append
    )(paused)
    assert seen == [paused]
