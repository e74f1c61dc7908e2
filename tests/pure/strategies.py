"""What Hypothesis may put into the pure layers."""

from datetime import UTC, datetime, timedelta
from typing import Final

from hypothesis import strategies as st

from belvo_async.models import Challenge, ChallengeKind, TokenGenerationData
from tests.pure.bodies import CHALLENGE, INSTITUTION, LINK, LINK_ID, TOKEN_DATA

# Lone surrogates too: JSON can carry them, UTF-8 cannot. Never the two halves of one character.
ANY_TEXT: Final = st.text() | st.text(st.sampled_from("a,é\x00\ud800"))

_SCALARS: Final = st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT | st.just(10**400)
_KEYS: Final = st.sampled_from(sorted({*LINK, *CHALLENGE, *INSTITUTION, *TOKEN_DATA, "results", "count"}))

JSON_VALUES: Final[st.SearchStrategy[object]] = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS | ANY_TEXT, inner, max_size=6),
    max_leaves=20,
)


def spoiled(body: dict[str, object]) -> st.SearchStrategy[dict[str, object]]:
    """Build copies of *body* in which some values are of any JSON type, or missing."""
    changes = st.dictionaries(st.sampled_from(sorted(body)), JSON_VALUES, max_size=3)
    missing = st.sets(st.sampled_from(sorted(body)), max_size=2)
    return st.builds(
        lambda new, gone: {key: value for key, value in {**body, **new}.items() if key not in gone},
        changes,
        missing,
    )


# Letters that appear in no message of the package: a hit in a message is a leak, not a coincidence.
SECRETS: Final = st.text(alphabet="QXZÄÖ#&*@", min_size=4, max_size=24)

_INSTANTS: Final = st.integers(0, 10**12).map(
    lambda microseconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
)

CHALLENGES: Final = st.builds(
    Challenge,
    session=ANY_TEXT.filter(bool),
    link_id=st.just(LINK_ID),
    expiry=st.none() | st.floats(min_value=0, max_value=1e7),
    token_generation_data=st.builds(
        TokenGenerationData,
        instructions=ANY_TEXT,
        kind=st.none() | st.sampled_from(ChallengeKind) | st.builds(ChallengeKind, ANY_TEXT),
        value=st.none() | ANY_TEXT,
        expects_user_input=st.booleans(),
    ),
    message=ANY_TEXT,
    request_id=st.none() | ANY_TEXT,
    received_at=_INSTANTS,
)
