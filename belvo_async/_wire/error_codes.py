"""Which error class and which remedy each of Belvo's codes stands for (Belvo error article)."""

from typing import Final, TypeAlias

from belvo_async.errors import (
    AccessDeniedError,
    ActivationRequiredError,
    ApiError,
    AuthenticationError,
    DuplicatedLinkError,
    InstitutionUnavailableError,
    LinkStateError,
    LoginFailedError,
    NotFoundError,
    RateLimitedError,
    RequestInvalidError,
    RequestTimeoutError,
    ServerError,
    SessionExpiredError,
    TooManySessionsError,
    TryLaterError,
)

Meaning: TypeAlias = tuple[type[ApiError], str]

_FIX_REQUEST: Final[Meaning] = (
    RequestInvalidError,
    "Correct the request; repeating it as it is cannot help.",
)
_INSTITUTION: Final[Meaning] = (
    InstitutionUnavailableError,
    "Try again later, when the institution is up again.",
)
_SUPPORT: Final = "If it lasts, give the request id to Belvo's support."

_VALIDATION_CODES: Final = (
    "required",
    "null",
    "blank",
    "does_not_exist",
    "invalid",
    "invalid_choice",
    "not_a_list",
    "parse_error",
    "max_digits",
    "max_decimal_places",
    "min_value",
    "invalid_period",
    "invalid_credentials_storage",
    "invalid_fetch_resources",
    "unsupported_operation",
    "already_exists",
    "cancellation_error",
    "idempotency_key_invalid",
    "idempotency_key_conflict",
    "idempotency_payload_mismatch",
    "method_not_allowed",
)

MEANINGS: Final[dict[str, Meaning]] = {
    **dict.fromkeys(_VALIDATION_CODES, _FIX_REQUEST),
    "validation_error": (RequestInvalidError, "Compare the credentials with the institution's form_fields."),
    "login_error": (
        LoginFailedError,
        "Ask the end-user for the right credentials; do not repeat this login as it is.",
    ),
    "invalid_credentials": (
        LoginFailedError,
        "Correct the end-user's data; do not repeat this login as it is.",
    ),
    "too_many_sessions": (
        TooManySessionsError,
        "Wait two minutes, and let the end-user close other sessions at the institution.",
    ),
    "session_expired": (SessionExpiredError, "Start the login again, with the person at hand."),
    "session_expired_ob": (SessionExpiredError, "Open the widget again."),
    "invalid_link": (LinkStateError, "Update the link with the end-user's new credentials."),
    "unconfirmed_link": (
        LinkStateError,
        "Let the end-user finish the link's first challenge, or register it again.",
    ),
    "expired_credentials": (
        LinkStateError,
        "Ask the end-user to connect again: Belvo no longer holds the credentials.",
    ),
    "duplicated": (
        DuplicatedLinkError,
        "Find the existing link by its institution_user_id and update that one.",
    ),
    "institution_down": _INSTITUTION,
    "institution_unavailable": _INSTITUTION,
    "institution_inactive": _INSTITUTION,
    "activation_failed": (
        ActivationRequiredError,
        "Ask the end-user to activate web access at the institution.",
    ),
    "activation_required": (
        ActivationRequiredError,
        "Ask the end-user to activate web access at the institution.",
    ),
    "unavailable_data": (TryLaterError, "Try again later. " + _SUPPORT),
    "operational_limits_reached": (
        TryLaterError,
        "Wait until the month ends: the person's monthly limit at the institution is used up.",
    ),
    "link_refreshed": (TryLaterError, "Wait the minutes that the message names."),
    "authentication_failed": (
        AuthenticationError,
        "Check the secret id and password, and that they belong to this environment.",
    ),
    "consent_without_accounts": (
        AccessDeniedError,
        "Ask the end-user for a new consent that includes an account.",
    ),
    "access_to_resource_denied": (AccessDeniedError, "Ask Belvo to enable this resource for your keys."),
    "access_to_production_denied": (AccessDeniedError, "Ask Belvo to certify your account for production."),
    "permission_denied": (
        AccessDeniedError,
        "Try again later: the institution refused Belvo, or a quota is used up.",
    ),
    "forbidden_by_host": (
        AccessDeniedError,
        "Try again tomorrow: the institution limits logins per person and day.",
    ),
    "quota_limit_reached": (
        AccessDeniedError,
        "Delete links that you no longer need, or ask Belvo for a larger quota.",
    ),
    "not_found": (NotFoundError, "Check the id, and that it belongs to these keys and this environment."),
    "request_timeout": (RequestTimeoutError, "Ask for less, or try again later. " + _SUPPORT),
    "unexpected_error": (ServerError, "Try again later. " + _SUPPORT),
    "service_unavailable": (ServerError, "Try again later. " + _SUPPORT),
}

_STATUS_MEANINGS: Final[dict[int, Meaning]] = {
    401: MEANINGS["authentication_failed"],
    403: (AccessDeniedError, "Ask Belvo which permission is missing."),
    404: MEANINGS["not_found"],
    405: _FIX_REQUEST,
    408: MEANINGS["request_timeout"],
    409: (TryLaterError, "Read what the message says about the time to wait. " + _SUPPORT),
    413: _FIX_REQUEST,
    415: _FIX_REQUEST,
    422: _FIX_REQUEST,
    428: (
        ApiError,
        "Give the request id to Belvo's support: no way to send a token for this response is documented.",
    ),
    429: (RateLimitedError, "Send fewer requests at once, or ask Belvo for more."),
}
_REFERENCE: Final = "https://developers.belvo.com/docs/belvo-api-errors"
# A 400 may mean anything in Belvo's table, from a wrong field to a bank that is down: no class but the root.
_UNKNOWN: Final[Meaning] = (ApiError, f"Look the code up at {_REFERENCE}. {_SUPPORT}")


def is_belvos_own(code: str | None) -> bool:
    """Whether a code is one of Belvo's: a gateway's own code says nothing about the login behind it."""
    return code in MEANINGS


def find_meaning(code: str | None, status: int) -> Meaning:
    """Return the error class and the remedy for a code, or, where the code is new, for the status."""
    known = MEANINGS.get(code) if code else None
    if known is not None:
        return known
    if status >= 500:
        return MEANINGS["unexpected_error"]
    return _STATUS_MEANINGS.get(status, _UNKNOWN)
