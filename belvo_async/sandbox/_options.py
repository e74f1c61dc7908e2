"""How a sandbox behaves where Belvo's own behaviour varies, is switchable, or is not documented."""

from typing import Literal

from attrs import field, frozen


@frozen(kw_only=True)
class SandboxOptions:
    """The settings of one sandbox; the defaults follow Belvo's current specification."""

    secret_id: str | None = None
    """API key; None: made up from the seed."""
    secret_password: str | None = field(default=None, repr=False)
    """API secret; None: made up from the seed."""

    enforce_rate_limit: bool = False
    """Answer like Belvo's edge (an HTML 403) above the rate limit."""
    rate_limit_requests: int = 80
    rate_limit_window: float = 30.0
    """Seconds."""

    login_seconds: float = 0.0
    """How long one login at a bank takes, on the sandbox's clock."""
    slow_seconds: float = 5.0
    """How much longer it takes for the user `x_slow`."""
    failures_until_invalid: int = 6
    """After this many refused logins in a row a link becomes `invalid`."""
    waiting_session_blocks: bool = False
    """Refuse a new login while an MFA session waits; by default the new login replaces the session."""
    busy_answers: int = 1
    """How often `x_too_many_sessions` is refused before its login succeeds."""
    error_answers: int = 2
    """How often `x_unexpected_error` gets a 500 before its login succeeds."""

    expiry: int = 9600
    """Seconds that an MFA session lives."""
    short_expiry: int = 2
    """Seconds that an MFA session of `x_mfa_short` lives."""
    expiry_as_text: bool = False
    challenge_shape: Literal["array", "object", "legacy"] = "array"
    """`object`: the bare item; `legacy`: the body of 2020, without a code."""
    input_flag: Literal["expects_user_input", "expect_user_input", "missing"] = "expects_user_input"
    without_generation_data: bool = False
    qr_as_data_uri: bool = False
    """Give the QR challenge as a PNG in a data URI instead of the text that the code encodes."""
    resume_status: Literal[200, 201] = 200
    new_session_on_wrong_token: bool = False
    accept_put_resume: bool = False
    """Let a PUT that carries `session` and `token` resume, as PATCH does."""

    page_size: int = 10
    max_page_size: int = 1000
    delete_limit: int = 5
    """Synchronous deletions a minute: of links, of accounts, of transactions, and of employment records."""
    refresh_cooldown: float = 600.0
    """Seconds between two refreshes of one link."""

    webhook_url: str | None = None
    webhook_authorization: str | None = field(default=None, repr=False)
    """The whole value of the Authorization header that webhooks carry."""
    webhook_backoff: float = 1.0
    """The n-th repetition of a webhook waits n times this many seconds."""

    log_limit: int = 100_000
    """Requests that the log keeps; older ones are dropped."""
