import asyncio

import pytest

from belvo_async.sandbox import Fault, Sandbox, SandboxOptions

from .clients import Client
from .clocks import ManualClock, eventually


async def test_overlapping_logins_are_noticed_and_refused(clock: ManualClock) -> None:
    options = SandboxOptions(login_seconds=5)
    async with Sandbox(clock=clock, options=options) as sandbox, Client(sandbox) as client:
        link_id, other = sandbox.add_link(), sandbox.add_link()
        updates = [asyncio.create_task(client.update(name, password="x")) for name in [link_id] * 4 + [other]]
        await eventually(lambda: sum(update.done() for update in updates) == 3)
        clock.advance(5)
        answers = await asyncio.gather(*updates)
        assert sorted(answer.status for answer in answers) == [200, 200, 400, 400, 400]
        assert {answer.code for answer in answers if answer.status == 400} == {"too_many_sessions"}
        assert sandbox.overlapping_logins == 3
        assert (sandbox.logins(link_id), sandbox.logins(other), sandbox.logins()) == (4, 1, 5)


async def test_a_resume_overlaps_too(clock: ManualClock) -> None:
    async with Sandbox(clock=clock) as sandbox, Client(sandbox) as client:
        challenge = await client.challenge(sandbox.add_link(username="x_mfa_qr"))
        sandbox.faults.add(Fault(kind="latency", seconds=5, times=1))
        first = asyncio.create_task(client.resume(challenge, "111111"))
        await eventually(lambda: clock.sleepers == 1)
        assert (await client.resume(challenge, "111111")).code == "too_many_sessions"
        clock.advance(5)
        assert (await first).status == 200
        assert sandbox.overlapping_logins == 1


async def test_one_user_registers_once_at_a_time(clock: ManualClock) -> None:
    body = {"institution": "erebor_mx_retail", "username": "ann", "password": "x"}
    async with (
        Sandbox(clock=clock, options=SandboxOptions(login_seconds=5)) as sandbox,
        Client(sandbox) as client,
    ):
        first = asyncio.create_task(client.register(**body))
        await eventually(lambda: clock.sleepers == 1)
        assert (await client.register(**body)).code == "too_many_sessions"
        clock.advance(5)
        assert (await first).status == 201


async def test_logins_one_after_the_other_do_not_overlap(sandbox: Sandbox, client: Client) -> None:
    link_id = sandbox.add_link()
    for _ in range(3):
        await client.update(link_id, password="x")
    assert (sandbox.logins(link_id), sandbox.overlapping_logins) == (3, 0)


async def test_a_client_that_goes_away_does_not_stop_its_login(clock: ManualClock) -> None:
    async with Sandbox(clock=clock, options=SandboxOptions(login_seconds=5)) as sandbox:
        link_id = sandbox.add_link()
        async with Client(sandbox) as client:
            update = asyncio.create_task(client.update(link_id, password="new"))
            await eventually(lambda: clock.sleepers == 1)
            update.cancel()
        await eventually(lambda: sandbox.connections == 0)
        clock.advance(5)
        await eventually(lambda: sandbox.links[link_id].password == "new")
        await eventually(lambda: sandbox.log[-1].login)


async def test_the_log_tells_what_was_received(sandbox: Sandbox, client: Client, clock: ManualClock) -> None:
    link_id = sandbox.add_link()
    await client.call(
        "PUT", f"/api/links/{link_id}/", {"password": "secret!"}, headers={"User-Agent": "test/1"}
    )
    (entry,) = sandbox.log
    assert (entry.method, entry.path, entry.link_id) == ("PUT", f"/api/links/{link_id}/", link_id)
    assert (entry.at, entry.status, entry.login, entry.fault) == (clock.now, 200, True, None)
    assert (entry.user_agent, entry.content_type, entry.is_async) == ("test/1", "application/json", False)
    assert entry.body == {"password": "secret!"}
    assert "secret!" not in repr(sandbox.log)
    assert "secret!" not in repr(sandbox.links[link_id])


async def test_the_log_of_a_registration_knows_its_link(sandbox: Sandbox, client: Client) -> None:
    answer = await client.register(institution="erebor_mx_retail", username="ann", password="x")
    assert sandbox.log[-1].link_id == answer.json["id"]


async def test_the_log_drops_the_oldest(clock: ManualClock) -> None:
    async with (
        Sandbox(clock=clock, options=SandboxOptions(log_limit=2)) as sandbox,
        Client(sandbox) as client,
    ):
        sandbox.faults.add(Fault(kind="latency", seconds=1, times=1))
        slow = asyncio.create_task(client.get("/api/", number="0"))
        await eventually(lambda: clock.sleepers == 1)
        for path in ("/api/a/", "/api/b/"):
            await client.get(path)
        clock.advance(1)
        assert (await slow).status == 200
        assert [entry.path for entry in sandbox.log] == ["/api/a/", "/api/b/"]


async def test_the_edge_blocks_above_its_rate(clock: ManualClock) -> None:
    options = SandboxOptions(enforce_rate_limit=True)
    async with Sandbox(clock=clock, options=options) as sandbox, Client(sandbox) as client:
        link_id = sandbox.add_link()
        first = [(await client.get("/api/")).status for _ in range(40)]
        clock.advance(15)
        second = [(await client.get("/api/")).status for _ in range(40)]
        assert {*first, *second} == {200}
        blocked = await client.update(link_id, password="x")
        assert (blocked.status, blocked.headers["content-type"]) == (403, "text/html")
        assert sandbox.logins() == 0
        clock.advance(15)
        third = [(await client.get("/api/")).status for _ in range(41)]
        assert third == [200] * 40 + [403]


async def test_open_connections_are_counted(sandbox: Sandbox) -> None:
    assert sandbox.connections == 0
    async with Client(sandbox) as client:
        await client.get("/api/")
        assert sandbox.connections == 1
    await eventually(lambda: sandbox.connections == 0)


@pytest.mark.parametrize("change", [{"institution": "moria"}, {"status": "good"}, {"access_mode": "often"}])
def test_a_link_that_cannot_be_is_not_added(change: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="is none of"):
        Sandbox().add_link(**change)


@pytest.mark.parametrize("slip", ["x_mfa_numerc", "mfa_numbers"])
def test_a_slip_in_the_name_of_a_test_user_makes_no_ordinary_user(slip: str) -> None:
    with pytest.raises(
        ValueError, match=rf"'{slip}' is no test user; there are mfa_default, .*x_mfa_numeric"
    ):
        Sandbox().add_link(username=slip)
