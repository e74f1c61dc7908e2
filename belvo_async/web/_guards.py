"""Against forms from elsewhere, and against guessing."""

import hashlib
import hmac
import re
import secrets
from collections import OrderedDict, deque
from typing import Final
from urllib.parse import urlsplit

from belvo_async.web._http import PageRequest

COOKIE: Final = "belvo_challenge"
FIELD: Final = "proof"
_BYTES: Final = 32
_PROOF: Final = re.compile(rf"[0-9a-f]{{{2 * _BYTES}}}")
_REMEMBERED: Final = 10_000
_SAME_SITE: Final = frozenset({"same-origin", "none"})
"""`none`: the person did it, by a bookmark for instance; it can be no form of another site."""


def find_proof(request: PageRequest) -> str:
    """Return the proof that the browser has in its cookie, or a new one."""
    return _read_proof(request) or secrets.token_hex(_BYTES)


def _read_proof(request: PageRequest) -> str | None:
    proof = request.cookies.get(COOKIE, "")
    return proof if _PROOF.fullmatch(proof) else None


def write_cookie(request: PageRequest, proof: str) -> str:
    """Return the header that gives the browser its proof; without `Path` it is for our addresses alone.

    `Strict` would keep it back from whoever comes by a link in a chat or a mail; a new one would then make
    void what is open in other tabs. `Lax` keeps it back from the forms of other sites as well.
    """
    secure = "; Secure" if request.is_secure else ""
    return f"{COOKIE}={proof}; HttpOnly; SameSite=Lax{secure}"


def comes_from_our_form(request: PageRequest, proof: str) -> bool:
    """Whether a form was opened in this browser: what it holds is what the cookie holds."""
    kept = _read_proof(request)
    if kept is None or not hmac.compare_digest(proof.encode("utf-8", "replace"), kept.encode()):
        return False
    return _comes_from_here(request)


def _comes_from_here(request: PageRequest) -> bool:
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in _SAME_SITE
    origin = request.headers.get("origin")
    # A proxy may have changed the scheme, so that only the name is compared.
    return origin is None or origin == "null" or _read_host(origin) == request.headers.get("host", "")


def _read_host(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


class Allowance:
    """Counts what somebody may do a few times a minute.

    Args:
        most: How often in a window.
        window: Seconds.
    """

    def __init__(self, most: int, window: float = 60.0) -> None:
        self._most: Final = most
        self._window: Final = window
        self._times: Final[OrderedDict[bytes, deque[float]]] = OrderedDict()

    def use(self, name: str, now: float) -> bool:
        """Count one more; return whether it is allowed. *now* is of a monotonic clock."""
        key = hashlib.sha256(name.encode("utf-8", "replace")).digest()
        times = self._times.setdefault(key, deque(maxlen=self._most))
        self._times.move_to_end(key)
        if len(self._times) > _REMEMBERED:
            self._times.popitem(last=False)
        if len(times) == self._most and now - times[0] < self._window:
            return False
        times.append(now)
        return True
