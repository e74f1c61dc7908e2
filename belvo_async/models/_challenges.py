"""The MFA challenge: what one HTTP 428 says."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from itertools import islice
from typing import Final

from attrs import field, frozen

from belvo_async.models._enums import ChallengeKind
from belvo_async.models._pickles import reads_older
from belvo_async.models._pictures import Picture, find_picture, find_qr_content

_MOST_LINES: Final = 50
_LONGEST_LINE: Final = 500
_DEEPEST: Final = 8
_OWN_NAMES: Final = frozenset({"instructions", "value", "token_generation_data"})
"""Names on the wire that would tell a person nothing."""


@frozen(kw_only=True)
class TokenGenerationData:
    """What the person needs in order to make the token."""

    instructions: str = ""
    """Free text of the institution, for the person to read."""
    kind: ChallengeKind | None = None
    """The wire's `type`; None where Belvo does not say."""
    value: str | None = None
    """The challenge number, the content of a QR code, or the question."""
    expects_user_input: bool = True
    """False: nothing is typed, the person confirms elsewhere."""
    extra: Mapping[str, object] = field(factory=dict, eq=False, repr=False)
    """What has no place above, under its name on the wire: new keys, choices, forms nobody documented."""

    @property
    def extra_lines(self) -> tuple[str, ...]:
        """What `extra` says, line by line, for the person to read: show it below the instructions."""
        lines = (line for name, value in self.extra.items() for line in _write_lines(name, value))
        return tuple(islice(lines, _MOST_LINES))

    @property
    def has_choices(self) -> bool:
        """Whether `extra` holds a list or an object: nobody knows then which form a token has."""
        return any(isinstance(value, list | dict) for value in self.extra.values())


def _write_lines(name: str, value: object, depth: int = 0) -> Iterator[str]:
    label = "" if name in _OWN_NAMES else name
    if isinstance(value, dict) and depth < _DEEPEST:
        for key, inner in value.items():
            yield from _write_lines(f"{label} {key}".strip(), inner, depth + 1)
    elif isinstance(value, list) and depth < _DEEPEST:
        for inner in value:
            yield from _write_lines(label, inner, depth + 1)
    elif value is not None:
        text = _write_scalar(value)
        line = f"{label}: {text}" if label else text
        yield line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]} …"


def _write_scalar(value: object) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value) if isinstance(value, bool | int | float) else "…"


_RESUMABLE: Final = frozenset(
    {
        "/api/accounts/",
        "/api/incomes/",
        "/api/invoices/",
        "/api/links/",
        "/api/owners/",
        "/api/recurring-expenses/",
        "/api/risk-insights/",
        "/api/transactions/",
    }
)
"""The collections with a PATCH that takes a token (API reference)."""


@frozen(kw_only=True)
class ResumeTarget:
    """Where the token of a challenge goes, and what the call had asked for.

    (rule: Resume where it was asked)
    """

    collection: str = "/api/links/"
    """The path of the collection that raised the 428."""
    query: tuple[tuple[str, str], ...] = ()
    """What of each item the call wanted to see: `fields`, `omit`."""
    save_data: bool | None = None
    """Whether Belvo was to store what it retrieves; None where the call did not say."""

    @property
    def takes_token(self) -> bool:
        """Whether Belvo has a call there that takes a token: some collections ask for one, and have none."""
        return self.collection in _RESUMABLE


@reads_older(lambda fields: {"resume_target": ResumeTarget(), **fields})  # links alone could be resumed
@frozen(kw_only=True)
class Challenge:
    """One 428: the institution wants a token before it lets Belvo in."""

    session: str
    """Belvo's id of the waiting login."""
    link_id: str
    expiry: float | None = None
    """Seconds that the session lives from the 428 on; None where Belvo does not say."""
    token_generation_data: TokenGenerationData = field(factory=TokenGenerationData)
    message: str = ""
    request_id: str | None = None
    received_at: datetime = field(factory=lambda: datetime.fromtimestamp(0, UTC), eq=False)
    """When the 428 arrived, by the wall clock, in UTC."""
    resume_target: ResumeTarget = field(factory=ResumeTarget)
    extra: Mapping[str, object] = field(factory=dict, eq=False, repr=False)

    @property
    def kind(self) -> ChallengeKind | None:
        """How the token is made."""
        return self.token_generation_data.kind

    @property
    def instructions(self) -> str:
        """What the institution tells the person."""
        return self.token_generation_data.instructions

    @property
    def value(self) -> str | None:
        """The challenge number, QR content or question."""
        return self.token_generation_data.value

    @property
    def extra_lines(self) -> tuple[str, ...]:
        """What came in forms that this version does not know, such as choices, for the person to read."""
        return self.token_generation_data.extra_lines

    @property
    def picture(self) -> Picture | None:
        """The picture that the value is, where the bank has drawn the QR code itself."""
        return None if self.value is None else find_picture(self.value)

    @property
    def qr_content(self) -> str | None:
        """What to draw as a QR code; None for other kinds, and where the value is a picture or markup."""
        is_code = self.kind is ChallengeKind.QR and self.value is not None
        return find_qr_content(self.value or "") if is_code else None

    @property
    def expects_user_input(self) -> bool:
        """Whether a token must be sent; if not, the person only confirms."""
        return self.token_generation_data.expects_user_input


@frozen(kw_only=True)
class AwaitingToken:
    """A login waits for the token of a person. This state can be parked."""

    challenge: Challenge
    deadline: float
    """The last moment to send a token, in seconds of the monotonic clock of this process."""
    rounds: int = 0
    restarts: int = 0
    update_digest: str | None = field(default=None, repr=False)
    """A keyed digest of what the call asked for; None where nobody noted it."""


class ChallengePhase(StrEnum):
    """How far a parked challenge has come."""

    OPEN = "open"
    """Somebody may answer it."""
    CLAIMED = "claimed"
    """A call is about to answer it; nothing was sent yet. A claim that nobody uses lapses."""
    ANSWERED = "answered"
    """The answer has left, or was about to: it is never sent again."""
    UPDATED = "updated"
    """Its token was taken: the link is updated, or its data were retrieved."""
    REFUSED = "refused"
    """Belvo or the institution said no."""
    DECLINED = "declined"
    """The person will not answer."""
    EXPIRED = "expired"
    """Its time ran out."""
    UNSETTLED = "unsettled"
    """The answer has left, and the link does not show whether it succeeded."""
    SUPERSEDED = "superseded"
    """A newer challenge of the link was parked, another login of it succeeded, or the link was deleted."""

    @property
    def is_ongoing(self) -> bool:
        """Whether a challenge stored in this phase may wait for a token, or its token may be on the way."""
        return self in _ONGOING


_ONGOING: Final = frozenset({ChallengePhase.OPEN, ChallengePhase.CLAIMED, ChallengePhase.ANSWERED})


@frozen(kw_only=True)
class ParkedChallenge:
    """A challenge under its ticket."""

    ticket: str = field(repr=False)
    """The one key to it: whoever has it may answer."""
    challenge: Challenge
    phase: ChallengePhase
    expires_at: datetime
    """The last moment for an answer, in UTC."""
    parked_at: datetime
    """When it was parked first, in UTC."""
    attempts: int
    """Answers sent so far."""
    institution: str | None = None
    """Whose challenge it is, if whoever parked it said so."""
    reference: str | None = None
    """Whatever your application noted with it, such as its own id of the person."""
    answered_at: datetime | None = None
    """When the last answer left, by Belvo's clock."""
    code: str | None = None
    """Why it was refused: the error code, or the name of the error class.

    Of a superseded one `newer_challenge`, `link_updated`, `newer_login` or `link_deleted`."""
    message: str | None = None
    """The same in words."""

    @property
    def link_id(self) -> str:
        """The link that the login is for."""
        return self.challenge.link_id
