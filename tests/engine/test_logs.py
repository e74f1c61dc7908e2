"""What the default observer writes: one sentence each, with no secret in it."""

import logging
from typing import get_args

import pytest

from belvo_async.models import ChallengeKind, ChallengePhase
from belvo_async.telemetry import (
    ChallengeClosed,
    ChallengeEnding,
    ChallengeReceived,
    ExchangeEnded,
    LoginEnded,
    LoginSettled,
    LoginStarted,
    Observation,
    ParkedChallengeChanged,
    ParkedChallengeTroubled,
    PoolPaused,
    RetryPlanned,
    StepEnded,
    StepStarted,
    log_observation,
)
from belvo_async.telemetry._log import _LINES


def end(status: int | None, error: str | None = None) -> ExchangeEnded:
    return ExchangeEnded(
        method="PUT",
        path="/api/links/1/",
        link_id="1",
        seconds=0.25,
        status=status,
        error=error,
        waited=0.5,
        server="http://127.0.0.1",
    )


PLANNED = RetryPlanned(
    method="PUT",
    path="/api/links/1/",
    link_id="1",
    request_id="r1",
    reason="too_many_sessions",
    attempt=1,
    seconds=3.04,
)
WHERE = "PUT /api/links/1/"


@pytest.mark.parametrize(
    ("observation", "level", "line"),
    [
        (end(200), "DEBUG", f"{WHERE}: status 200 after 0.250 s"),
        (
            end(None, "ResponseLostError"),
            "WARNING",
            f"{WHERE}: no answer after 0.250 s (ResponseLostError)",
        ),
        (
            end(None, "CancelledError"),
            "INFO",
            f"{WHERE}: no answer after 0.250 s (CancelledError)",
        ),
        (
            PLANNED,
            "WARNING",
            f"{WHERE}: trying again in 3.0 s after too_many_sessions (attempt 1 failed, request_id r1)",
        ),
        (
            LoginStarted(operation="update", link_id="1"),
            "DEBUG",
            "link 1: update has begun",
        ),
        (
            LoginEnded(operation="update", link_id="1", seconds=2.0),
            "DEBUG",
            "link 1: update succeeded after 2.000 s",
        ),
        (
            LoginEnded(operation="resume", link_id="1", seconds=2.0, error="LoginFailedError"),
            "DEBUG",
            "link 1: resume ended after 2.000 s (LoginFailedError)",
        ),
        (
            StepStarted(job="november", link_id="1"),
            "DEBUG",
            "link 1: a step of the job november has begun",
        ),
        (
            StepEnded(job="november", link_id="1", seconds=2.0, result="needs_token"),
            "DEBUG",
            "link 1: the step came to needs_token after 2.000 s",
        ),
        (
            StepEnded(job="november", link_id="1", seconds=2.0, result=None, error="UnreachableError"),
            "DEBUG",
            "link 1: the step ended after 2.000 s (UnreachableError)",
        ),
        (
            PoolPaused(status=403, seconds=30.0),
            "WARNING",
            "Belvo refused a request with status 403: all wait for 30 s",
        ),
        (
            ChallengeReceived(link_id="1", kind=ChallengeKind.QR, expiry=60.0, request_id="r1"),
            "INFO",
            "link 1: the institution asks for a token (qr, request_id r1)",
        ),
        (
            ChallengeClosed(
                link_id="1", kind=ChallengeKind.QR, ending=ChallengeEnding.DECLINED, seconds=2.04
            ),
            "INFO",
            "link 1: the challenge was declined after 2.0 s",
        ),
        (
            ParkedChallengeChanged(key="k", phase=ChallengePhase.ANSWERED, seconds=2.0),
            "INFO",
            "parked challenge k: answered after 2.0 s",
        ),
        (ParkedChallengeTroubled(key="k", problem="it is odd"), "WARNING", "parked challenge k: it is odd"),
        (
            LoginSettled(link_id="1", succeeded=True),
            "INFO",
            "link 1: the response was lost, but the link shows that the login succeeded",
        ),
        (
            LoginSettled(link_id="1", succeeded=False),
            "WARNING",
            "link 1: the link shows no success after a lost response or an error",
        ),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else value[-12:],
)
def test_every_observation_is_one_sentence(
    caplog: pytest.LogCaptureFixture, observation: Observation, level: str, line: str
) -> None:
    with caplog.at_level(logging.DEBUG, "belvo_async"):
        log_observation(observation)
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [(level, line)]


def test_every_observation_has_a_line() -> None:
    assert set(get_args(Observation)) == set(_LINES)


def test_a_record_has_the_fields_for_whoever_writes_json(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "belvo_async"):
        log_observation(end(200))
    fields = {name: value for name, value in vars(caplog.records[0]).items() if name.startswith("belvo_")}
    assert fields == {
        "belvo_event": "ExchangeEnded",
        "belvo_method": "PUT",
        "belvo_path": "/api/links/1/",
        "belvo_link_id": "1",
        "belvo_status": 200,
        "belvo_seconds": 0.25,
        "belvo_waited": 0.5,
        "belvo_server": "http://127.0.0.1",
    }
