"""What Belvo complains about: one item of an error array, and the exception that carries such items."""

from collections.abc import Mapping
from typing import Final

from attrs import Factory, frozen


@frozen
class Problem:
    """One item of an error body, without its request id."""

    code: str
    message: str
    field: str | None = None
    extra: Mapping[str, object] = Factory(dict)


class RefusedError(Exception):
    """The sandbox refuses a request with an error body."""

    def __init__(self, status: int, *problems: Problem) -> None:
        super().__init__(status, *problems)
        self.status = status
        self.problems = problems


AUTHENTICATION_FAILED: Final = Problem("authentication_failed", "Invalid Secret Keys")
NOT_FOUND: Final = Problem("not_found", "Not found")
EXPIRED_CREDENTIALS: Final = Problem("expired_credentials", "The credentials of this link have expired")
LOGIN_ERROR: Final = Problem("login_error", "Invalid credentials provided to login to the institution")
TOO_MANY_SESSIONS: Final = Problem(
    "too_many_sessions", "Impossible to login, please close all your sessions and try again"
)
SESSION_EXPIRED: Final = Problem(
    "session_expired",
    "The session you are trying to resume has expired, please start again from register/retrieve endpoint",
)
INVALID_LINK: Final = Problem("invalid_link", "The credentials of this link are invalid")
UNCONFIRMED_LINK: Final = Problem("unconfirmed_link", "The link creation has not been completed yet")


def missing(name: str) -> Problem:
    """Return the complaint about the absence of a field."""
    return Problem("required", "This field is required.", name)
