"""A fleet's spans and metrics: one trace for each link, whichever processes take its steps."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBased, TraceIdRatioBased
from opentelemetry.trace import StatusCode

from belvo_async import SessionPool, fleet
from belvo_async.backends import read_jobs
from belvo_async.contrib.opentelemetry import OpenTelemetryObserver
from belvo_async.errors import SourceError
from belvo_async.sandbox import Sandbox
from belvo_async.telemetry import StepEnded, StepStarted
from tests.contrib.telemetry import Telemetry, open_telemetry
from tests.fleet.conftest import (
    HEIMDALL,
    JOB,
    add_links,
    backend,
    bank,
    clock,
    open_pool,
    read_vault,
    sandbox,
    where,
)
from tests.stores.machines import OwnBackend

__all__ = ["backend", "bank", "clock", "sandbox", "where"]


@pytest.fixture
def telemetry() -> Iterator[Telemetry]:
    with open_telemetry() as telemetry:
        yield telemetry


@pytest.fixture
async def pool(bank: Sandbox, backend: OwnBackend, telemetry: Telemetry) -> AsyncIterator[SessionPool]:
    async with open_pool(bank, backend=backend, observer=telemetry.observe()) as pool:
        yield pool


def find_trace(span: ReadableSpan) -> int:
    assert span.context is not None
    trace_id: int = span.context.trace_id
    return trace_id


def find_traces(telemetry: Telemetry) -> set[int]:
    return {find_trace(span) for span in telemetry.exporter.get_finished_spans()}


async def take_step(bank: Sandbox, path: Path, link_id: str, *token: str) -> tuple[str, dict[str, str]]:
    """Take a step in a process of its own; return what it came to, and the traces by the names of spans."""
    arguments = (str(path), bank.url, bank.secret_id, bank.secret_password, link_id, *token)
    command = (sys.executable, "-m", "tests.contrib.fleet_step", *arguments)
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE)
    written, _ = await process.communicate()
    name, traces = json.loads(written)
    return name, traces


@pytest.mark.slow
async def test_the_steps_of_a_link_in_two_processes_are_one_trace(bank: Sandbox, tmp_path: Path) -> None:
    (link_id,) = add_links(bank, 1, "mfa_numeric", HEIMDALL)
    (other,) = add_links(bank, 1, "mfa_numeric", HEIMDALL)
    path = tmp_path / "belvo.sqlite"
    asked, login = await take_step(bank, path, link_id)
    ended, answer = await take_step(bank, path, link_id, "111111")
    _, another = await take_step(bank, path, other)
    assert (asked, ended) == ("NeedsToken", "Ended")
    assert set(login) == {"belvo advance", "belvo update", "belvo challenge", "PUT /api/links/{id}/"}
    assert {"belvo advance", "belvo resume", "PATCH /api/links/"} <= set(answer)
    assert len({*login.values(), *answer.values()}) == 1
    assert not {*another.values()} & {*login.values()}


async def test_a_step_has_its_login_inside_and_is_linked_to_its_caller(
    bank: Sandbox, pool: SessionPool, telemetry: Telemetry
) -> None:
    (link_id,) = add_links(bank, 1)
    with telemetry.tracing.get_tracer("engine").start_as_current_span("run task") as caller:
        await fleet.advance(pool, job=JOB, link_id=link_id, credentials=read_vault)
        assert trace.get_current_span() is caller
    spans = telemetry.list_spans()
    step, login = spans["belvo advance"], spans["belvo update"]
    assert step.context is not None
    assert login.parent is not None
    assert login.parent.span_id == step.context.span_id
    assert [link.context.span_id for link in step.links] == [caller.get_span_context().span_id]
    assert find_trace(step) != caller.get_span_context().trace_id
    assert step.attributes == {"belvo.job": JOB, "belvo.link_id": link_id, "belvo.result": "updated"}


async def test_a_status_check_of_a_later_step_is_in_the_trace_too(
    bank: Sandbox, pool: SessionPool, telemetry: Telemetry
) -> None:
    (link_id,) = add_links(bank, 1, "mfa_numeric", HEIMDALL)
    step = await fleet.advance(pool, job=JOB, link_id=link_id, credentials=read_vault)
    assert isinstance(step, fleet.NeedsToken)
    assert isinstance(
        await fleet.advance(pool, job=JOB, link_id=link_id, credentials=read_vault), fleet.NeedsToken
    )
    assert [
        (span.attributes or {})["belvo.result"]
        for span in telemetry.exporter.get_finished_spans()
        if span.name == "belvo advance"
    ] == ["needs_token", "needs_token"]
    assert len(find_traces(telemetry)) == 1


async def test_a_step_that_raises_has_failed(bank: Sandbox, pool: SessionPool, telemetry: Telemetry) -> None:
    (link_id,) = add_links(bank, 1)

    def fail(_: str) -> None:
        raise ZeroDivisionError

    with pytest.raises(SourceError):
        await fleet.advance(pool, job=JOB, link_id=link_id, credentials=fail)
    span = telemetry.list_spans()["belvo advance"]
    assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, "SourceError")
    assert telemetry.count("belvo.fleet.step.duration") == {(JOB, "SourceError"): 1}
    assert not trace.get_current_span().get_span_context().is_valid


async def test_steps_and_the_links_of_a_job_are_measured_without_a_link_id(
    bank: Sandbox, pool: SessionPool, telemetry: Telemetry
) -> None:
    links = add_links(bank, 2) + add_links(bank, 1, "mfa_numeric", HEIMDALL)
    async for _ in fleet.admit(pool, links, job=JOB):
        pass
    for link_id in links[1:]:
        await fleet.advance(pool, job=JOB, link_id=link_id, credentials=read_vault)
    assert isinstance(pool.observer, OpenTelemetryObserver)
    pool.observer.record_jobs(await read_jobs(pool.backend))
    counts = telemetry.count("belvo.job.links")  # first: an older SDK tells of a gauge once
    assert {state: number for (_, state), number in counts.items() if number} == {
        "queued": 1,
        "updated": 1,
        "challenged": 1,
    }
    assert telemetry.count("belvo.fleet.step.duration") == {(JOB, "updated"): 1, (JOB, "needs_token"): 1}
    assert counts[JOB, "refused"] == 0
    data = telemetry.reader.get_metrics_data()
    assert data is not None
    assert [link_id for link_id in links if link_id in data.to_json()] == []


def test_a_job_for_each_link_makes_no_series_for_each(telemetry: Telemetry) -> None:
    observe = telemetry.observe()
    for number in range(60):
        job, link_id = f"job-{number}", str(number)
        observe(StepStarted(job=job, link_id=link_id))
        observe(StepEnded(job=job, link_id=link_id, seconds=1.0, result="updated"))
    counts = telemetry.count("belvo.fleet.step.duration")
    assert len(counts) == 51
    assert counts["other", "updated"] == 10


def test_each_process_samples_the_same_links() -> None:
    sampler = ParentBased(ALWAYS_ON, remote_parent_sampled=TraceIdRatioBased(0.5))
    seen = []
    for _ in range(2):  # as two processes would
        with open_telemetry(sampler) as telemetry:
            observe = telemetry.observe()
            for number in range(40):
                observe(StepStarted(job=JOB, link_id=str(number)))
                observe(StepEnded(job=JOB, link_id=str(number), seconds=1.0, result="check_later"))
            seen.append(find_traces(telemetry))
    assert seen[0] == seen[1]
    assert 5 < len(seen[0]) < 35
