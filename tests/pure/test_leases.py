"""The lease on a link as a record: whatever processes do, no login is sent while another one may run."""

import pytest
from attrs import define, field, frozen
from hypothesis import given
from hypothesis import strategies as st

from belvo_async.backends import Moment
from belvo_async.backends._lease import LEASE, LOGIN_LIMIT, Hold, Lease, SentLogin
from belvo_async.errors import CoordinatorError

SHORT = 15.0


@define
class Link:
    """One lease, and the time by whoever keeps it."""

    now: float = 1000.0
    since: float = float("-inf")
    _lease: Lease = field(factory=Lease, init=False)

    @property
    def lease(self) -> Lease:
        """The record, read anew each time, as by another process."""
        self._lease = LEASE.load(LEASE.dump(self._lease))
        return self._lease

    @property
    def moment(self) -> Moment:
        return Moment(self.now, self.since)

    def forget(self) -> None:
        """Forget all, as a server that was started again or emptied."""
        self._lease, self.since = Lease(), self.now

    def restore(self, copy: str) -> None:
        """Go on with a copy, as a replica that takes over."""
        self._lease, self.since = LEASE.load(copy), self.now

    def hold(self, holder: str) -> Hold:
        return self.lease.hold(self.moment, holder, "link", SHORT)


def test_who_waits_is_told_for_how_long() -> None:
    link = Link()
    first = link.hold("a")
    assert link.hold("b") == Hold(0, SHORT)
    assert link.lease.send(link.moment, first.fence, "link")
    assert link.hold("b") == Hold(0, LOGIN_LIMIT, SentLogin("link", first.fence, 0.0))
    link.now += 30.0
    assert link.hold("b") == Hold(0, LOGIN_LIMIT - 30.0, SentLogin("link", first.fence, 30.0))


def test_who_waits_for_a_user_is_told_the_link_at_which_the_login_is() -> None:
    link = Link()
    first = link.lease.hold(link.moment, "a", None, SHORT)
    assert link.lease.send(link.moment, first.fence, "link")
    assert link.hold("b").sent == SentLogin("link", first.fence, 0.0)


def test_a_registration_has_no_link_to_check() -> None:
    link = Link()
    first = link.lease.hold(link.moment, "a", None, SHORT)
    assert link.lease.send(link.moment, first.fence, None)
    assert link.hold("b") == Hold(0, LOGIN_LIMIT)


def test_only_a_login_that_was_sent_can_be_seen_to_have_ended() -> None:
    link = Link()
    first = link.hold("a")
    assert link.hold("b").sent is None
    link.lease.send(link.moment, first.fence, "link")
    link.lease.ask(link.moment, first.fence, SHORT)
    assert link.hold("b").sent is None


def test_a_lease_whose_login_was_seen_to_end_is_free_unless_somebody_has_it_since() -> None:
    link = Link()
    first = link.hold("a")
    link.lease.send(link.moment, first.fence, "link")
    link.lease.release(link.moment, first.fence)
    assert link.hold("b").fence == first.fence + 1
    link.lease.release(link.moment, first.fence)
    assert not link.hold("c").fence


def test_one_that_dies_before_the_departure_frees_the_link_within_seconds() -> None:
    link = Link()
    first = link.hold("a")
    link.now += SHORT
    assert link.hold("b").fence == first.fence + 1


def test_one_that_dies_after_the_departure_keeps_the_link_until_the_login_must_have_ended() -> None:
    link = Link()
    first = link.hold("a")
    assert link.lease.send(link.moment, first.fence, "link")
    link.now += LOGIN_LIMIT - 0.1
    assert not link.hold("b").fence
    link.now += 0.1
    assert link.hold("b").fence


def test_one_that_stood_still_for_too_long_may_not_send() -> None:
    link = Link()
    first = link.hold("a")
    link.now += SHORT
    assert link.hold("b").fence
    assert not link.lease.send(link.moment, first.fence, "link")
    assert not link.lease.renew(link.moment, first.fence, SHORT)
    link.lease.release(link.moment, first.fence)
    assert not link.hold("c").fence


def test_one_that_stood_still_may_send_where_nobody_else_came() -> None:
    link = Link()
    first = link.hold("a")
    link.now += 2 * SHORT
    assert link.lease.send(link.moment, first.fence, "link")


def test_asking_a_person_needs_renewals() -> None:
    link = Link()
    first = link.hold("a")
    link.lease.send(link.moment, first.fence, "link")
    link.lease.ask(link.moment, first.fence, SHORT)
    link.now += SHORT - 1
    assert link.lease.renew(link.moment, first.fence, SHORT)
    link.now += SHORT - 1
    assert not link.hold("b").fence
    link.now += 1
    assert link.hold("b").fence


def test_a_hold_that_was_not_told_is_told_again() -> None:
    link = Link()
    first = link.hold("a")
    assert first.fence
    assert link.hold("a") == first


def test_what_was_forgotten_is_waited_for() -> None:
    """After a restart of who keeps the leases, a login may be running that nobody knows of."""
    link = Link(since=900.0)
    assert link.hold("a") == Hold(0, LOGIN_LIMIT - 100.0, is_forgotten=True)
    link.now = 900.0 + LOGIN_LIMIT
    assert link.hold("a").fence


def test_a_hold_from_before_all_was_forgotten_is_none_any_more() -> None:
    """Its fence is not given again: who waits in a long queue would take another's hold for its own."""
    link = Link()
    former = link.hold("a")
    link.forget()
    link.now += LOGIN_LIMIT
    assert link.hold("b").fence != former.fence
    assert not link.lease.send(link.moment, former.fence, "link")


def test_a_hold_from_before_all_was_forgotten_is_none_any_more_also_before_anybody_has_noticed() -> None:
    """Who makes the file of a coordinator anew cannot know that another still has the one before it open."""
    link, anew = Link(), Link(now=1000.1)
    former, newer = link.hold("a"), anew.hold("b")
    assert anew.lease.send(anew.moment, newer.fence, "link")
    assert not anew.lease.send(anew.moment, former.fence, "link")


def test_what_was_restored_is_not_trusted_to_be_the_newest() -> None:
    """A server that was started again from a copy may miss that a login was sent."""
    link = Link()
    first = link.hold("a")
    link.lease.release(link.moment, first.fence)
    link.since = link.now = 1010.0
    assert link.hold("b") == Hold(0, LOGIN_LIMIT, is_forgotten=True)
    link.now += LOGIN_LIMIT
    assert link.hold("b").fence > first.fence


def test_a_hold_that_a_copy_lacks_is_none_any_more() -> None:
    """Its fence is not given again: who waits in a long queue would take another's hold for its own."""
    link = Link()
    first = link.hold("a")
    link.lease.release(link.moment, first.fence)
    copy = LEASE.dump(link.lease)
    link.now += 1.0
    lacking = link.hold("b")
    link.restore(copy)
    link.now += LOGIN_LIMIT
    newer = link.hold("c")
    assert link.lease.send(link.moment, newer.fence, "link")
    assert not link.lease.send(link.moment, lacking.fence, "link")
    link.lease.release(link.moment, lacking.fence)
    assert link.hold("d").sent == SentLogin("link", newer.fence, 0.0)


def test_an_unknown_phase_is_refused() -> None:
    with pytest.raises(CoordinatorError, match="nothing was sent"):
        LEASE.load(LEASE.dump(Lease()).replace("free", "dreaming"))


@frozen
class Step:
    """What one process does, some time after the step before."""

    after: float
    process: str
    does: str


STEPS = st.builds(
    Step,
    st.sampled_from([0.0, 0.0, 1.0, 14.9, 15.0, 100.0, 329.0, 330.0]),
    st.sampled_from("abc"),
    st.sampled_from(["hold", "hold", "send", "send", "ask", "renew", "release", "die", "forget"]),
)


@given(st.lists(STEPS, max_size=60))
def test_whatever_processes_do_no_two_logins_run_at_once(steps: list[Step]) -> None:
    link = Link()
    held: dict[str, int] = {}
    running: dict[str, float] = {}
    """Until when a login of each process may run at the bank, unless it is heard."""
    for step in steps:
        link.now += step.after
        fence = held.get(step.process, 0)
        match step.does:
            case "hold" if not fence:
                held[step.process] = link.hold(f"{step.process} {link.now}").fence
            case "send" if fence and link.lease.send(link.moment, fence, "link"):
                others = [until for other, until in running.items() if other != step.process]
                assert all(until <= link.now for until in others)
                running[step.process] = link.now + LOGIN_LIMIT
            case "ask" if fence and step.process in running:
                del running[step.process]  # the bank has responded
                link.lease.ask(link.moment, fence, SHORT)
            case "renew" if fence:
                link.lease.renew(link.moment, fence, SHORT)
            case "release" if fence and running.get(step.process, 0.0) <= link.now:
                link.lease.release(link.moment, fence)
                held.pop(step.process)
            case "die":
                held.pop(step.process, None)
            case "forget":
                link.forget()
            case _:
                pass
