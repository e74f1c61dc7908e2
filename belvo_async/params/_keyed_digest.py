"""Digests of what holds a secret, so that two of it can be compared without keeping either."""

import hashlib
import hmac
from typing import Final, NoReturn

from belvo_async.params._api_keys import Credentials

_DIGITS: Final = 32
"""Hexadecimal: half of the hash, which tells values apart and is no use to whoever wants to guess one."""


class KeyedDigest:
    """Digests under the API secret: equal in each process with the same keys, and nowhere else."""

    def __init__(self, credentials: Credentials) -> None:
        secret = f"{credentials.secret_id}:{credentials.secret_password}".encode()
        self._key: Final = hashlib.sha256(b"belvo_async digest " + secret).digest()

    def of(self, *parts: str | bytes) -> str:
        """Return the digest of texts or bytes, in this order."""
        # The lengths go in, too, so that no two lists of parts look the same.
        encoded = [part.encode() if isinstance(part, str) else part for part in parts]
        framed = b"".join(b"%d:%b" % (len(part), part) for part in encoded)
        return hmac.digest(self._key, framed, "sha256").hex()[:_DIGITS]

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled: the key comes from the API secret."""
        raise TypeError("a KeyedDigest holds a key and is never pickled")
