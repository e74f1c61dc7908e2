"""The state of one sandbox: its links, its waiting sessions, and what was counted."""

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import datetime
from typing import Final

from belvo_async.sandbox._data.records import RecordStore
from belvo_async.sandbox._ids import IdSource
from belvo_async.sandbox._institutions import INSTITUTIONS
from belvo_async.sandbox._links import StoredLink, identify_user
from belvo_async.sandbox._options import SandboxOptions
from belvo_async.sandbox._problems import NOT_FOUND, RefusedError
from belvo_async.sandbox._sessions import SessionBook
from belvo_async.sandbox._test_users import find_user
from belvo_async.sandbox._webhooks import Event, credentials_event

CONFIRMED: Final = frozenset({"valid", "token_required"})
"""The states from which refused logins lead to `invalid`."""


class Bank:
    """Everything that outlives a request. It does no I/O; *emit* is told of each webhook event."""

    def __init__(self, options: SandboxOptions, ids: IdSource, emit: Callable[[Event], None]) -> None:
        self.options = options
        self.ids = ids
        self.emit = emit
        self.links: dict[str, StoredLink] = {}
        self.sessions = SessionBook()
        self.owner = ids.uuid()
        """The `created_by` of every link."""
        self.in_flight: set[str] = set()
        """The keys of the logins that are not decided yet."""
        self.overlaps = 0
        self.logins: Counter[str] = Counter()
        self.tokens: defaultdict[str, list[str]] = defaultdict(list)
        self.stumbles: Counter[str] = Counter()
        """How often a user whose trouble passes has run into it."""
        self.records = RecordStore()
        self._registered: dict[str, str] = {}

    def make_link(self, institution: str, username: str | None, at: datetime) -> StoredLink:
        """Return a new link that is not stored yet."""
        return StoredLink(
            id=self.ids.uuid(),
            institution=institution,
            username=username,
            credentials={},
            status="unconfirmed",
            access_mode="recurrent",
            created_at=at,
            created_by=self.owner,
            person=find_user(username, asks_token=INSTITUTIONS[institution].asks_token),
        )

    def store(self, link: StoredLink) -> None:
        """Keep *link*. It stands for its user from the moment that it is confirmed."""
        self.links[link.id] = link
        if link.status != "unconfirmed":
            self._registered[link.institution_user_id] = link.id

    def find_link(self, link_id: str) -> StoredLink:
        """Return the link.

        Raises:
            RefusedError: There is none with this id.
        """
        link = self.links.get(link_id)
        if link is None:
            raise RefusedError(404, NOT_FOUND)
        return link

    def find_twin(self, institution: str, username: str | None) -> StoredLink | None:
        """Return a confirmed link of the same user; unconfirmed ones do not count (our choice)."""
        return self.links.get(self._registered.get(identify_user(institution, username), ""))

    def remove(self, link_id: str) -> StoredLink:
        """Forget the link, its session and its data."""
        link = self.find_link(link_id)
        del self.links[link_id]
        self.sessions.drop(link_id)
        self.records.remove_link(link_id)
        return link

    def note_login(self, link_id: str, token: str | None) -> None:
        """Count a login that reached the bank."""
        self.logins[link_id] += 1
        if token is not None:
            self.tokens[link_id].append(token)

    def note_refusal(self, link: StoredLink) -> None:
        """Count a refused login; too many make the link invalid."""
        link.failures += 1
        if link.failures >= self.options.failures_until_invalid and link.status in CONFIRMED:
            link.status = "invalid"
            self.emit(credentials_event(link, "invalid_credentials", self.ids))

    def demand_token(self, link_id: str) -> None:
        """Let a scheduled refresh of the link run into an MFA challenge."""
        link = self.links[link_id]
        link.status = "token_required"
        self.emit(credentials_event(link, "token_required", self.ids))
