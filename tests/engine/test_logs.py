"""What the default observer writes: one sentence each, with no secret in it."""

import logging

import pytest

from belvo_async import (
    ChallengeKind,
    ChallengeReceived,
    ExchangeEnded,
    LoginSettled,
    Observation,
    PoolPaused,
    RetryPlanned,
    log_observation,
)


def end(status: int | None, error: str | None = None) -> ExchangeEnded:
    return ExchangeEnded(
        method="PUT", path="/api/links/1/", link_id="1", seconds=0.25, status=status, error=error
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
            end(None, "AnswerLostError"),
            "WARNING",
            f"{WHERE}: no answer after 0.250 s (AnswerLostError)",
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
            LoginSettled(link_id="1", succeeded=True),
            "INFO",
            "link 1: the answer was lost, but the link shows that the login succeeded",
        ),
        (
            LoginSettled(link_id="1", succeeded=False),
            "WARNING",
            "link 1: no success to be seen after a lost or failed answer",
        ),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else value[:12],
)
def test_every_observation_is_one_sentence(
    caplog: pytest.LogCaptureFixture, observation: Observation, level: str, line: str
) -> None:
    with caplog.at_level(logging.DEBUG, "belvo_async"):
        log_observation(observation)
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [(level, line)]
