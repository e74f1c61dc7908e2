"""The MFA sessions that wait for a token: at most one for each link."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from attrs import field, frozen


@frozen(kw_only=True)
class Session:
    """One login that waits for its user."""

    id: str
    link_id: str
    step: int
    """Which of the user's prompts is open."""
    credentials: Mapping[str, str] = field(repr=False)
    """What is stored once the login succeeds."""
    collection: str
    """The path of the collection that asks, and that takes the token."""
    request: Any = field(repr=False)
    """What the client had asked of that collection; None for links."""
    expiry: int
    """Seconds, as the challenge says."""
    ends_at: datetime
    """When it really ends; some test users' sessions end early."""


class SessionBook:
    """Finds a session by its id or by its link."""

    def __init__(self) -> None:
        self._sessions: dict[str, Session] = {}
        self._ids: dict[str, str] = {}

    def open(self, session: Session) -> None:
        """Keep *session*; it replaces the one of the same link."""
        self.drop(session.link_id)
        self._sessions[session.id] = session
        self._ids[session.link_id] = session.id

    def find(self, session_id: str) -> Session | None:
        """Return the session, expired or not."""
        return self._sessions.get(session_id)

    def drop(self, link_id: str) -> None:
        """Forget the session of a link, if there is one."""
        known = self._ids.pop(link_id, None)
        if known is not None:
            del self._sessions[known]

    def has_waiting(self, link_id: str, at: datetime) -> bool:
        """Tell whether a session of this link still waits."""
        known = self._ids.get(link_id)
        return known is not None and at < self._sessions[known].ends_at


def end_of(seconds: float, at: datetime) -> datetime:
    """Return the time *seconds* after *at*."""
    return at + timedelta(seconds=seconds)
