"""A challenge under its ticket: parked, shown, listed, declined, forgotten."""

import re
from datetime import timedelta

import pytest

from belvo_async import Credentials, SessionPool
from belvo_async.backends import MemoryBackend, MemoryChallengeStore
from belvo_async.errors import (
    ChallengeAnsweredError,
    ChallengeDeclinedError,
    ChallengeExpiredError,
    ConfigurationError,
    DamagedStateError,
    InvalidValueError,
    UnknownTicketError,
)
from belvo_async.models import ChallengePhase
from belvo_async.sandbox import Sandbox
from belvo_async.testing import ManualClock
from tests.challenges.conftest import add_link, challenge, list_tokens, open_pool, park
from tests.engine.dialogues import PASSWORD


async def test_a_ticket_is_unguessable_and_fit_for_an_address(sandbox: Sandbox, pool: SessionPool) -> None:
    state = await challenge(pool, add_link(sandbox))
    tickets = {await pool.challenges.park(state) for _ in range(50)}
    assert len(tickets) == 50
    assert all(re.fullmatch(r"[A-Za-z0-9]{32}", ticket) for ticket in tickets), "no dash: it may come first"


async def test_what_was_parked_is_shown_to_every_process(
    sandbox: Sandbox, pool: SessionPool, other: SessionPool
) -> None:
    state = await challenge(pool, add_link(sandbox))
    began = sandbox.clock.wall()
    ticket = await pool.challenges.park(state, institution="Erebor", reference="person 7")
    shown = await other.challenges.get(ticket)
    assert (shown.challenge, shown.phase) == (state.challenge, ChallengePhase.OPEN)
    assert (shown.institution, shown.reference) == ("Erebor", "person 7")
    assert (shown.parked_at, shown.attempts, shown.answered_at) == (began, 0, None)
    assert shown.expires_at - began == timedelta(seconds=state.deadline - sandbox.clock.monotonic())
    assert ticket not in repr(shown)


async def test_what_is_kept_holds_no_password(
    sandbox: Sandbox, pool: SessionPool, store: MemoryChallengeStore
) -> None:
    ticket = await park(sandbox, pool)
    await pool.challenges.resume(ticket, "111111")
    kept = "".join(str(row.write_cells()) for row in store._shelf.rows.values())
    assert ticket in kept
    assert PASSWORD not in kept
    assert "111111" not in kept


async def test_a_state_is_as_good_as_before_when_it_cannot_be_parked(pool: SessionPool) -> None:
    with pytest.raises(InvalidValueError, match="state"):
        await pool.challenges.park("no state")  # type: ignore[arg-type]  # the wrong thing


@pytest.mark.parametrize("name", ["institution", "reference"])
@pytest.mark.parametrize("value", ["x" * 257, "a\nb", 7], ids=["long", "lines", "number"])
async def test_notes_are_short_texts(sandbox: Sandbox, pool: SessionPool, name: str, value: str) -> None:
    state = await challenge(pool, add_link(sandbox))
    with pytest.raises(InvalidValueError, match=name):
        await pool.challenges.park(state, **{name: value})


@pytest.mark.parametrize("ticket", ["short", "x" * 129, "a b" * 10, "é" * 32, 7])
async def test_a_ticket_of_ones_own_has_to_be_one(sandbox: Sandbox, pool: SessionPool, ticket: str) -> None:
    state = await challenge(pool, add_link(sandbox))
    with pytest.raises(InvalidValueError, match="ticket"):
        await pool.challenges.park(state, ticket=ticket)


async def test_a_ticket_is_taken_once(sandbox: Sandbox, pool: SessionPool) -> None:
    state = await challenge(pool, add_link(sandbox))
    await pool.challenges.park(state, ticket="a" * 32)
    with pytest.raises(InvalidValueError, match="taken"):
        await pool.challenges.park(state, ticket="a" * 32)


@pytest.mark.parametrize(
    "ticket", ["", "a" * 32, "é" * 32, "../../etc/passwd", "x" * 100_000, "\0", None], ids=range(7)
)
async def test_an_unknown_ticket_is_told(pool: SessionPool, ticket: str) -> None:
    with pytest.raises(UnknownTicketError):
        await pool.challenges.get(ticket)
    with pytest.raises(UnknownTicketError):
        await pool.challenges.resume(ticket, "111111")
    with pytest.raises(UnknownTicketError):
        await pool.challenges.decline(ticket)
    with pytest.raises(UnknownTicketError):
        await pool.challenges.settle(ticket)


async def test_the_ticket_of_another_account_is_unknown(sandbox: Sandbox, pool: SessionPool) -> None:
    ticket = await park(sandbox, pool)
    client = pool.client(Credentials("another-id", sandbox.secret_password))
    with pytest.raises(UnknownTicketError):
        await client.challenges.resume(ticket, "111111")
    assert await client.challenges.list() == []
    same = pool.client(Credentials(sandbox.secret_id, sandbox.secret_password))
    assert (await same.challenges.get(ticket)).phase is ChallengePhase.OPEN


async def test_the_ticket_of_another_environment_is_unknown(
    sandbox: Sandbox, pool: SessionPool, store: MemoryChallengeStore, clock: ManualClock
) -> None:
    ticket = await park(sandbox, pool)
    async with Sandbox(clock=clock) as elsewhere, open_pool(elsewhere, backend=MemoryBackend(store)) as far:
        with pytest.raises(UnknownTicketError):
            await far.challenges.get(ticket)


async def test_open_challenges_are_listed_those_first_that_expire_first(
    sandbox: Sandbox, pool: SessionPool, clock: ManualClock
) -> None:
    last = await park(sandbox, pool)
    await clock.sleep(100.0)
    first = await park(sandbox, pool, "x_mfa_short")
    declined = await park(sandbox, pool)
    await pool.challenges.decline(declined)
    assert [shown.ticket for shown in await pool.challenges.list()] == [first, last]
    assert [shown.ticket for shown in await pool.challenges.list(limit=1)] == [first]
    (shown,) = await pool.challenges.list(phase=ChallengePhase.DECLINED)
    assert shown.ticket == declined


async def test_what_has_expired_is_not_listed_as_open(
    sandbox: Sandbox, pool: SessionPool, clock: ManualClock
) -> None:
    ticket = await park(sandbox, pool)
    await clock.sleep(9600.0)
    assert await pool.challenges.list() == []
    (shown,) = await pool.challenges.list(phase=ChallengePhase.EXPIRED)
    assert (shown.ticket, shown.phase) == (ticket, ChallengePhase.EXPIRED)


@pytest.mark.parametrize("limit", [0, -1, 1001, True, "5", None], ids=range(6))
async def test_a_list_has_a_reasonable_length(pool: SessionPool, limit: int) -> None:
    with pytest.raises(InvalidValueError, match="limit"):
        await pool.challenges.list(limit=limit)


async def test_a_phase_has_to_be_one(pool: SessionPool) -> None:
    with pytest.raises(InvalidValueError, match="phase"):
        await pool.challenges.list(phase="open")  # type: ignore[arg-type]  # the wrong thing


async def test_whoever_declines_keeps_everybody_from_answering(
    sandbox: Sandbox, pool: SessionPool, other: SessionPool
) -> None:
    ticket = await park(sandbox, pool)
    await pool.challenges.decline(ticket)
    with pytest.raises(ChallengeDeclinedError):
        await other.challenges.resume(ticket, "111111")
    with pytest.raises(ChallengeDeclinedError):
        await other.challenges.decline(ticket)
    assert await list_tokens(sandbox, pool, ticket) == []


async def test_what_was_answered_cannot_be_declined(sandbox: Sandbox, pool: SessionPool) -> None:
    ticket = await park(sandbox, pool)
    await pool.challenges.resume(ticket, "111111")
    with pytest.raises(ChallengeAnsweredError):
        await pool.challenges.decline(ticket)
    assert (await pool.challenges.get(ticket)).phase is ChallengePhase.UPDATED


async def test_what_has_expired_cannot_be_declined(
    sandbox: Sandbox, pool: SessionPool, clock: ManualClock
) -> None:
    ticket = await park(sandbox, pool)
    await clock.sleep(9600.0)
    with pytest.raises(ChallengeExpiredError):
        await pool.challenges.decline(ticket)


async def test_a_challenge_is_remembered_for_a_day_after_its_time(
    sandbox: Sandbox, pool: SessionPool, store: MemoryChallengeStore, clock: ManualClock
) -> None:
    ticket = await park(sandbox, pool)
    await clock.sleep(9600.0 + 86_000.0)
    assert await pool.challenges.sweep() == 0
    assert (await pool.challenges.get(ticket)).phase is ChallengePhase.EXPIRED
    await clock.sleep(500.0)
    assert await pool.challenges.sweep() == 1
    assert len(store) == 0
    with pytest.raises(UnknownTicketError):
        await pool.challenges.get(ticket)


async def test_a_damaged_record_has_an_error_of_its_own_and_does_not_hide_the_others(
    sandbox: Sandbox, store: MemoryChallengeStore
) -> None:
    seen: list[object] = []
    async with open_pool(sandbox, backend=MemoryBackend(store), observer=seen.append) as pool:
        damaged, sound = await park(sandbox, pool), await park(sandbox, pool)
        (row,) = [row for row in store._shelf.rows.values() if damaged in row.record]
        object.__setattr__(row, "record", row.record[:-1])
        for call in (pool.challenges.get, pool.challenges.resume, pool.challenges.decline):
            with pytest.raises(DamagedStateError):
                await call(damaged)
        assert [shown.ticket for shown in await pool.challenges.list()] == [sound]
    assert f"ParkedChallengeTroubled(key='{row.key}', problem='it cannot be read')" in map(repr, seen)
    assert damaged not in repr(seen)


async def test_a_record_under_the_key_of_another_ticket_is_not_taken_for_it(
    sandbox: Sandbox, pool: SessionPool, store: MemoryChallengeStore
) -> None:
    one, two = await park(sandbox, pool), await park(sandbox, pool)
    first, second = (
        row for ticket in (one, two) for row in store._shelf.rows.values() if ticket in row.record
    )
    object.__setattr__(first, "record", second.record)
    with pytest.raises(DamagedStateError):
        await pool.challenges.resume(one, "111111")


def test_a_backend_has_to_be_one(sandbox: Sandbox) -> None:
    with pytest.raises(ConfigurationError, match="backend"):
        open_pool(sandbox, backend=MemoryChallengeStore())
