"""A client of Redis by its address, whichever kind of client it is."""

from collections.abc import Callable
from typing import TypeVar

from belvo_async.errors import ConfigurationError

C = TypeVar("C")


def make_client(build: Callable[[], C]) -> C:
    """Return what *build* makes of an address: it imports `redis`, and parses.

    Raises:
        ConfigurationError: The extra `redis` is missing, or the address makes no sense.
    """
    client: C | None = None
    try:
        client = build()
    except ImportError as error:
        raise ConfigurationError(
            "redis is not installed.", remedy='Run: pip install "belvo-async[redis]".'
        ) from error
    except (ValueError, TypeError, AttributeError):
        pass
    if client is None:  # what was raised may quote the address, and it the password
        raise ConfigurationError(
            "The address of Redis makes no sense.", remedy="Write it as redis://host:6379/0."
        )
    return client
