"""The MFA challenge: what one HTTP 428 says."""

from collections.abc import Mapping
from datetime import UTC, datetime

from attrs import field, frozen

from belvo_async._models._enums import ChallengeKind


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
    def expects_user_input(self) -> bool:
        """Whether a token must be sent; if not, the person only confirms."""
        return self.token_generation_data.expects_user_input
