"""What a webhook says, as values."""

from collections.abc import Mapping
from datetime import date
from typing import TypeAlias

from attrs import field, frozen

from belvo_async.models import AcceptedRequest
from belvo_async.models._enums import OpenEnum


class WebhookType(OpenEnum):
    """What a webhook is about (`webhook_type`)."""

    LINK = "LINK"
    ACCOUNTS = "ACCOUNTS"
    OWNERS = "OWNERS"
    TRANSACTIONS = "TRANSACTIONS"
    BILLS = "BILLS"
    INVESTMENTS = "INVESTMENTS"
    INVESTMENT_TRANSACTIONS = "INVESTMENT_TRANSACTIONS"
    INVOICES = "INVOICES"
    FINANCIAL_STATEMENTS = "FINANCIAL_STATEMENTS"
    EMPLOYMENT_RECORDS = "EMPLOYMENT_RECORDS"
    EMPLOYMENTS = "EMPLOYMENTS"
    EMPLOYMENT_METRICS = "EMPLOYMENT_METRICS"
    INCOMES = "INCOMES"
    RECURRING_EXPENSES = "RECURRING_EXPENSES"
    RISK_INSIGHTS = "RISK_INSIGHTS"
    CONSENT = "CONSENT"


class WebhookProcess(OpenEnum):
    """Why Belvo went to the institution (`process_type`)."""

    HISTORICAL_UPDATE = "historical_update"
    """The first retrieval after a link was registered or updated."""
    RECURRENT_UPDATE = "recurrent_update"
    """By itself, at the link's `refresh_rate`."""
    ASYNC_POST = "async_post"
    """A request that was accepted with 202."""


class WebhookCode(OpenEnum):
    """What has happened (`webhook_code`)."""

    INVALID_CREDENTIALS = "invalid_credentials"
    """The institution refuses the credentials of a link: update it with new ones."""
    TOKEN_REQUIRED = "token_required"  # noqa: S105 - an event, not a secret
    """The institution wants a token again: update the link while its user is at hand."""
    LINK_DELETED = "link_deleted"
    HISTORICAL_UPDATE = "historical_update"
    """The first data of a link are there."""
    NEW_ACCOUNTS_AVAILABLE = "new_accounts_available"
    NEW_OWNERS_AVAILABLE = "new_owners_available"
    NEW_TRANSACTIONS_AVAILABLE = "new_transactions_available"
    TRANSACTIONS_UPDATED = "transactions_updated"
    TRANSACTIONS_DELETED = "transactions_deleted"
    NEW_BILLS_AVAILABLE = "new_bills_available"
    NEW_INVESTMENTS_AVAILABLE = "new_investments_available"
    NEW_INVESTMENT_TRANSACTIONS_AVAILABLE = "new_investment_transactions_available"
    INITIAL_INFLOW_UPDATE = "initial_inflow_update"
    """The first 30 days of invoices whose money comes in."""
    INITIAL_OUTFLOW_UPDATE = "initial_outflow_update"
    """The first 30 days of invoices whose money goes out."""
    NEW_FINANCIAL_STATEMENTS_AVAILABLE = "new_financial_statements_available"
    EMPLOYMENT_CHANGES = "employment_changes"
    NEW_EMPLOYMENTS_AVAILABLE = "new_employments_available"
    CONSENT_ABOUT_TO_EXPIRE = "openfinance_consent_about_to_expire"
    CONSENT_EXPIRED = "openfinance_consent_expired"
    CONSENT_EXPIRATION_CHANGED = "openfinance_consent_expiration_changed"
    CONSENT_WITH_UNRECOVERABLE_RESOURCES = "openfinance_consent_with_unrecoverable_resources"
    CONSENT_WITH_TEMPORARILY_UNAVAILABLE_RESOURCES = (
        "openfinance_consent_with_temporarily_unavailable_resources"
    )


@frozen(kw_only=True)
class LinkNotice:
    """The data of a webhook about a link: what the institution has refused, where it has."""

    error_code: str | None = None
    """As an error of the API has it, e.g. `login_error`."""
    error_message: str | None = field(default=None, repr=False)
    status: int | None = None
    """The HTTP status that a request would have been answered with."""


@frozen(kw_only=True)
class ResourceNotice:
    """The data of a webhook about a resource: how much there is, or is new."""

    counts: Mapping[str, int] = field(factory=dict, repr=False)
    """All whole numbers by Belvo's keys, such as `total_transactions` or `new_accounts`."""
    employment_changes: tuple[str, ...] = field(default=(), repr=False)
    """What has changed in an employment, such as `EMPLOYED`."""
    first_transaction_date: date | None = field(default=None, repr=False)
    last_transaction_date: date | None = field(default=None, repr=False)


@frozen(kw_only=True)
class ConsentNotice:
    """The data of a webhook about a consent of Open Finance Brazil."""

    consent_id: str | None = field(default=None, repr=False)
    due_date: date | None = None
    """When the consent expires (`consent_due_date`)."""


Details: TypeAlias = LinkNotice | ResourceNotice | ConsentNotice


@frozen(kw_only=True)
class Webhook:
    """One event. It may come twice, late or out of order: take it as a hint to read, never as the data."""

    type: WebhookType
    code: WebhookCode
    process: WebhookProcess | None = None
    link_id: str | None = None
    request_id: str | None = None
    """As Belvo sent it, with hyphens: see `answers`. None where it leaves it out."""
    external_id: str | None = field(default=None, repr=False)
    """Your own id of the link's user."""
    webhook_id: str | None = None
    """Belvo does not say whether it is one for each event: tell repetitions by `key`."""
    details: Details | None = None
    """The data in the form of their type; None for a type that this version does not know.

    A value that is missing, or is none of its kind, is None there and stays in `data`."""
    data: Mapping[str, object] = field(factory=dict, repr=False)
    """All data, as Belvo sent them."""
    extra: Mapping[str, object] = field(factory=dict, repr=False)
    """Keys that have no attribute, or whose value has not its type."""
    key: str = field(default="", repr=False)
    """Equal for two deliveries of one event, whichever process they reach: a digest of all that it says.

    Keep it for an hour, not for ever: an event of next week may say the same."""

    def answers(self, accepted: AcceptedRequest) -> bool:
        """Tell whether this reports on a request that Belvo had accepted (202)."""
        if self.request_id is None or accepted.request_id is None:
            return False
        return _strip(self.request_id) == _strip(accepted.request_id)


def _strip(request_id: str) -> str:
    """Return an id without its hyphens: a 202 has none, its webhook has."""
    return request_id.replace("-", "").lower()
