"""What a look at the link proves: only an access that is newer than the login's leaving, by any clock."""

import asyncio
from datetime import datetime, timedelta
from email.utils import format_datetime
from json import dumps

import pytest
from attrs import define

from belvo_async import Link, LinkUpdate, RateLimit, RetryPolicy, SessionPool
from belvo_async.errors import OutcomeUnknownError, RateLimitedError
from belvo_async.sandbox import Fault, Sandbox
from belvo_async.testing import ManualClock, link_body
from tests.engine.conftest import open_pool
from tests.engine.servers import KEYS, Wire, build_answer, serve

START = ManualClock().wall()
LINK_ID = "30cb4806-6e00-48a4-91c9-ca55968576c8"


@define
class Bank:
    """A server with a clock of its own, which loses some logins before they reach the bank."""

    clock: ManualClock
    ahead: timedelta = timedelta()
    lost_from: int = 1
    """The number of the first login that is lost."""
    accessed_at: str = "2020-01-01T00:00:00Z"

    async def reply(self, wire: Wire, writer: asyncio.StreamWriter) -> bool:
        now = self.clock.wall() + self.ahead
        if wire.requests[-1].startswith(b"PUT"):
            if wire.count("PUT") >= self.lost_from:
                return False
            self.accessed_at = now.isoformat()
        body = dumps(link_body(LINK_ID, last_accessed_at=self.accessed_at)).encode()
        writer.write(build_answer(body, headers=f"Date: {format_datetime(now, usegmt=True)}\r\n"))
        return True


@pytest.mark.parametrize(
    ("seconds", "counts"),
    [(-1.0, False), (20.0, False), (29.9, False), (30.1, True), (31.0, True)],
)
async def test_an_access_counts_from_the_moment_when_the_login_left_and_not_when_it_queued(
    clock: ManualClock, seconds: float, counts: bool
) -> None:
    """A ping takes the only turn, so the login leaves 30 s later; meanwhile Belvo refreshes the link."""
    bank = Bank(clock, accessed_at=(START + timedelta(seconds=seconds)).isoformat())
    limit = RateLimit(requests=1, window=30.0, margin=0.0)
    async with (
        serve(bank.reply) as wire,
        SessionPool(KEYS, environment=wire.url, clock=clock, rate_limit=limit) as pool,
    ):
        await pool.ping()
        update = pool.links.update(LinkUpdate(LINK_ID, password="new"))
        if counts:
            assert (await update).id == LINK_ID
        else:
            with pytest.raises(OutcomeUnknownError):
                await update
        assert wire.count("PUT") == 1


@pytest.mark.parametrize("ahead", [0.0, 0.9, 1.5, 1.999, 2.5, 60.9, 3600.5, -1.5, -60.9])
@pytest.mark.parametrize("apart", [0.0, 0.5, 30.0])
async def test_the_access_of_an_earlier_update_is_no_proof_for_a_lost_one(
    clock: ManualClock, ahead: float, apart: float
) -> None:
    bank = Bank(clock, ahead=timedelta(seconds=ahead), lost_from=2)
    async with serve(bank.reply) as wire, SessionPool(KEYS, environment=wire.url, clock=clock) as pool:
        assert (await pool.links.update(LinkUpdate(LINK_ID, password="first"))).id == LINK_ID
        await clock.sleep(apart)
        with pytest.raises(OutcomeUnknownError):
            await pool.links.update(LinkUpdate(LINK_ID, password="second"))
        assert wire.count("PUT") == 2


async def test_of_two_updates_at_once_the_first_is_no_proof_for_the_second(clock: ManualClock) -> None:
    bank = Bank(clock, ahead=timedelta(seconds=1.5), lost_from=2)
    async with serve(bank.reply) as wire, SessionPool(KEYS, environment=wire.url, clock=clock) as pool:
        first, second = await asyncio.gather(
            pool.links.update(LinkUpdate(LINK_ID, password="first")),
            pool.links.update(LinkUpdate(LINK_ID, password="second")),
            return_exceptions=True,
        )
    assert (type(first), type(second)) == (Link, OutcomeUnknownError)


@pytest.mark.parametrize("ahead", [0.0, 60.9, -60.9])
async def test_a_newer_access_than_the_last_one_reported_is_proof(clock: ManualClock, ahead: float) -> None:
    bank = Bank(clock, ahead=timedelta(seconds=ahead), lost_from=2)
    async with serve(bank.reply) as wire, SessionPool(KEYS, environment=wire.url, clock=clock) as pool:
        await pool.links.update(LinkUpdate(LINK_ID, password="first"))
        await clock.sleep(30.0)
        later = clock.wall() + timedelta(seconds=ahead + 2.0)
        bank.accessed_at = later.isoformat()  # the second login gets through, its answer does not
        assert (await pool.links.update(LinkUpdate(LINK_ID, password="second"))).last_accessed_at == later
        assert wire.count("PUT") == 2


ABSURD_DATES = [
    "Mon, 01 Jan 2024 00:00:00 +99999999999999999",
    "Mon, 01 Jan 2024 00:00:00 -99999999",
    "Fri, 31 Dec 9999 23:59:59 -2359",
    "Fri, 31 Dec 9999 23:59:59 GMT",
    "Mon, 01 Jan 0001 00:00:00 +2359",
    "Mon, 01 Jan 0100 00:00:00 GMT",
    "Mon, 01 Jan 99999999999999999999 00:00:00 GMT",
    "Mon, 99 Jan 2024 99:99:99 GMT",
    "\xe9\xff",
    "0",
    "",
]


@pytest.mark.parametrize("date", ABSURD_DATES)
async def test_an_absurd_date_never_shows_as_another_error(clock: ManualClock, date: str) -> None:
    body = dumps(link_body(LINK_ID, status="invalid")).encode()

    async def reply(wire: Wire, writer: asyncio.StreamWriter) -> bool:
        if wire.requests[-1].startswith(b"PUT"):
            return False
        head, rest = build_answer(body).split(b"\r\n", 1)
        writer.write(head + b"\r\nDate: " + date.encode("latin-1") + b"\r\n" + rest)
        return True

    async with serve(reply) as wire, SessionPool(KEYS, environment=wire.url, clock=clock) as pool:
        with pytest.raises(OutcomeUnknownError):
            await pool.links.update(LinkUpdate(LINK_ID, password="new"))


@pytest.mark.parametrize("hours", [12, 24, 24 * 365, 24 * 365 * 1900])
async def test_an_access_later_than_the_servers_own_date_is_no_proof(clock: ManualClock, hours: int) -> None:
    """A proxy with a wrong clock, or a cached header, must not turn an old access into a success."""
    body = dumps(link_body(LINK_ID, last_accessed_at=(START - timedelta(hours=10)).isoformat())).encode()
    date = format_datetime(START - timedelta(hours=hours), usegmt=True)

    async def reply(wire: Wire, writer: asyncio.StreamWriter) -> bool:
        if wire.requests[-1].startswith(b"PUT"):
            return False
        writer.write(build_answer(body, headers=f"Date: {date}\r\n"))
        return True

    async with serve(reply) as wire, SessionPool(KEYS, environment=wire.url, clock=clock) as pool:
        with pytest.raises(OutcomeUnknownError):
            await pool.links.update(LinkUpdate(LINK_ID, password="new"))


async def test_an_absurd_date_does_not_show_either_where_our_clock_was_set_back(clock: ManualClock) -> None:
    body = dumps(link_body(LINK_ID, last_accessed_at="2020-01-01T00:00:00Z")).encode()

    async def reply(wire: Wire, writer: asyncio.StreamWriter) -> bool:
        clock.set_wall(START - timedelta(hours=len(wire.requests)))
        if wire.requests[-1].startswith(b"PUT"):
            return False
        writer.write(build_answer(body, headers="Date: Fri, 31 Dec 9999 23:59:59 GMT\r\n"))
        return True

    async with serve(reply) as wire, SessionPool(KEYS, environment=wire.url, clock=clock) as pool:
        with pytest.raises(OutcomeUnknownError):
            await pool.links.update(LinkUpdate(LINK_ID, password="new"))


@pytest.mark.parametrize("date", ABSURD_DATES)
async def test_an_absurd_retry_after_never_shows_as_another_error(clock: ManualClock, date: str) -> None:
    async def reply(_: Wire, writer: asyncio.StreamWriter) -> bool:
        head, rest = build_answer(b"<html>", "403 Forbidden").split(b"\r\n", 1)
        writer.write(head + b"\r\nRetry-After: " + date.encode("latin-1") + b"\r\n" + rest)
        return True

    async with (
        serve(reply) as wire,
        SessionPool(KEYS, environment=wire.url, clock=clock, retry=RetryPolicy.never()) as pool,
    ):
        with pytest.raises(RateLimitedError):
            await pool.links.update(LinkUpdate(LINK_ID, password="new"))


@pytest.mark.parametrize("year", ["1969", "3000", "9999"])
async def test_a_date_of_a_year_that_nobody_counts_with_is_left_out(
    sandbox: Sandbox, clock: ManualClock, year: str
) -> None:
    link_id = sandbox.add_link(institution="erebor_mx_retail", username="user_valid", password="pass_valid")
    headers = {"date": f"Fri, 31 Dec {year} 23:59:59 GMT"}
    async with open_pool(sandbox, clock=clock) as pool:
        sandbox.faults.add(Fault(kind="reset_after", method="PUT", times=1))
        sandbox.faults.add(Fault(kind="latency", method="GET", headers=headers))
        assert (await pool.links.update(LinkUpdate(link_id, password="new"))).id == link_id


@pytest.mark.parametrize("ahead", [timedelta(), timedelta(seconds=-300), timedelta(seconds=300)])
async def test_a_response_that_trickles_in_makes_no_earlier_access_a_success(
    clock: ManualClock, ahead: timedelta
) -> None:
    """Its `Date` is old by the time that its body is there: that tells nothing about Belvo's clock."""
    body = dumps(link_body(LINK_ID, last_accessed_at=(START + ahead - timedelta(seconds=10)).isoformat()))

    async def reply(wire: Wire, writer: asyncio.StreamWriter) -> bool:
        if wire.requests[-1].startswith(b"PUT"):
            return False
        date = format_datetime(clock.wall() + ahead, usegmt=True)
        response = build_answer(body.encode(), headers=f"Date: {date}\r\n")
        writer.write(response[:-10])
        if wire.count("GET") > 1:  # the first one is at once, and tells how far the clocks differ
            await clock.sleep(30)
        writer.write(response[-10:])
        return True

    async with serve(reply) as wire, SessionPool(KEYS, environment=wire.url, clock=clock) as pool:
        await pool.links.get(LINK_ID)
        with pytest.raises(OutcomeUnknownError):
            await pool.links.update(LinkUpdate(LINK_ID, password="new"))


async def test_a_check_in_the_second_of_a_slow_error_still_tells_by_how_much_the_clocks_differ() -> None:
    """Belvo is 10 s behind; the login succeeds after 5 s, and the 500 comes after 20."""
    clock, behind = ManualClock(), timedelta(seconds=10)
    accessed_at = (START - behind + timedelta(seconds=5)).isoformat()
    error = dumps([{"code": "unexpected_error", "message": "m", "request_id": "r"}]).encode()

    async def reply(wire: Wire, writer: asyncio.StreamWriter) -> bool:
        if wire.requests[-1].startswith(b"PUT"):
            await clock.sleep(20.0)
            status, body = "500 Error", error
        else:
            status, body = "200 OK", dumps(link_body(LINK_ID, last_accessed_at=accessed_at)).encode()
        date = format_datetime(clock.wall() - behind, usegmt=True)
        writer.write(build_answer(body, status, f"Date: {date}\r\n"))
        return True

    async with serve(reply) as wire, SessionPool(KEYS, environment=wire.url, clock=clock) as pool:
        update = asyncio.create_task(pool.links.update(LinkUpdate(LINK_ID, password="new")))
        await clock.wait_for_sleepers()
        await clock.advance(20.0)
        async with asyncio.timeout(5):
            assert (await update).id == LINK_ID
        assert wire.count("PUT") == 1


ERROR = dumps([{"code": "unexpected_error", "message": "m", "request_id": "r"}]).encode()


def write(writer: asyncio.StreamWriter, body: bytes, status: str, now: datetime | None) -> None:
    date = "" if now is None else f"Date: {format_datetime(now, usegmt=True)}\r\n"
    writer.write(build_answer(body, status, date))


@pytest.mark.parametrize(("earlier", "logins"), [(timedelta(hours=5), 1), (timedelta(days=2), 2)])
async def test_a_login_is_not_repeated_where_no_response_has_told_the_time_of_day(
    clock: ManualClock, earlier: timedelta, logins: int
) -> None:
    """A clock that runs on local time is hours behind: so may that be which has written the access."""
    link = dumps(link_body(LINK_ID, last_accessed_at=(START - earlier).isoformat())).encode()

    async def reply(wire: Wire, writer: asyncio.StreamWriter) -> bool:
        is_error = wire.requests[-1].startswith(b"PUT") and wire.count("PUT") == 1
        write(writer, ERROR if is_error else link, "500 Error" if is_error else "200 OK", None)
        return True

    async with serve(reply) as wire, SessionPool(KEYS, environment=wire.url, clock=clock) as pool:
        update = pool.links.update(LinkUpdate(LINK_ID, password="new"))
        if logins == 1:
            with pytest.raises(OutcomeUnknownError):
                await update
        else:
            await update
        assert wire.count("PUT") == logins


async def test_a_slow_check_after_a_slow_error_does_not_show_that_the_login_failed() -> None:
    """Belvo is 15 s behind; the login succeeds after 5 s. Error and check take 20 s each to come."""
    clock, behind = ManualClock(), timedelta(seconds=15)
    link = dumps(link_body(LINK_ID, last_accessed_at=(START - timedelta(seconds=10)).isoformat())).encode()

    async def reply(wire: Wire, writer: asyncio.StreamWriter) -> bool:
        is_error = wire.requests[-1].startswith(b"PUT")
        now = clock.wall() - behind
        await clock.sleep(20.0)
        write(
            writer,
            ERROR if is_error else link,
            "500 Error" if is_error else "200 OK",
            now + timedelta(seconds=20),
        )
        return True

    async with serve(reply) as wire, SessionPool(KEYS, environment=wire.url, clock=clock) as pool:
        update = asyncio.create_task(pool.links.update(LinkUpdate(LINK_ID, password="new")))
        while not update.done():
            await clock.wait_for_sleepers()
            await clock.advance(20.0)
        assert wire.count("PUT") == 1
        error = update.exception()
        assert error is None or isinstance(error, OutcomeUnknownError)
