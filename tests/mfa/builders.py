"""Values for tests of the machine."""

from datetime import UTC, datetime

from belvo_async import Challenge, Link
from belvo_async.errors import BelvoError, LoginFailedError, SessionExpiredError
from belvo_async.mfa import Resuming
from belvo_async.models import AwaitingToken, ChallengeKind, TokenGenerationData

LINK_ID = "30cb4806-6e00-48a4-91c9-ca55968576c8"
LINK = Link(id=LINK_ID)
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def build_challenge(
    session: str = "s1",
    *,
    expiry: float | None = 100.0,
    expects_user_input: bool = True,
    value: str = "12345",
) -> Challenge:
    data = TokenGenerationData(
        kind=ChallengeKind.NUMERIC,
        value=value,
        instructions="Type it in",
        expects_user_input=expects_user_input,
    )
    return Challenge(
        session=session,
        link_id=LINK_ID,
        expiry=expiry,
        token_generation_data=data,
        message="Token, please",
        request_id="r1",
        received_at=NOON,
    )


def build_awaiting(
    challenge: Challenge | None = None, *, deadline: float = 95.0, rounds: int = 0, restarts: int = 0
) -> AwaitingToken:
    return AwaitingToken(
        challenge=challenge or build_challenge(), deadline=deadline, rounds=rounds, restarts=restarts
    )


def build_resuming(*, rounds: int = 1, restarts: int = 0, token: str | None = "111111") -> Resuming:
    return Resuming(challenge=build_challenge(), token=token, deadline=95.0, rounds=rounds, restarts=restarts)


def session_expired() -> BelvoError:
    return SessionExpiredError("expired", status=400)


def login_failed() -> BelvoError:
    return LoginFailedError("refused", status=400)
