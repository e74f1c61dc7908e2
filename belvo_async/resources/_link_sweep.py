"""What killed processes have left: leases of logins that have ended, and answers that nobody has heard."""

from datetime import timedelta

from attrs import evolve, frozen

from belvo_async._engine.logins import Logins
from belvo_async.backends._lease import SentLogin
from belvo_async.resources._challenge_settling import ChallengeSettling


@frozen(kw_only=True)
class LinkSweep:
    """What `links.sweep` did, by the ids of links."""

    released: tuple[str, ...]
    """Links that are free again: their login was seen to have succeeded."""
    settled: tuple[str, ...]
    """Links of parked challenges whose answer's end is known now."""
    in_doubt: tuple[str, ...]
    """Links whose login or answer may still be running, or has shown no success."""


async def sweep(logins: Logins, settling: ChallengeSettling, older_than: float) -> LinkSweep:
    """See `Links.sweep`."""
    leases, released, in_doubt = logins.memory.locks.leases, list[str](), list[str]()
    clock, found = logins.context.clock, await leases.list_sent()
    began = clock.monotonic()
    for link_id, held in _group(found).items():
        latest = min(held.values(), key=lambda sent: sent.seconds)
        if latest.seconds < older_than:
            continue
        elapsed = clock.monotonic() - began
        if await logins.find_end(evolve(latest, seconds=latest.seconds + elapsed)):
            for key, sent in held.items():
                await leases.release(key, sent)
            released.append(link_id)
        else:
            in_doubt.append(link_id)
    challenges = await settling.settle_all(timedelta(seconds=older_than))
    return LinkSweep(
        released=tuple(released),
        settled=tuple(challenges.settled),
        in_doubt=tuple(dict.fromkeys((*in_doubt, *challenges.in_doubt))),
    )


def _group(found: dict[str, SentLogin]) -> dict[str, dict[str, SentLogin]]:
    """Return the leases of each link: a login holds that of its user, too."""
    by_link: dict[str, dict[str, SentLogin]] = {}
    for key, sent in found.items():
        by_link.setdefault(sent.link_id, {})[key] = sent
    return by_link
