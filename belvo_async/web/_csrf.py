"""Against forms from elsewhere: a proof in a cookie, and the same in the form."""

import hmac
import re
import secrets
from typing import Final
from urllib.parse import urlsplit

from belvo_async.web._http import PageRequest

COOKIE: Final = "belvo_challenge"
FIELD: Final = "proof"
_BYTES: Final = 32
_PROOF: Final = re.compile(rf"[0-9a-f]{{{2 * _BYTES}}}")
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
