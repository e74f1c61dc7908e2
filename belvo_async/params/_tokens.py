"""What a person gives as a token, as it is sent."""

from typing import Final
from unicodedata import category, decimal

from belvo_async._http.hidden import HiddenText, hide
from belvo_async.errors import InvalidTokenError
from belvo_async.models import AwaitingToken, Challenge, ChallengeKind

_LONGEST_TOKEN: Final = 1024


def read_token(challenge: Challenge, token: object, state: AwaitingToken | None = None) -> str | None:
    """Return what to send as the token: text, or None where the challenge expects no input.

    White space around a token is dropped; leading zeros stay. A token of digits alone, as people copy or type
    them (in groups, or full-width), becomes plain digits, unless it is the answer to a question or a choice.

    Raises:
        InvalidTokenError: It is no text, empty, overlong, or holds control characters. *state* goes with it.
    """
    token = hide(token)
    if not challenge.expects_user_input:
        return None
    if not isinstance(token, str):
        problem = "is missing" if token is None else f"is {type(token).__name__}, not text"
    elif not token.strip():
        problem = "is empty"
    else:
        data = challenge.token_generation_data
        is_answer = data.kind is ChallengeKind.TEXT or data.has_choices
        text = HiddenText(token.strip() if is_answer else _join_digits(token.strip()))
        if len(token) <= _LONGEST_TOKEN and text.isprintable():
            return text
        problem = "is too long or holds control characters"
    raise InvalidTokenError(
        f"The token {problem}; it was not sent.",
        remedy="Return the token from provide_token, or pass it to links.resume(), as str: a number would "
        "lose leading zeros. Until the challenge expires, this error's `state` can be resumed.",
        link_id=challenge.link_id,
        state=state,
    )


def _join_digits(token: str) -> str:
    joined = "".join(letter for letter in token if category(letter) != "Zs")  # spaces of any width
    return "".join(str(decimal(digit)) for digit in joined) if joined.isdecimal() else token
