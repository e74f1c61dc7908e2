"""A link as the sandbox stores it."""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import datetime

from attrs import define, field

from belvo_async.sandbox._test_users import BankUser


@define(kw_only=True)
class StoredLink:
    """One row of the bank; it changes in place."""

    id: str
    institution: str
    username: str | None
    credentials: dict[str, str] = field(repr=False)
    """All that was stored of the user's secrets, by the name of the field."""
    status: str
    access_mode: str
    created_at: datetime
    created_by: str
    last_accessed_at: datetime | None = None
    external_id: str | None = None
    refresh_rate: str | None = None
    credentials_storage: str = "store"
    fetch_resources: tuple[str, ...] = ()
    stale_in: str | None = None
    person: BankUser = field(repr=False)
    failures: int = 0
    """Refused logins since the last good one."""
    refreshed_at: datetime | None = None

    @property
    def password(self) -> str | None:
        """The stored password."""
        return self.credentials.get("password")

    @property
    def institution_user_id(self) -> str:
        """The same for the same user at the same institution; 44 characters."""
        return identify_user(self.institution, self.username)

    def accept(self, credentials: Mapping[str, str], at: datetime) -> None:
        """Store what a successful login used."""
        self.credentials |= credentials
        self.status = "valid"
        self.last_accessed_at = at
        self.failures = 0

    def public(self) -> dict[str, object]:
        """Return the link as Belvo prints it."""
        return {
            "id": self.id,
            "institution": self.institution,
            "access_mode": self.access_mode,
            "status": self.status,
            "refresh_rate": self.refresh_rate,
            "created_by": self.created_by,
            "last_accessed_at": None if self.last_accessed_at is None else print_time(self.last_accessed_at),
            "external_id": self.external_id,
            "created_at": print_time(self.created_at),
            "institution_user_id": self.institution_user_id,
            "credentials_storage": self.credentials_storage,
            "stale_in": self.stale_in,
            "fetch_resources": list(self.fetch_resources),
        }


def identify_user(institution: str, username: str | None) -> str:
    """Return the `institution_user_id` of a user."""
    return urlsafe_b64encode(
        hashlib.sha256(f"{institution}/{username}".encode(errors="surrogatepass")).digest()
    ).decode()


def print_time(at: datetime) -> str:
    """Write a UTC time with microseconds and a Z, as Belvo does."""
    return f"{at.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"
