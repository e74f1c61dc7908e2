"""The metrics of the bridge to OpenTelemetry, and the attributes that its spans have too."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from opentelemetry import metrics

from belvo_async.backends import JobStatus, LinkState
from belvo_async.models import ChallengeKind
from belvo_async.telemetry import (
    ChallengeClosed,
    ChallengeReceived,
    ExchangeEnded,
    LoginEnded,
    LoginSettled,
    Observation,
    ParkedChallengeChanged,
    PoolPaused,
    RetryPlanned,
    StepEnded,
    StepResult,
)

Attributes: TypeAlias = Mapping[str, str | bool | int | float]

_SECONDS: Final = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0)
"""Upper bounds of the histograms: a read takes tenths of a second, a login minutes, a person longer."""
_CODE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_OTHER: Final = "other"
"""Stands for what Belvo or a bank named as nobody has documented: it could be any text."""
_MOST_JOBS: Final = 50
"""Names of jobs that metrics tell apart in one process."""


class Instruments:
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
        self._steps: Final = measure("belvo.fleet.step.duration", "Steps of links, from the call to its end.")
        self._job_links: Final = meter.create_gauge(
            "belvo.job.links", "{link}", "Links of a job in each state, as its ledger has them."
        )
        self._jobs: Final = set[str]()
        self._parked: Final = meter.create_counter(
            "belvo.parked_challenge", "{challenge}", "Challenges under tickets that came to a phase."
        )

    def record(self, observation: Observation) -> None:
        """Count and measure."""
        match observation:
            case LoginEnded(seconds=seconds):
                operation = {"belvo.operation": observation.operation}
                self._logins.record(seconds, {**operation, **describe_end(observation)})
            case ExchangeEnded(seconds=seconds, waited=waited):
                self._requests.record(seconds, describe_exchange(observation))
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
            case StepEnded(seconds=seconds, result=result, error=error):
                job = {"belvo.job": self._name_job(observation.job)}
                self._steps.record(seconds, {**job, **describe_step(result, error)})
            case ParkedChallengeChanged(phase=phase):
                self._parked.add(1, {"belvo.challenge.phase": phase.value})
            case _:
                pass

    def record_jobs(self, jobs: Iterable[JobStatus]) -> None:
        """Set how many links of each job are in each state."""
        links = Counter[tuple[str, LinkState]]()
        for status in jobs:  # of several sets of keys, some may have the same name
            name = self._name_job(status.job.key.name)
            links.update({(name, state): status.counts.by_state.get(state, 0) for state in LinkState})
        for (name, state), number in links.items():
            self._job_links.set(number, {"belvo.job": name, "belvo.state": state.value})

    def _name_job(self, name: str) -> str:
        """Return the name of a job, or `other` after so many that each could be one link."""
        if len(self._jobs) < _MOST_JOBS:
            self._jobs.add(name)
        return name if name in self._jobs else _OTHER


def describe_end(ended: LoginEnded) -> Attributes:
    """Return how a login has failed, if it has."""
    described = {"error.type": ended.error, "belvo.error_code": ended.code and _name_code(ended.code)}
    return {name: value for name, value in described.items() if value}


def describe_step(result: StepResult | None, error: str | None) -> Attributes:
    """Return how a step has ended."""
    described = {"belvo.result": result, "error.type": error}
    return {name: value for name, value in described.items() if value}


def _describe_kind(kind: ChallengeKind | None) -> Attributes:
    return {"belvo.challenge.kind": name_kind(kind)}


def name_kind(kind: ChallengeKind | None) -> str:
    """Return a kind that is documented, or `other`."""
    return kind.value if kind is not None and kind.is_known else _OTHER


def _name_code(code: str) -> str:
    return code if _CODE.fullmatch(code) else _OTHER


def describe_exchange(ended: ExchangeEnded) -> dict[str, str | bool | int | float]:
    """Return a request and what came of it, by the conventions for HTTP."""
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
