"""Whatever the bank, the person, the clock and the process do, the machine's promises hold.

The walk plays the driver: it performs what the state says, and answers with whatever the rules draw.
Cancellation and a new process both throw the state away unless it was parked.
"""

from datetime import datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from belvo_async._clock import Instant
from belvo_async._wire.challenge_text import dump_state, load_state
from belvo_async.errors import BelvoError, InvalidTokenError, LoginFailedError
from belvo_async.mfa import (
    Accepted,
    Challenged,
    Completed,
    Declined,
    Event,
    Expired,
    Failed,
    IllegalTransitionError,
    MfaPolicy,
    Rejected,
    Resuming,
    State,
    Submitting,
    TokenGiven,
    advance,
    challenge_expired,
)
from belvo_async.models import AwaitingToken
from tests.mfa.builders import LINK, NOON, build_challenge, login_failed, session_expired

pytestmark = pytest.mark.slow

PASSWORD = "hunter2-never-stored"
DIGEST = "d" * 64
EXPIRIES = st.one_of(st.none(), st.sampled_from([0.0, 0.5, 2.0, 30.0, 720.0, 9600.0]))
BAD_TOKENS = st.sampled_from(["", "   ", "\x00", "1" * 2000])


class Dialogue(RuleBasedStateMachine):
    """One login, from its first request to its end, across processes."""

    def __init__(self) -> None:
        super().__init__()
        self.policy = MfaPolicy()
        self.state: State = Submitting(update_digest=DIGEST)
        self.monotonic = 1000.0
        self.wall = NOON
        self.sessions = 0
        self.newest: str | None = None
        self.expires_at: datetime | None = None
        self.tokens_made = 0
        self.given: set[str] = set()
        self.sent: list[str | None] = []
        self.dead_sessions: set[str] = set()
        self.logins = 0

    @initialize(
        rounds=st.integers(1, 4), restarts=st.integers(0, 2), margin=st.sampled_from([0.0, 0.2, 5.0, 60.0])
    )
    def choose_policy(self, rounds: int, restarts: int, margin: float) -> None:
        self.policy = MfaPolicy(max_rounds=rounds, restarts=restarts, safety_margin=margin)

    @property
    def now(self) -> Instant:
        return Instant(self.monotonic, self.wall)

    def take(self, event: Event) -> None:
        self.state = advance(self.state, event, self.policy)

    def is_exchanging(self) -> bool:
        return isinstance(self.state, Submitting | Resuming)

    def is_waiting(self) -> bool:
        return isinstance(self.state, AwaitingToken)

    def is_over(self) -> bool:
        return isinstance(self.state, Completed | Failed)

    def send(self) -> bool:
        """Do what the state says, and check that it may be done; False where its time is over."""
        if isinstance(self.state, Submitting):
            self.logins += 1
        elif isinstance(self.state, Resuming):
            if self.monotonic >= self.state.deadline:
                self.take(Rejected(challenge_expired(LINK.id, "the token waited too long")))
                return False
            assert self.state.challenge.session == self.newest
            assert self.newest not in self.dead_sessions
            assert self.expires_at is not None
            assert self.wall <= self.expires_at
            self.sent.append(self.state.token)
        return True

    @precondition(is_exchanging)
    @rule()
    def bank_accepts(self) -> None:
        if self.send():
            self.take(Accepted(LINK))

    @precondition(is_exchanging)
    @rule(expiry=EXPIRIES, expects_input=st.booleans(), same_session=st.booleans(), seconds=st.floats(0, 5))
    def bank_asks(
        self, expiry: float | None, expects_input: bool, same_session: bool, seconds: float
    ) -> None:
        if not self.send():
            return
        self.pass_time(seconds)
        if not (same_session and isinstance(self.state, Resuming)):
            self.sessions += 1
            self.newest = f"session-{self.sessions}"
        challenge = build_challenge(self.newest or "", expiry=expiry, expects_user_input=expects_input)
        lives = self.policy.assumed_expiry if expiry is None else expiry
        self.expires_at = self.wall + timedelta(seconds=lives)
        self.take(Challenged(challenge, self.monotonic))

    @precondition(is_exchanging)
    @rule(error=st.sampled_from([login_failed(), session_expired(), BelvoError("lost")]))
    def bank_refuses(self, error: BelvoError) -> None:
        if not self.send():
            return
        if isinstance(self.state, Resuming) and not isinstance(error, LoginFailedError):
            self.dead_sessions.add(self.state.challenge.session)
        self.take(Rejected(error))

    @precondition(is_waiting)
    @rule()
    def person_answers(self) -> None:
        self.tokens_made += 1
        token = f"token-{self.tokens_made:06}"  # digits alone might stand in a time
        self.given.add(token)
        self.take(TokenGiven(token, self.monotonic))

    @precondition(is_waiting)
    @rule(token=BAD_TOKENS)
    def person_answers_nonsense(self, token: str) -> None:
        before = self.state
        assert isinstance(before, AwaitingToken)
        try:
            self.take(TokenGiven(token, self.monotonic))
        except InvalidTokenError as error:
            assert error.state == before  # noqa: PT017 - one of two allowed ends
            assert self.state == before

    @precondition(is_waiting)
    @rule()
    def person_declines(self) -> None:
        self.take(Declined())

    @precondition(is_waiting)
    @rule()
    def nobody_answers(self) -> None:
        self.take(Expired())

    @rule(seconds=st.floats(0, 1000))
    def pass_time(self, seconds: float) -> None:
        self.monotonic += seconds
        self.wall += timedelta(seconds=seconds)

    @precondition(is_waiting)
    @rule(pause=st.floats(0, 200), boot=st.floats(0, 1e6))
    def another_process_goes_on(self, pause: float, boot: float) -> None:
        """Serialise, let time pass, and read it where the monotonic clock is another one."""
        assert isinstance(self.state, AwaitingToken)
        text = dump_state(self.state, self.now)
        assert PASSWORD not in text
        assert not any(token in text for token in self.given)
        self.wall += timedelta(seconds=pause)
        left = self.state.deadline - self.monotonic - pause
        self.monotonic = boot
        restored = load_state(text, self.now)
        assert restored.challenge == self.state.challenge
        assert (restored.rounds, restored.restarts) == (self.state.rounds, self.state.restarts)
        assert restored.deadline - boot == pytest.approx(left, abs=1e-4)
        self.state = restored

    @precondition(is_waiting)
    @rule()
    def caller_is_cancelled_while_waiting_and_resumes_from_the_parked_text(self) -> None:
        assert isinstance(self.state, AwaitingToken)
        text = dump_state(self.state, self.now)
        self.state = load_state(text, self.now)

    @precondition(is_over)
    @rule(event=st.sampled_from([Accepted(LINK), Rejected(login_failed()), TokenGiven("1", 0.0), Expired()]))
    def a_late_event_arrives(self, event: Event) -> None:
        before = self.state
        with pytest.raises(IllegalTransitionError):
            self.take(event)
        assert self.state is before

    @invariant()
    def no_token_is_sent_twice(self) -> None:
        typed = [token for token in self.sent if token is not None]
        assert len(typed) == len(set(typed))
        assert set(typed) <= self.given

    @invariant()
    def never_more_answers_than_rounds(self) -> None:
        assert len(self.sent) <= self.policy.max_rounds

    @invariant()
    def never_more_logins_than_restarts_allow(self) -> None:
        assert self.logins <= 1 + self.policy.restarts

    @invariant()
    def the_newest_session_is_the_one_that_counts(self) -> None:
        if isinstance(self.state, AwaitingToken | Resuming):
            assert self.state.challenge.session == self.newest

    @invariant()
    def what_the_call_asked_for_is_known_to_the_end(self) -> None:
        if isinstance(self.state, Submitting | AwaitingToken | Resuming):
            assert self.state.update_digest == DIGEST


# Ten times the profile's number: 3,000 walks in CI, and 20,000 when asked for.
Dialogue.TestCase.settings = settings(stateful_step_count=20, max_examples=10 * settings().max_examples)
TestDialogue = Dialogue.TestCase
