"""Identifiers that are the same in every run with the same seed."""

from random import Random
from uuid import UUID


class IdSource:
    """Makes identifiers in the formats that Belvo uses."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311 - repeatable test data, nothing to protect

    def uuid(self) -> str:
        """Return a random UUID with hyphens: links, asynchronous deletions, webhook requests."""
        return str(UUID(int=self._random.getrandbits(128), version=4))

    def hex32(self) -> str:
        """Return 32 lower-case hexadecimal digits: request ids and MFA sessions."""
        return f"{self._random.getrandbits(128):032x}"
