"""The FastAPI backend with a limit, as it has one with Belvo: on this machine a pool has none by default."""

import os
from importlib import import_module
from typing import Final
from unittest.mock import patch

from fastapi import FastAPI

from belvo_async import RateLimit

REQUESTS: Final = 20
LIMIT: Final = RateLimit(requests=REQUESTS, window=1.6, margin=0.6)
_ALONE: Final = {"BELVO_BACKEND": f"{os.environ.get('BELVO_BACKEND')}-{os.getpid()}"}


def build_app() -> FastAPI:
    """Build the application of one worker."""
    with patch.object(RateLimit, "for_url", lambda _: LIMIT):
        app: FastAPI = import_module("examples.fastapi_backend").app
    return app


def build_app_alone() -> FastAPI:
    """Build that of a worker that shares nothing with the others."""
    with patch.dict(os.environ, _ALONE):
        return build_app()
