"""What the fixtures hold, as plain values: the tests expect these, whatever today's code writes."""

from datetime import UTC, datetime, timedelta
from typing import Final

from belvo_async import Challenge, Credentials
from belvo_async.mfa import AwaitingToken
from belvo_async.models import ChallengeKind, TokenGenerationData
from belvo_async.testing import ManualClock

NOON: Final = datetime(2026, 1, 1, 12, tzinfo=UTC)
BOOT: Final = ManualClock(start=NOON).monotonic()
"""What the clock of the writer shows at noon."""
ENVIRONMENT: Final = "https://sandbox.belvo.com"
"""Fixed, as owners and journals are bound to it; only the mock answers for it."""
KEYS: Final = Credentials("formats-id", "formats-password")
LATER: Final = NOON + timedelta(minutes=10)
"""When a reader comes who has to settle: no login of the fixtures can be under way any more."""
PIXEL: Final = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5E"
    "rkJggg=="
)


def name_link(number: int) -> str:
    """Return the id of the link with this number."""
    return f"30cb4806-6e00-48a4-91c9-{number:012d}"


def build_challenge(number: int = 1) -> Challenge:
    """Return the challenge that most fixtures hold, about the link with this number."""
    return Challenge(
        session=f"session-{number}",
        link_id=name_link(number),
        expiry=9600.0,
        token_generation_data=TokenGenerationData(
            instructions="Type it\ninto your device: ñ 漢 😀", kind=ChallengeKind.NUMERIC, value="12345"
        ),
        message="A MFA token is required by the institution to login",
        request_id="0c8e5b6f4a1d4c1f9a7b3d2e1f005566",
        received_at=NOON - timedelta(seconds=5, microseconds=250_000),
    )


def build_state(number: int = 1) -> AwaitingToken:
    """Return the state that waits for the token of `build_challenge`."""
    return AwaitingToken(challenge=build_challenge(number), deadline=BOOT + 9000.5, update_digest="d" * 32)


STATES: Final = {
    "numeric": build_state(),
    "qr_with_picture": AwaitingToken(
        challenge=Challenge(
            session="session-2",
            link_id=name_link(2),
            expiry=120.0,
            token_generation_data=TokenGenerationData(
                instructions="Scan it", kind=ChallengeKind.QR, value=PIXEL
            ),
            message="Token, please",
            request_id="r2",
            received_at=NOON,
        ),
        deadline=BOOT + 108.0,
        rounds=1,
        restarts=2,
    ),
    "bare": AwaitingToken(
        challenge=Challenge(session="session-3", link_id=name_link(3), received_at=NOON),
        deadline=BOOT + 595.0,
    ),
    "inputless": AwaitingToken(
        challenge=Challenge(
            session="session-4",
            link_id=name_link(4),
            expiry=0.5,
            token_generation_data=TokenGenerationData(
                kind=ChallengeKind.INPUTLESS, instructions="Confirm", expects_user_input=False
            ),
            received_at=NOON,
        ),
        deadline=BOOT + 0.25,
    ),
    "unknown_extras": AwaitingToken(
        challenge=Challenge(
            session="session-5",
            link_id=name_link(5),
            expiry=300.0,
            token_generation_data=TokenGenerationData(
                instructions="Choose",
                kind=ChallengeKind("carrier_pigeon"),
                value="which?",
                extra={"choices": [{"id": 1, "name": "SMS"}, {"id": 2, "name": "post"}], "colour": "blue"},
            ),
            message="Token, please",
            request_id="r5",
            received_at=NOON,
            extra={"hint": {"deep": [None, True, 1.5]}, "session_kind": "new"},
        ),
        deadline=BOOT + 270.0,
        update_digest="e" * 32,
    ),
}
"""Waiting challenges of several shapes, as they stand at noon."""
