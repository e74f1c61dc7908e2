"""One setting for whichever store."""

import os
from typing import Final

from belvo_async.backends._redis import RedisChallengeStore
from belvo_async.backends._sqlite import SqliteChallengeStore

_REDIS: Final = ("redis://", "rediss://", "unix://")


def open_store(where: str | os.PathLike[str]) -> SqliteChallengeStore | RedisChallengeStore:
    """Make the store that a setting names, to be used as `async with`.

    Args:
        where: An address of Redis (`redis://`, `rediss://`, `unix://`), or the path of an SQLite file.

    Raises:
        ConfigurationError: The address makes no sense, or the extra `redis` is missing.

    Example:
        >>> import asyncio
        >>> import tempfile
        >>> from belvo_async.backends import open_store
        >>> async def main(path: str) -> None:
        ...     async with open_store(path) as store:
        ...         print(type(store).__name__)
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     asyncio.run(main(f"{directory}/challenges.sqlite"))
        SqliteChallengeStore
    """
    if isinstance(where, str) and where.lower().startswith(_REDIS):
        return RedisChallengeStore.from_url(where)
    return SqliteChallengeStore(where)
