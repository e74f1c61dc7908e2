"""An earlier login that may have succeeded: what a status check tells of it, and when."""

from datetime import datetime

from belvo_async._pool import Client
from belvo_async.bulk._records import Record
from belvo_async.errors import BelvoError, OutcomeUnknownError
from belvo_async.models import Link


def find_login_left(record: Record, now: datetime, login_limit: float) -> float:
    """Return for how many seconds the last login of a link may still run."""
    age = (now - (record.submitted_at or record.at)).total_seconds()
    return login_limit - min(max(age, 0.0), login_limit)  # the clock may have been set


async def check_status(pool: Client, record: Record, login_limit: float) -> Link | None:
    """Return the link if its last login has succeeded; None if that surely has ended without success.

    Raises:
        OutcomeUnknownError: It may still run, or the status check did not tell.
    """
    try:
        link = await pool.links.settle(record.link_id, since=record.submitted_at or record.at)
    except BelvoError as error:
        why = f"a status check did not tell how it ended: {error.message}"
        raise build_doubt(record.link_id, why) from error
    left = find_login_left(record, pool.clock.wall(), login_limit)
    if link is None and left > 0:
        raise build_doubt(record.link_id, f"it may run for {left:.0f} s more")
    return link


def build_doubt(link_id: str, why: str) -> OutcomeUnknownError:
    """Build the error of a link whose earlier login is not settled."""
    return OutcomeUnknownError(
        f"An earlier login of this link is not settled, and {why.rstrip('.')}.",
        remedy="Run the job again later to retry unsettled links.",
        link_id=link_id,
    )
