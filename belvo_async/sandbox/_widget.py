"""POST /api/token/: the token with which a page opens Belvo's widget."""

import json
from base64 import urlsafe_b64encode
from typing import Final

from belvo_async.sandbox._bank import Bank
from belvo_async.sandbox._calls import Call, SandboxReply
from belvo_async.sandbox._forms import Form
from belvo_async.sandbox._problems import AUTHENTICATION_FAILED, RefusedError
from belvo_async.sandbox._responses import answer_json

LIFETIME: Final = 1200
"""Seconds."""


def make_token(bank: Bank, call: Call, secret_id: str, secret_password: str) -> SandboxReply:
    """Check the keys in the body, and answer two tokens.

    The specification lists no 401 here; that wrong keys get one is our choice.
    """
    form = Form(call.data)
    keys = form.text("id", required=True), form.text("password", required=True)
    form.text("scopes", required=True)
    link_id = form.text("link_id")
    form.finish()
    if keys != (secret_id, secret_password):
        raise RefusedError(401, AUTHENTICATION_FAILED)
    claims = _build_claims(bank, call, link_id)
    return SandboxReply(
        response=answer_json(
            200,
            {
                "access": _sign(bank, {"token_type": "access", **claims}),
                "refresh": _sign(bank, {"token_type": "refresh", **claims}),
            },
        )
    )


def _build_claims(bank: Bank, call: Call, link_id: str | None) -> dict[str, object]:
    issued = int(call.at.timestamp())
    claims: dict[str, object] = {"iat": issued, "exp": issued + LIFETIME, "jti": bank.ids.hex32()}
    if link_id is not None:
        link = bank.find_link(link_id)
        claims["link"] = {"id": link.id, "status": link.status, "institution": link.institution}
    return claims


def _sign(bank: Bank, claims: dict[str, object]) -> str:
    """Return a token in the form of a JWT; nobody can check its signature."""
    parts = (json.dumps({"typ": "JWT", "alg": "HS256"}), json.dumps(claims), bank.ids.hex32())
    return ".".join(urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts)
