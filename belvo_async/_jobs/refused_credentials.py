"""Credentials that were refused once: known again by a keyed digest, and not sent again."""

from collections.abc import Collection
from typing import Final

from belvo_async.params import ClientIdentity, LinkUpdate


class HeldBackError(Exception):
    """These credentials were refused before: the login does not begin, and the link stays as it was."""


class RefusedCredentials:
    """Tells which credentials are held back.

    Args:
        identity: Makes the digests.
        resend: The links whose refused credentials somebody wants sent once more.
    """

    def __init__(self, identity: ClientIdentity, resend: Collection[str]) -> None:
        self._identity: Final = identity
        self._resend: Final = resend

    def digest(self, update: LinkUpdate) -> str:
        """Return the digest that the ledger keeps of credentials."""
        return self._identity.digest_credentials(update)

    def holds_back(self, update: LinkUpdate, refused: Collection[str]) -> bool:
        """Whether credentials are among the *refused* ones of their link, and are not to be sent again."""
        if not refused or update.link_id in self._resend:
            return False
        return self.digest(update) in refused
