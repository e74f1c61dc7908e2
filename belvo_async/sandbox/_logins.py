"""The dialogue of a login: refused, challenged, or done."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final

from attrs import evolve, field, frozen

from belvo_async.sandbox._bank import Bank
from belvo_async.sandbox._calls import Outcome, SandboxLogin, SandboxReply
from belvo_async.sandbox._faults import Fault, FaultKind
from belvo_async.sandbox._links import StoredLink
from belvo_async.sandbox._problems import NOT_FOUND, TOO_MANY_SESSIONS, Problem
from belvo_async.sandbox._responses import answer_challenge, answer_json, answer_page, answer_problems
from belvo_async.sandbox._sessions import Session, end_of
from belvo_async.sandbox._test_users import RIGHT_TOKEN, Prompt, Trouble, find_refusal

LINKS: Final = "/api/links/"


def _show_link(link: StoredLink, _at: datetime) -> object:
    return link.public()


@frozen(kw_only=True)
class Attempt:
    """One login that a request asks for."""

    link: StoredLink
    credentials: Mapping[str, str] = field(factory=dict, repr=False)
    """What is stored if it succeeds."""
    token: str | None = field(default=None, repr=False)
    session: Session | None = None
    """The session that it resumes."""
    success: int = 200
    """The status of a good answer."""
    registers: bool = False
    """Whether the link is new."""
    collection: str = LINKS
    """The collection that takes the token, if one is asked for."""
    request: Any = field(default=None, repr=False)
    """What is asked of that collection."""
    show: Callable[[StoredLink, datetime], object] = _show_link
    """What a good answer holds."""
    meets_mfa: bool = True
    """Whether the user's prompts are put at all."""

    @property
    def key(self) -> str:
        """What no two logins may share at one time: the link, or the user of a link that is new."""
        return self.link.institution_user_id if self.registers else self.link.id

    @property
    def prompts(self) -> tuple[Prompt, ...]:
        """What the user is asked in the course of this login."""
        return self.link.person.prompts if self.meets_mfa else ()

    @property
    def step(self) -> int:
        """Which of the user's prompts is open."""
        return 0 if self.session is None else self.session.step


def begin(bank: Bank, attempt: Attempt, at: datetime) -> Outcome:
    """Bring a login to the bank."""
    link, options = attempt.link, bank.options
    trouble = _find_trouble(bank, attempt)
    if trouble is not None and not trouble.reaches_bank:
        return _answer_trouble(bank, trouble)
    bank.note_login(link.id, attempt.token)
    if attempt.key in bank.in_flight:
        bank.overlaps += 1
        return _refuse(bank, link, 400, TOO_MANY_SESSIONS)
    if options.waiting_session_blocks and attempt.session is None and bank.sessions.has_waiting(link.id, at):
        return _refuse(bank, link, 400, TOO_MANY_SESSIONS)
    bank.in_flight.add(attempt.key)
    seconds = options.login_seconds + (options.slow_seconds if link.person.is_slow else 0.0)
    return SandboxLogin(seconds=seconds, settle=partial(_settle, bank, attempt))


def _settle(bank: Bank, attempt: Attempt, at: datetime) -> SandboxReply:
    bank.in_flight.discard(attempt.key)
    link = attempt.link
    if not attempt.registers and link.id not in bank.links:
        return _refuse(bank, link, 404, NOT_FOUND)
    refusal = find_refusal(link.person, _credentials_of(attempt))
    if refusal is not None:
        bank.note_refusal(link)
        return _refuse(bank, link, 400, refusal)
    trouble = _find_trouble(bank, attempt)
    if trouble is not None:
        bank.stumbles[attempt.key] += 1
        return evolve(_answer_trouble(bank, trouble), login=True, link_id=link.id)
    step = attempt.step + _is_prompt_met(attempt)
    if step < len(attempt.prompts):
        return _challenge(bank, attempt, step, at)
    return _accept(bank, attempt, at)


def _credentials_of(attempt: Attempt) -> Mapping[str, str]:
    pending: Mapping[str, str] = {} if attempt.session is None else attempt.session.credentials
    return {**attempt.link.credentials, **pending, **attempt.credentials}


def _find_trouble(bank: Bank, attempt: Attempt) -> Trouble | None:
    trouble = attempt.link.person.trouble
    if trouble is None or trouble.lasts == "always":
        return trouble
    limit: int = getattr(bank.options, trouble.lasts)
    return trouble if bank.stumbles[attempt.key] < limit else None


def _answer_trouble(bank: Bank, trouble: Trouble) -> SandboxReply:
    if trouble.html:
        return SandboxReply(response=answer_page(trouble.status))
    return SandboxReply(response=answer_problems(trouble.status, bank.ids.hex32(), [trouble.problem]))


def _refuse(bank: Bank, link: StoredLink, status: int, problem: Problem) -> SandboxReply:
    response = answer_problems(status, bank.ids.hex32(), [problem])
    return SandboxReply(response=response, login=True, link_id=link.id)


def _is_prompt_met(attempt: Attempt) -> bool:
    prompts = attempt.prompts
    if attempt.step >= len(prompts):
        return False
    confirmed_elsewhere = attempt.session is not None and not prompts[attempt.step].expects_input
    return attempt.token == RIGHT_TOKEN or confirmed_elsewhere


def _challenge(bank: Bank, attempt: Attempt, step: int, at: datetime) -> SandboxReply:
    link, options = attempt.link, bank.options
    asks_again = attempt.session is not None and step == attempt.step
    keeps_id = asks_again and not options.new_session_on_wrong_token
    expiry = options.short_expiry if link.person.expiry == "short" else options.expiry
    session = Session(
        id=attempt.session.id if attempt.session is not None and keeps_id else bank.ids.hex32(),
        link_id=link.id,
        step=step,
        credentials=_credentials_of(attempt),
        collection=attempt.collection,
        request=attempt.request,
        expiry=expiry,
        ends_at=at if link.person.expiry == "at_once" else end_of(expiry, at),
    )
    if attempt.registers:
        bank.store(link)
    bank.sessions.open(session)
    response = answer_challenge(session, attempt.prompts[step], bank.ids.hex32(), options)
    return SandboxReply(response=response, login=True, link_id=link.id)


def _accept(bank: Bank, attempt: Attempt, at: datetime) -> SandboxReply:
    link = attempt.link
    link.accept(_credentials_of(attempt), at)
    bank.sessions.drop(link.id)
    bank.store(link)
    response = answer_json(attempt.success, attempt.show(link, at))
    fault = Fault(kind=FaultKind.RESET_AFTER) if link.person.loses_reply else None
    return SandboxReply(response=response, login=True, link_id=link.id, fault=fault)
