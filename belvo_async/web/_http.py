"""A request and a response of no framework in particular."""

from collections.abc import AsyncGenerator, Iterable, Mapping
from typing import Final

from attrs import field, frozen

LARGEST_BODY: Final = 8192
"""Bytes. A form has a token and little else."""


@frozen(kw_only=True)
class PageRequest:
    """What a browser asks."""

    method: str
    path: str
    """Below the place where the application is mounted, without a slash at its beginning."""
    query: Mapping[str, str] = field(factory=dict)
    headers: Mapping[str, str] = field(factory=dict, repr=False)
    """By lower-case name."""
    cookies: Mapping[str, str] = field(factory=dict, repr=False)
    body: bytes | None = field(default=b"", repr=False)
    """None: it was too large, or did not come whole. Half a token must not be sent."""
    remote: str = ""
    """The address of the browser, or of a proxy before us."""
    is_secure: bool = False
    """Whether it came by https."""


@frozen(kw_only=True)
class PageResponse:
    """What it gets."""

    status: int = 200
    headers: Mapping[str, str] = field(factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    stream: AsyncGenerator[bytes, None] | None = None
    """In place of a body: what comes bit by bit."""


def read_cookies(headers: Iterable[str]) -> dict[str, str]:
    """Return the cookies of a browser; of two of one name the first, which is of the nearer path.

    `http.cookies` gives up where it does not like the cookie of another application on the same host.
    """
    cookies: dict[str, str] = {}
    for header in headers:
        for pair in header.split(";"):
            name, _, value = pair.partition("=")
            cookies.setdefault(name.strip(), value.strip())
    return cookies
