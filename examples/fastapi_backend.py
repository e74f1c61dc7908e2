"""A web backend: the update comes with one request, the token with another, perhaps to another worker.

    pip install "belvo-async[web]" fastapi uvicorn
    export BELVO_SECRET_ID=… BELVO_SECRET_PASSWORD=… BELVO_ENVIRONMENT=sandbox
    export BELVO_BACKEND=belvo.sqlite
    uvicorn examples.fastapi_backend:app --workers 4 --no-access-log --timeout-graceful-shutdown 5

`PUT /links/{link_id}` with `{"password": "…"}` answers 200, or 202 with a ticket and the address of a page on
which the person gives the token. Who has a page of their own posts the token to `/tickets/{ticket}` instead.

The workers share one backend, a file here, and behave as one pool; `redis://…` serves several machines. At
SIGTERM the server gives its requests 5 s, and the pool listens to logins under way for 20 s.

Left out: log the person in first, and check that the link and the ticket are theirs.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated
from uuid import UUID

from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, SecretStr

from belvo_async import BelvoError, LinkUpdate, MfaPolicy, SessionPool, TokenRequiredError
from belvo_async.errors import (
    ChallengeAnsweredError,
    ChallengeDeclinedError,
    ChallengeExpiredError,
    ChallengeSupersededError,
    InvalidTokenError,
    OutcomeUnknownError,
    UnknownTicketError,
    UsageError,
)
from belvo_async.web import ChallengePage

BACKEND = os.environ.get("BELVO_BACKEND", "belvo.sqlite")
pool = SessionPool(backend=BACKEND, close_grace=20, mfa=MfaPolicy(park_abandoned=True))
page = ChallengePage(pool, brand="Cuentas Claras", language="es")

STATUSES = (
    (UnknownTicketError, 404),
    (ChallengeAnsweredError, 409),
    ((ChallengeDeclinedError, ChallengeExpiredError, ChallengeSupersededError), 410),
    ((InvalidTokenError, UsageError), 422),
)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Open what all requests share, and close it in the opposite order."""
    async with pool, page:
        yield


app = FastAPI(lifespan=lifespan)
app.mount("/challenges", page.asgi_app())


class Credentials(BaseModel):
    """The new credentials of a link."""

    password: SecretStr


class Answer(BaseModel):
    """The answer to a challenge; no token where the person has only confirmed."""

    token: SecretStr | None = None


def get_pool() -> SessionPool:
    """Return the pool of this process."""
    return pool


Pool = Annotated[SessionPool, Depends(get_pool)]


@app.put("/links/{link_id}")
async def update_link(link_id: UUID, credentials: Credentials, pool: Pool, request: Request) -> JSONResponse:
    """Update a link; where the bank asks for a token, say where to give it."""
    update = LinkUpdate(link_id, password=credentials.password.get_secret_value())
    try:
        link = await pool.links.update(update)
    except TokenRequiredError as required:
        ticket = required.ticket or await pool.challenges.park(required.state)
        return JSONResponse({"ticket": ticket, "page": f"{request.base_url}challenges/{ticket}"}, 202)
    return JSONResponse({"link_id": link.id, "status": link.status})


@app.post("/tickets/{ticket}")
async def answer_challenge(ticket: str, answer: Answer, pool: Pool) -> JSONResponse:
    """Send the token of a challenge: once, whichever worker is asked how often."""
    token = None if answer.token is None else answer.token.get_secret_value()
    try:
        await pool.challenges.resume(ticket, token)
    except TokenRequiredError as required:  # a wrong token, or the next step: the ticket stays the same
        return JSONResponse({"ticket": ticket, "asks": required.state.challenge.instructions}, 202)
    parked = await pool.challenges.get(ticket)
    return JSONResponse({"link_id": parked.link_id, "phase": parked.phase})


@app.get("/tickets/{ticket}")
async def show_challenge(ticket: str, pool: Pool) -> JSONResponse:
    """Tell how far a challenge has come."""
    parked = await pool.challenges.settle(ticket)
    return JSONResponse({"phase": parked.phase, "attempts": parked.attempts})


@app.exception_handler(BelvoError)
async def tell_error(_: Request, error: BelvoError) -> JSONResponse:
    """Answer with what went wrong; no error of the package holds a secret."""
    default = 504 if isinstance(error, OutcomeUnknownError) else 502
    status = next((status for kind, status in STATUSES if isinstance(error, kind)), default)
    return JSONResponse({"code": error.code, "message": error.message, "remedy": error.remedy}, status)
