"""What SQL cannot do to bring a file of an earlier form up to date."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

from belvo_async._clock import Instant
from belvo_async._wire.challenge_text import load_state
from belvo_async._wire.json import parse_json
from belvo_async.backends._challenge_record import ChallengeRecord, digest_link, find_key, write_row
from belvo_async.errors import DamagedStateError
from belvo_async.models import ChallengePhase


def _find_link(owner: str, record: str) -> str:
    """Return what a store calls the link of a record, or an empty text where the record cannot be read."""
    try:
        parsed = parse_json(record.encode())
        parked = parsed["parked"] if isinstance(parsed, dict) else ""
        state = load_state(str(parked), Instant(0.0, datetime.fromtimestamp(0, UTC)))
    except (ValueError, KeyError, DamagedStateError):
        return ""
    return digest_link(owner, state.challenge.link_id)


def _park(
    owner: str, link_id: str, institution: str | None, ticket: str, parked: str, at: str, expires_at: str
) -> str:
    """Return the cells of a challenge that the journal of a job has kept, as JSON by their columns."""
    kept = ChallengeRecord(
        key=find_key(owner, ticket),
        owner=owner,
        link=digest_link(owner, link_id),
        ticket=ticket,
        phase=ChallengePhase.OPEN,
        version=1,
        parked=parked,
        expires_at=datetime.fromisoformat(expires_at),
        parked_at=datetime.fromisoformat(at),
        institution=institution,
        reference=None,
        answered_at=None,
        claimed_until=None,
        code=None,
        message=None,
    )
    return json.dumps(write_row(kept).write_cells())


UPGRADES: Final[Mapping[str, Callable[..., str]]] = {"find_link": _find_link, "park": _park}
"""The functions that an upgrade calls, by their names in SQL."""
