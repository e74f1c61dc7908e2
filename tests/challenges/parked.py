"""What the bank saw of parked challenges, and what a store keeps of them."""

import asyncio
from collections import Counter

from belvo_async.backends import MemoryChallengeStore
from belvo_async.backends._challenge_record import ChallengeRecord, read_row, write_row
from belvo_async.models import ChallengePhase
from belvo_async.sandbox import Sandbox

RIGHT, WRONG = "111111", "999999"
ENDED = frozenset(
    {ChallengePhase.UPDATED, ChallengePhase.REFUSED, ChallengePhase.DECLINED, ChallengePhase.UNSETTLED}
)


def count_answers(sandbox: Sandbox) -> Counter[str]:
    """Count the answers to each challenge that reached a bank."""
    bodies = [received.body for received in sandbox.log if received.login and received.body is not None]
    return Counter(str(body["session"]) for body in bodies if "session" in body)


def find_doubles(sandbox: Sandbox) -> list[str]:
    return [session for session, count in count_answers(sandbox).items() if count > 1]


def read_all(store: MemoryChallengeStore) -> list[ChallengeRecord]:
    return [read_row(row) for row in store._shelf.rows.values()]


def read_only(store: MemoryChallengeStore) -> ChallengeRecord:
    [kept] = read_all(store)
    return kept


async def put(store: MemoryChallengeStore, kept: ChallengeRecord) -> None:
    """Write what another process has written."""
    assert await store.replace(write_row(kept))


def become(sandbox: Sandbox, link_id: str, username: str) -> None:
    """Let a link be that of another test user from now on."""
    sandbox.links[link_id].person = sandbox.links[sandbox.add_link(username=username)].person


def count_patches(sandbox: Sandbox) -> int:
    """Count the answers that have arrived, whatever became of them."""
    return sum(received.method == "PATCH" for received in sandbox.log)


async def wait_for_patch(sandbox: Sandbox, before: int = 0) -> None:
    async with asyncio.timeout(5):
        while count_patches(sandbox) == before:  # noqa: ASYNC110 - it comes on a socket
            await asyncio.sleep(0)


async def turn(times: int = 50) -> None:
    """Let the server notice what a client did."""
    for _ in range(times):
        await asyncio.sleep(0)
