"""How the pool reaches Belvo: a proxy, certificates, a source address."""

import base64
import ssl
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies_environment, proxy_bypass

from attrs import Attribute, field, frozen

from belvo_async.errors import ConfigurationError
from belvo_async.params._checks import Secretive
from belvo_async.params._validators import flag

_CONTEXT_REMEDY: Final = 'Pass ssl.create_default_context(cafile="company.pem"), and leave its checks on.'
_PROXY_REMEDY: Final = "Pass the address of an HTTP proxy, such as http://proxy.example:3128."


def _refuse(name: str, problem: str, remedy: str) -> ConfigurationError:
    return ConfigurationError(f"Network.{name} {problem}.", remedy=remedy)


def _check_proxy(_: object, attribute: "Attribute[str | None]", value: object) -> None:
    if value is not None:
        _split_proxy(attribute.name, value)


def _split_proxy(name: str, value: object) -> SplitResult:
    try:
        parts = urlsplit(value) if isinstance(value, str) else None
        is_good = parts is not None and bool(parts.hostname) and parts.port != 0
    except ValueError:
        parts, is_good = None, False
    if parts is None or not is_good:
        raise _refuse(name, "is not the address of a proxy", _PROXY_REMEDY)
    if parts.scheme not in ("http", "https"):
        raise _refuse(name, "has a scheme that is neither http nor https", _PROXY_REMEDY)
    return parts


def _check_headers(_: object, attribute: "Attribute[Mapping[str, str]]", value: object) -> None:
    is_good = isinstance(value, Mapping) and all(
        isinstance(text, str) and text.isprintable() for pair in value.items() for text in pair
    )
    if not is_good:
        raise _refuse(
            attribute.name, "is not a mapping of texts", 'Pass a dict, such as {"X-Team": "payments"}.'
        )


def _check_ssl(_: object, attribute: "Attribute[ssl.SSLContext | None]", value: object) -> None:
    if value is not None and not isinstance(value, ssl.SSLContext):
        raise _refuse(
            attribute.name,
            f"is {type(value).__name__}, not an SSLContext",
            _CONTEXT_REMEDY,
        )
    if value is not None and (value.verify_mode is ssl.CERT_NONE or not value.check_hostname):
        raise _refuse(
            attribute.name,
            "does not check whose certificate it is shown, so the keys would go to whoever answers",
            _CONTEXT_REMEDY,
        )


def _check_address(_: object, attribute: "Attribute[str | None]", value: object) -> None:
    if value is not None and not _is_address(value):
        raise _refuse(attribute.name, "is not an IP address", "Pass one of this machine, as text: 10.0.0.7.")


def _is_address(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(ip_address(value))
    except ValueError:
        return False


@frozen(kw_only=True)
class Network(Secretive):
    """How the pool reaches Belvo, where the way is not direct.

    Nothing else of the environment counts: no `.netrc`, no cookies, and no redirect is followed.

    Raises:
        ConfigurationError: A value cannot be right; names it, and never shows it.

    Example:
        >>> from belvo_async import Network
        >>> Network(proxy="http://user:secret@proxy.example:3128")
        Network(ssl=None, local_addr=None, proxy_from_env=False)
    """

    proxy: str | None = field(default=None, repr=False, validator=_check_proxy)
    """The address of an HTTP proxy, `http://` or `https://`, with its user and password if it wants them.

    Belvo's address has to be `https://` then."""
    proxy_headers: Mapping[str, str] = field(factory=dict, repr=False, validator=_check_headers)
    """Sent to the proxy with CONNECT, and never to Belvo."""
    ssl: "ssl.SSLContext | None" = field(default=None, validator=_check_ssl)
    """Which certificates are trusted, and which is shown; by default those that the system trusts.

    A context that does not check certificates and host names is refused."""
    local_addr: str | None = field(default=None, validator=_check_address)
    """The IP address of this machine to connect from: Belvo counts its limit for each."""
    proxy_from_env: bool = field(default=False, validator=flag())
    """Whether HTTPS_PROXY and NO_PROXY say which proxy to use; `proxy` goes before them.

    A plain `http://` address is on this machine, and is reached directly."""

    def find_proxy(self, url: str) -> tuple[str | None, dict[str, str]]:
        """Return the proxy for a server, without credentials, and the headers for it.

        A plain `http://` address has none: it is on this machine, and the proxy would read the keys.

        Raises:
            ConfigurationError: The environment names a proxy that cannot be one, or `proxy` is set for a
                plain address.
        """
        if urlsplit(url).scheme == "http":
            self._refuse_plain()
            return None, {}
        proxy = self.proxy or (_find_in_environment(url) if self.proxy_from_env else None)
        if proxy is None:
            return None, {}
        parts = _split_proxy("proxy" if self.proxy else "proxy_from_env", proxy)
        headers = dict(self.proxy_headers)
        if parts.username is not None:
            # Written by ourselves: an address with a password in it would show in the errors of libraries.
            keys = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
            headers.setdefault("Proxy-Authorization", f"Basic {base64.b64encode(keys).decode('ascii')}")
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}", headers

    def _refuse_plain(self) -> None:
        if self.proxy is not None:
            raise _refuse(
                "proxy",
                "would get the keys in the clear: the environment's address is plain http://",
                "Reach an address on this machine without a proxy, and any other by https://.",
            )


DIRECT: Final = Network()


def _find_in_environment(url: str) -> str | None:
    parts = urlsplit(url)
    if proxy_bypass(parts.netloc):
        return None
    proxies = getproxies_environment()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    # Without a scheme, as curl takes it.
    return proxy if proxy is None or "://" in proxy else f"http://{proxy}"
