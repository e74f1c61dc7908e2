"""The people of the demo: who has a link where, and how each of them answers a challenge."""

import asyncio
from enum import StrEnum
from random import Random
from typing import Final

from attrs import field, frozen

from belvo_async import Challenge, LinkRegistration, LinkUpdate

RIGHT: Final = "111111"
WRONG: Final = ("999999", "888888", "777777")


class Outcome(StrEnum):
    """What became of one link, in the order of the final table."""

    PLAIN = "updated, no challenge"
    NUMERIC = "updated, numeric challenge"
    QR = "updated, QR code"
    TEXT = "updated, question answered"
    INPUTLESS = "updated, confirmed on a device"
    WRONG_FIRST = "updated, wrong token first"
    TWO_STEPS = "updated, two steps"
    REPEATED = "updated, repeated as Belvo asks"
    SETTLED = "updated, reply lost and settled"
    TWICE = "updated twice, one by one"
    REFUSED = "refused by the bank"
    DECLINED = "declined by the person"
    EXPIRED = "challenge expired"
    GUESSED_OUT = "too many wrong tokens"
    OTHER = "ended otherwise"

    @property
    def is_update(self) -> bool:
        """Whether the link has its new credentials."""
        return self.value.startswith("updated")


class Manner(StrEnum):
    """How a person answers."""

    PROMPT = "prompt"
    WRONG_FIRST = "wrong first"
    ALWAYS_WRONG = "always wrong"
    DECLINES = "declines"
    LATE = "late"


@frozen(kw_only=True)
class Persona:
    """One kind of person."""

    username: str
    outcome: Outcome
    """How the story must end, or the demo has failed."""
    share: int
    """Of a hundred people."""
    institutions: tuple[str, ...]
    manner: Manner = Manner.PROMPT
    password: str = field(default="new_password", repr=False)
    is_new: bool = False
    """The link is registered first."""
    updates: int = 1
    """Updates asked for at once, as by somebody who clicks twice."""


_BANKS: Final = tuple(
    f"{bank}_{land}_retail" for bank in ("erebor", "gringotts") for land in ("mx", "co", "br")
)
_TOKEN_BANKS: Final = ("heimdall_mx_retail", "heimdall_co_retail", "heimdall_br_retail", "gotham_br_business")
_ALL: Final = (*_BANKS, *_TOKEN_BANKS)


def _persona(
    username: str,
    outcome: Outcome,
    share: int,
    institutions: tuple[str, ...] = _ALL,
    manner: Manner = Manner.PROMPT,
) -> Persona:
    return Persona(username=username, outcome=outcome, share=share, institutions=institutions, manner=manner)


PERSONAS: Final = (
    _persona("user_valid", Outcome.PLAIN, 24),
    Persona(username="new", outcome=Outcome.PLAIN, share=20, institutions=_BANKS, is_new=True),
    _persona("mfa_numeric", Outcome.NUMERIC, 10, _TOKEN_BANKS),
    _persona("mfa_qr", Outcome.QR, 8, _TOKEN_BANKS),
    _persona("x_mfa_text", Outcome.TEXT, 7),
    _persona("x_mfa_inputless", Outcome.INPUTLESS, 7),
    _persona("mfa_default", Outcome.INPUTLESS, 3, _TOKEN_BANKS),
    _persona("mfa_numeric", Outcome.WRONG_FIRST, 3, _TOKEN_BANKS, Manner.WRONG_FIRST),
    _persona("x_mfa_two_step", Outcome.TWO_STEPS, 4),
    _persona("x_too_many_sessions", Outcome.REPEATED, 2),
    _persona("x_unexpected_error", Outcome.REPEATED, 1),
    _persona("x_lost_reply", Outcome.SETTLED, 3),
    Persona(username="user_valid", outcome=Outcome.TWICE, share=2, institutions=_ALL, updates=2),
    Persona(
        username="user_valid",
        outcome=Outcome.REFUSED,
        share=2,
        institutions=_ALL,
        password="pass_invalid",  # noqa: S106 - a documented test value
    ),
    _persona("mfa_qr", Outcome.DECLINED, 1, _TOKEN_BANKS, Manner.DECLINES),
    _persona("x_mfa_short", Outcome.EXPIRED, 1, _ALL, Manner.LATE),
    _persona("x_mfa_expired", Outcome.EXPIRED, 1),
    _persona("mfa_numeric", Outcome.GUESSED_OUT, 1, _TOKEN_BANKS, Manner.ALWAYS_WRONG),
)


@frozen(kw_only=True)
class DemoCustomer:
    """One person with one link."""

    number: int
    persona: Persona
    institution: str
    think_seconds: float

    @property
    def username(self) -> str:
        """The name at the bank; a new link needs one that nobody has."""
        return f"new_{self.number}" if self.persona.is_new else self.persona.username

    def build_registration(self) -> LinkRegistration:
        """Build what registers a link that is new."""
        return LinkRegistration(
            institution=self.institution, username=self.username, password=self.persona.password
        )

    def build_update(self, link_id: str) -> LinkUpdate:
        """Build what updates the link."""
        return LinkUpdate(link_id, password=self.persona.password, institution=self.institution)

    async def answer(self, challenge: Challenge, rounds: int) -> str | None:
        """Think, then answer as this person does; *rounds* counts the answers given before."""
        manner = self.persona.manner
        patience = 4.0 if manner is Manner.LATE else 1.0
        await asyncio.sleep(self.think_seconds * patience)
        if manner is Manner.DECLINES or not challenge.expects_user_input:
            return None
        if manner is Manner.ALWAYS_WRONG or (manner is Manner.WRONG_FIRST and not rounds):
            return WRONG[min(rounds, len(WRONG) - 1)]
        return RIGHT


def gather_users(links: int, seed: int) -> tuple[DemoCustomer, ...]:
    """Draw so many customers: one of each kind first, then by their shares."""
    dice = Random(seed)  # noqa: S311 - a repeatable demo, nothing to protect
    drawn = dice.choices(PERSONAS, [persona.share for persona in PERSONAS], k=links)
    personas = [*PERSONAS, *drawn][:links]
    dice.shuffle(personas)
    return tuple(
        DemoCustomer(
            number=number,
            persona=persona,
            institution=dice.choice(persona.institutions),
            think_seconds=dice.uniform(0.5, 1.8),
        )
        for number, persona in enumerate(personas)
    )
