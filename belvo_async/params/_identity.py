"""Whom a pool speaks for: one Belvo client in one environment, told without its keys."""

import hashlib
from typing import Final

from attrs import field, frozen

from belvo_async.params._api_keys import Credentials
from belvo_async.params._keyed_digest import KeyedDigest
from belvo_async.params._updates import UPDATE_FIELDS, LinkUpdate

_DIGITS: Final = 32
_CREDENTIALS_DIGITS: Final = 16
"""64 bits: enough to know credentials again, and useless for guessing them without the API secret."""
_LASTING: Final = tuple(name for name in UPDATE_FIELDS if name != "token")


@frozen(kw_only=True)
class ClientIdentity:
    """One set of keys in one environment, by digests: what stores and journals write down."""

    environment: str
    """The base address of the environment."""
    digest: str
    """Of the environment and the key's id, not of its password: it stays when the password is rotated."""
    keyed: KeyedDigest = field(repr=False, eq=False)
    """Digests under the API secret, of what must not be kept itself."""

    @classmethod
    def build(cls, environment: str, credentials: Credentials) -> "ClientIdentity":
        """Return the identity of *credentials* in the environment with this base address."""
        digest = hashlib.sha256(f"{environment} {credentials.secret_id}".encode()).hexdigest()[:_DIGITS]
        return cls(environment=environment, digest=digest, keyed=KeyedDigest(credentials))

    def digest_credentials(self, update: LinkUpdate) -> str:
        """Return a keyed digest by which the credentials of a link can be known again.

        It is made with the API secret: where that was rotated, the same credentials have another digest. A
        token that was made beforehand is new each time, and counts only where there is nothing else.
        """
        names = _LASTING if any(getattr(update, name) is not None for name in _LASTING) else ("token",)
        values = [f"{name}={value}" for name in names if (value := getattr(update, name)) is not None]
        return self.keyed.of("credentials", update.link_id, *values)[:_CREDENTIALS_DIGITS]
