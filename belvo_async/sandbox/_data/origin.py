"""What every record says of where it comes from, and identifiers that are the same each time."""

import hashlib
from uuid import UUID

from belvo_async.sandbox._institutions import INSTITUTIONS
from belvo_async.sandbox._links import StoredLink


def derive_id(*parts: str) -> str:
    """Return a UUID that is the same for the same parts."""
    return str(UUID(bytes=_digest(parts)[:16], version=4))


def derive_digits(count: int, *parts: str) -> str:
    """Return so many decimal digits, up to 70, that are the same for the same parts."""
    return str(int.from_bytes(_digest(parts))).zfill(70)[-count:]


def describe_institution(link: StoredLink) -> dict[str, object]:
    """Return the institution of *link* as records print it."""
    return {"name": link.institution, "type": INSTITUTIONS[link.institution].type}


def _digest(parts: tuple[str, ...]) -> bytes:
    return hashlib.sha256("/".join(parts).encode()).digest()
