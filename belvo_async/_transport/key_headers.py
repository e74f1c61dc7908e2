"""The API keys as requests carry them, and as responses are searched for them."""

import base64
from collections.abc import Mapping
from typing import Final

from belvo_async._http import SearchForms
from belvo_async._version import __version__
from belvo_async._wire.redaction import build_forms
from belvo_async.params import Credentials

PLAIN_HEADERS: Final[Mapping[str, str]] = {
    "Accept": "application/json",
    "Content-Type": "application/json",
    "User-Agent": f"belvo-async/{__version__}",
}
"""Those of a request whose body holds the keys."""


def build_headers(credentials: Credentials) -> dict[str, str]:
    """Build the headers of every other request with these keys."""
    return {"Authorization": f"Basic {_encode(credentials)}", **PLAIN_HEADERS}


def build_key_forms(credentials: Credentials) -> SearchForms:
    """Build the forms in which a response may echo the keys."""
    return build_forms((credentials.secret_id, credentials.secret_password, _encode(credentials)))


def _encode(credentials: Credentials) -> str:
    keys = f"{credentials.secret_id}:{credentials.secret_password}".encode()
    return base64.b64encode(keys).decode("ascii")
