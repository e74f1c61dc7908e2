"""What a person at a terminal can do about an error: its remedy, where that does not speak of Python."""

import re
from collections.abc import Mapping
from typing import Final

from belvo_async import BelvoError, OutcomeUnknownError
from belvo_async.errors import (
    ChallengeAnsweredError,
    ChallengeStoreError,
    ChallengeSupersededError,
    ConfigurationError,
    InvalidTokenError,
    InvalidValueError,
    TokenNotSentError,
    UnreachableError,
)

_PYTHON: Final = re.compile(r"`|\w\(|Credentials")
"""A name in code, a call, or a class."""
_LOOK: Final = "Look at the link with: belvo-async links list"
_AGAIN: Final = "Run the same command again."
_REMEDIES: Final[Mapping[type[BelvoError], str]] = {
    ChallengeAnsweredError: _LOOK,
    ChallengeStoreError: _AGAIN,
    ChallengeSupersededError: "See what waits for a token with: belvo-async challenges list",
    ConfigurationError: "Pass the keys in BELVO_SECRET_ID and BELVO_SECRET_PASSWORD.",
    InvalidTokenError: _AGAIN,
    InvalidValueError: "Write it as it stands in: belvo-async links list",
    OutcomeUnknownError: (
        "A second login could lock the user's account. Wait until it has ended, at most five and a half "
        "minutes, then look at the link with: belvo-async links list"
    ),
    TokenNotSentError: _AGAIN,
    UnreachableError: (
        "Correct BELVO_ENVIRONMENT, the certificates or the proxy. Trying again without that cannot help."
    ),
}


def find_remedy(error: BelvoError) -> str:
    """Return what can be done with this command line, or nothing."""
    if _PYTHON.search(error.remedy) is None:
        return error.remedy
    return _REMEDIES.get(type(error), "")
