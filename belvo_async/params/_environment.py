"""Where Belvo runs, and what the environment of the process says of it."""

import os
from collections.abc import Mapping
from enum import Enum
from typing import Final
from urllib.parse import SplitResult, urlsplit

from belvo_async.errors import ConfigurationError

_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_HTTPS_REMEDY: Final = "Pass sandbox, production, or the https:// address of a server."


class Environment(Enum):
    """Where Belvo runs. Keys belong to one environment."""

    SANDBOX = "https://sandbox.belvo.com"
    """Made-up data, free."""
    PRODUCTION = "https://api.belvo.com"

    @property
    def url(self) -> str:
        """The base address, without a slash at the end."""
        return self.value


def read_environment(value: object) -> str:
    """Return the base address for an environment, its name, or a URL.

    Raises:
        ConfigurationError: It is none of these, or plain `http://` to another machine.
    """
    if isinstance(value, Environment):
        return value.url
    if not isinstance(value, str) or not value.strip():
        raise ConfigurationError("The environment is missing or no text.", remedy=_HTTPS_REMEDY)
    name = value.strip()
    if name.upper() in Environment.__members__:
        return Environment[name.upper()].url
    if name.lower() == "development":
        raise ConfigurationError(
            "Belvo closed its development environment in June 2024.", remedy="Use sandbox or production."
        )
    return _read_url(name)


def _read_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        host = (parts.hostname or "").encode("idna")
        valid = parts.scheme in ("http", "https") and bool(host) and parts.port != 0
    except ValueError:
        valid, parts = False, SplitResult("", "", "", "", "")
    if not valid:
        raise ConfigurationError(
            "The environment is neither sandbox, nor production, nor an http address.",
            remedy=_HTTPS_REMEDY,
        )
    if parts.username is not None or parts.query or parts.fragment:
        raise ConfigurationError(
            "The environment's address holds keys, a query or a fragment.", remedy="Pass keys as Credentials."
        )
    if parts.scheme == "http" and not is_loopback(text):
        raise ConfigurationError(
            f"Keys and passwords would travel to {parts.hostname} in the clear.", remedy="Use https://."
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def is_loopback(url: str) -> bool:
    """Whether an address is on this machine."""
    return urlsplit(url).hostname in _LOOPBACK


def read_variables(names: tuple[str, ...], environ: Mapping[str, str] | None) -> list[str]:
    """Return the values of variables; those that are not set, or empty, are named together."""
    values = [(os.environ if environ is None else environ).get(name, "").strip() for name in names]
    missing = [name for name, value in zip(names, values, strict=True) if not value]
    if missing:
        raise ConfigurationError(
            f"Not set in the environment: {', '.join(missing)}.",
            remedy="Take the keys from Belvo's dashboard; BELVO_ENVIRONMENT is sandbox or production.",
        )
    return values


def check_env(environ: Mapping[str, str] | None = None) -> None:
    """Look for all three variables, to name everything that is missing at once.

    Raises:
        ConfigurationError: One of them is not set.
    """
    read_variables(("BELVO_SECRET_ID", "BELVO_SECRET_PASSWORD", "BELVO_ENVIRONMENT"), environ)


def environment_from_env(environ: Mapping[str, str] | None = None) -> str:
    """Read BELVO_ENVIRONMENT: `sandbox`, `production`, or an address.

    Raises:
        ConfigurationError: It is not set, or makes no sense.
    """
    return read_environment(*read_variables(("BELVO_ENVIRONMENT",), environ))
