"""What the workers of the trials have in common: each says which links it takes, and whose users are asked.

A worker is started with where everything is, as JSON, and with `safe` or `naive`: the naive one logs in
without a ledger, as a task does that leaves all to its engine.
"""

import json
import sys
from typing import Any, Final

from attrs import asdict, frozen

from belvo_async import Concurrency, Credentials, LinkUpdate, RateLimit, SessionPool, fleet
from belvo_async.errors import TokenRequiredError

JOB: Final = "november"
QUEUE: Final = "belvo"
PASSWORD: Final = "correct horse battery staple"
TOKEN: Final = "111111"
PLACES: Final = 50
LOGIN_LIMIT: Final = 15.0
"""Seconds: a login takes two of them, and who slept may send it ten after it was noted, and not later."""


@frozen
class Where:
    """Addresses and keys."""

    dsn: str
    url: str
    secret_id: str
    secret_password: str
    temporal: str = ""

    def dump(self) -> str:
        return json.dumps(asdict(self))

    def open_pool(self, *, is_naive: bool = False, places: int = PLACES) -> SessionPool:
        settings: dict[str, Any] = {} if is_naive else {"backend": self.dsn}
        return SessionPool(
            Credentials(self.secret_id, self.secret_password),
            environment=self.url,
            rate_limit=RateLimit.unlimited(),
            concurrency=Concurrency(total=places),
            **settings,
        )


def read_arguments() -> tuple[Where, bool]:
    """Return where everything is, and whether this worker is a naive one."""
    return Where(**json.loads(sys.argv[1])), sys.argv[2] == "naive"


def read_vault(link_id: str) -> LinkUpdate:
    _say("took", link_id)
    return LinkUpdate(link_id, password=PASSWORD)


def tell(needs: fleet.NeedsToken) -> None:
    _say("asked", needs.link_id, needs.ticket, needs.challenge.request_id or "")


async def log_in_without_ledger(pool: SessionPool, link_id: str) -> None:
    """Do what the control does: nobody answers its challenges."""
    try:
        await pool.links.update(read_vault(link_id))
    except TokenRequiredError:
        _say("left", link_id)


def _say(*words: str) -> None:
    print(*words, flush=True)  # noqa: T201 - to the trial
