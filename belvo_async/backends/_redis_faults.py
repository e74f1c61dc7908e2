"""What may be wrong with a Redis server, in our words: its own may quote a command with what it holds."""

import re
from typing import Final

from attrs import frozen


@frozen
class RedisFault:
    """What is wrong, and what to do about it."""

    problem: str
    """The end of a sentence that begins with "Redis"."""
    remedy: str
    is_permanent: bool = False
    """Whether it stays so until something is changed."""


_REFUSED: Final = RedisFault(
    "refuses this user, its password or database, or a command",
    "Correct user, password and database in the address, or let the user run `info` and all commands that "
    "are not dangerous on the names that begin with the prefix.",
    is_permanent=True,
)
_UNTRUSTED: Final = RedisFault(
    "has a certificate that is not trusted",
    "Add ssl_ca_certs to the address, or correct the certificate.",
    is_permanent=True,
)
_SIGNS: Final = (
    ("CERTIFICATE_VERIFY_FAILED", _UNTRUSTED),
    (r"^Authentication|^Authorization|^NoPermission", _REFUSED),
    (r"ACL failure|can't (run|access)|[Uu]nknown (Redis )?command|DB index is out of range", _REFUSED),
)
"""How the library names an error and the server words it; all else may pass."""


def is_fault(error: Exception) -> bool:
    """Return whether an error is the server's or the network's, and no bug."""
    return isinstance(error, OSError) or type(error).__module__.startswith("redis.")


def explain(error: Exception) -> RedisFault:
    """Return what an error says of the server."""
    name = type(error).__name__
    known = next((fault for sign, fault in _SIGNS if re.search(sign, f"{name}: {error}")), None)
    return known or build_fault(name)


def build_fault(reason: str) -> RedisFault:
    """Build one that may pass."""
    return RedisFault(
        f"could not do its work ({reason})",
        "Check that the server runs and is writable, and its address, password and memory.",
    )
