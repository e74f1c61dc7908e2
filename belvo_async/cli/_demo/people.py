"""The people of the demo: what each of them meets at the bank, answers, and must come to."""

import asyncio
from random import Random
from typing import Final

from attrs import define, field, frozen

from belvo_async import BelvoError, Challenge, LinkUpdate
from belvo_async.bulk import NotUpdated, Outcome, Updated
from belvo_async.errors import (
    ChallengeDeclinedError,
    ChallengeExpiredError,
    LoginFailedError,
    SessionExpiredError,
    TooManyRoundsError,
)
from belvo_async.sandbox import Sandbox

_RIGHT: Final = "111111"
_WRONG: Final = ("999999", "888888", "777777")
_TOKEN_BANKS: Final = ("heimdall_mx_retail", "heimdall_co_retail", "heimdall_br_retail", "gotham_br_business")
_BANKS: Final = (
    *(f"{bank}_{land}_retail" for bank in ("erebor", "gringotts") for land in ("mx", "co", "br")),
    *_TOKEN_BANKS,
)


@frozen
class Story:
    """One kind of person."""

    username: str
    """Tells the sandbox what the bank does."""
    ending: str
    """What must become of the link."""
    share: int
    """Of a hundred people."""
    banks: tuple[str, ...] = _BANKS
    tokens: tuple[str | None, ...] = field(default=(_RIGHT,), kw_only=True)
    """What the person answers, challenge after challenge, the last one for the rest; None declines."""
    patience: float = field(default=1.0, kw_only=True)
    """How much longer than others the person thinks."""
    password: str = field(default="new_password", repr=False, kw_only=True)
    errors: tuple[type[BelvoError], ...] = field(default=(), kw_only=True)
    """How the update must fail; none where it must succeed."""


_EXPIRED: Final = (ChallengeExpiredError, SessionExpiredError)
STORIES: Final = (
    Story("user_valid", "updated, no challenge", 46),
    Story("mfa_numeric", "updated, numeric challenge", 10, _TOKEN_BANKS),
    Story("mfa_qr", "updated, QR code", 8, _TOKEN_BANKS),
    Story("x_mfa_text", "updated, question answered", 7),
    Story("x_mfa_inputless", "updated, confirmed on a device", 7),
    Story("mfa_default", "updated, confirmed on a device", 3, _TOKEN_BANKS),
    Story("mfa_numeric", "updated, wrong token first", 3, _TOKEN_BANKS, tokens=(_WRONG[0], _RIGHT)),
    Story("x_mfa_two_step", "updated, two steps", 4),
    Story("x_too_many_sessions", "updated, repeated as Belvo asks", 2),
    Story("x_unexpected_error", "updated, repeated as Belvo asks", 1),
    Story("x_lost_reply", "updated, reply lost and settled", 3),
    Story("user_valid", "refused by the bank", 2, password="pass_invalid", errors=(LoginFailedError,)),  # noqa: S106 - a documented test value
    Story(
        "mfa_qr", "declined by the person", 1, _TOKEN_BANKS, tokens=(None,), errors=(ChallengeDeclinedError,)
    ),
    Story("x_mfa_short", "challenge expired", 1, patience=4.0, errors=_EXPIRED),
    Story("x_mfa_expired", "challenge expired", 1, errors=_EXPIRED),
    Story(
        "mfa_numeric", "too many wrong tokens", 1, _TOKEN_BANKS, tokens=_WRONG, errors=(TooManyRoundsError,)
    ),
)


@define(kw_only=True)
class Person:
    """One person with one link."""

    story: Story
    bank: str
    think_seconds: float
    link_id: str = ""
    challenges: int = 0
    """How many challenges this person was shown."""
    is_asked: bool = False
    """Whether the last of them waits for the answer."""
    outcome: Outcome | None = None
    """How the update ended; None until it has."""

    @property
    def is_as_told(self) -> bool:
        """Whether the link ended as the story must."""
        match self.outcome:
            case Updated():
                return not self.story.errors
            case NotUpdated(error=error):
                return isinstance(error, self.story.errors)
            case _:
                return False

    def build_update(self) -> LinkUpdate:
        """Build what updates the link."""
        return LinkUpdate(self.link_id, password=self.story.password, institution=self.bank)

    async def answer(self, challenge: Challenge) -> str | None:
        """Think, then answer as this person does."""
        tokens = self.story.tokens
        token = tokens[min(self.challenges, len(tokens) - 1)]
        self.challenges += 1
        self.is_asked = True
        await asyncio.sleep(self.think_seconds * self.story.patience)
        self.is_asked = False
        return token if challenge.expects_user_input else None


def draw_people(links: int, seed: int) -> list[Person]:
    """Draw so many people: one of each kind first, then by their shares."""
    dice = Random(seed)  # noqa: S311 - a repeatable demo, nothing to protect
    drawn = dice.choices(STORIES, [story.share for story in STORIES], k=links)
    stories = [*STORIES, *drawn][:links]
    dice.shuffle(stories)
    return [
        Person(story=story, bank=dice.choice(story.banks), think_seconds=dice.uniform(0.5, 1.8))
        for story in stories
    ]


def add_links(sandbox: Sandbox, people: list[Person]) -> dict[str, Person]:
    """Put a link of each person into the bank; return the people by their links."""
    for person in people:
        person.link_id = sandbox.add_link(institution=person.bank, username=person.story.username)
    return {person.link_id: person for person in people}
