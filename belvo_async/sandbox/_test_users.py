"""The test users: what the bank does when one of them logs in.

Belvo's own users come first. Those whose name begins with `x_` are our own inventions, for what Belvo's
sandbox cannot do; they work at every institution.
"""

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

from attrs import frozen

from belvo_async.sandbox._problems import EXPIRED_CREDENTIALS, LOGIN_ERROR, TOO_MANY_SESSIONS, Problem

RIGHT_TOKEN: Final = "111111"  # noqa: S105 - a documented test value
"""Belvo documents that 999999 asks again; that every other token does so too is our choice."""


@frozen(kw_only=True)
class Prompt:
    """One thing that a bank asks of the user during a login."""

    kind: str
    value: str | None
    instructions: str
    expects_input: bool = True


@frozen(kw_only=True)
class Trouble:
    """An error that a login runs into."""

    status: int
    problem: Problem
    lasts: Literal["always", "busy_answers", "error_answers"] = "always"
    """For good, or as often as that option says."""
    reaches_bank: bool = True
    html: bool = False


Oddity: TypeAlias = Literal["number", "null", "enum", "key", "date", "object"]


@frozen(kw_only=True)
class BankUser:
    """What happens when this user logs in."""

    prompts: tuple[Prompt, ...] = ()
    trouble: Trouble | None = None
    expiry: Literal["normal", "short", "at_once"] = "normal"
    is_slow: bool = False
    loses_reply: bool = False
    oddity: Oddity | None = None
    """What is odd about the first record of each retrieval."""


NUMERIC: Final = Prompt(kind="numeric", value="12345", instructions="Use this code to generate the token")
QR: Final = Prompt(
    kind="qr",
    value="belvo-sandbox:qr:12345",
    instructions="Scan the code with your bank's app to get a token",
)
TEXT: Final = Prompt(
    kind="text", value="What is the name of your first dog?", instructions="Answer the question of your bank"
)
INPUTLESS: Final = Prompt(
    kind="inputless", value=None, instructions="Confirm the login on your other device", expects_input=False
)
DEVICE_CODE: Final = Prompt(
    kind="inputless", value=None, instructions="Type the code that your other device shows"
)
UNKNOWN: Final = Prompt(kind="retina_scan", value="left", instructions="Look at the sensor")


def _locked(message: str) -> BankUser:
    return BankUser(trouble=Trouble(status=400, problem=Problem("login_error", message)))


ORDINARY: Final = BankUser()

MFA_PEOPLE: Final[Mapping[str, BankUser]] = {
    "mfa_default": BankUser(prompts=(DEVICE_CODE,)),
    "mfa_qr": BankUser(prompts=(QR,)),
    "mfa_numeric": BankUser(prompts=(NUMERIC,)),
}
"""Belvo's users, at institutions that ask for tokens."""

OWN_PEOPLE: Final[Mapping[str, BankUser]] = {
    "x_mfa_numeric": BankUser(prompts=(NUMERIC,)),
    "x_mfa_qr": BankUser(prompts=(QR,)),
    "x_mfa_text": BankUser(prompts=(TEXT,)),
    "x_mfa_inputless": BankUser(prompts=(INPUTLESS,)),
    "x_mfa_two_step": BankUser(prompts=(NUMERIC, TEXT)),
    "x_mfa_expired": BankUser(prompts=(NUMERIC,), expiry="at_once"),
    "x_mfa_short": BankUser(prompts=(NUMERIC,), expiry="short"),
    "x_mfa_unknown": BankUser(prompts=(UNKNOWN,)),
    "x_activation_required": BankUser(
        trouble=Trouble(
            status=428,
            problem=Problem("activation_required", "This user doesn't have web access activated yet."),
        )
    ),
    "x_institution_down": BankUser(
        trouble=Trouble(
            status=400,
            problem=Problem("institution_down", "The financial institution is down, try again later"),
        )
    ),
    "x_too_many_sessions": BankUser(
        trouble=Trouble(status=400, problem=TOO_MANY_SESSIONS, lasts="busy_answers")
    ),
    "x_unexpected_error": BankUser(
        trouble=Trouble(
            status=500,
            problem=Problem("unexpected_error", "Belvo is unable to process the request"),
            lasts="error_answers",
        )
    ),
    "x_timeout": BankUser(
        trouble=Trouble(status=408, problem=Problem("request_timeout", "The request took too long"))
    ),
    "x_lost_reply": BankUser(loses_reply=True),
    "x_html_403": BankUser(
        trouble=Trouble(status=403, problem=Problem("", ""), reaches_bank=False, html=True)
    ),
    "x_slow": BankUser(is_slow=True),
    "x_locked": _locked("The account is locked, contact the institution to unlock it"),
    "x_no_mfa_support": _locked(
        "A MFA token is required by the institution, but it's not supported yet by Belvo."
    ),
    "x_expired_credentials": BankUser(
        trouble=Trouble(status=404, problem=EXPIRED_CREDENTIALS, reaches_bank=False)
    ),
    "x_forbidden_by_host": BankUser(
        trouble=Trouble(
            status=403, problem=Problem("forbidden_by_host", "The institution refuses this user for today")
        )
    ),
    "x_odd_number": BankUser(oddity="number"),
    "x_odd_null": BankUser(oddity="null"),
    "x_odd_enum": BankUser(oddity="enum"),
    "x_odd_key": BankUser(oddity="key"),
    "x_odd_date": BankUser(oddity="date"),
    "x_odd_object": BankUser(oddity="object"),
}
"""Our inventions, at every institution."""

REFUSED: Final[Mapping[str, str]] = {
    "password": "pass_invalid",
    "password2": "invalid",
    "username2": "invalid",
    "username_type": "999",
}
"""Credentials that no bank of the sandbox takes. Every other pair is right."""


def find_user(username: str | None, *, asks_token: bool) -> BankUser:
    """Return what *username* does at an institution that does or does not ask for tokens."""
    own = OWN_PEOPLE.get(username or "")
    if own is not None:
        return own
    return MFA_PEOPLE.get(username or "", ORDINARY) if asks_token else ORDINARY


def check_username(username: str) -> None:
    """Refuse a name that is meant for a test user and is that of none.

    Raises:
        ValueError: Names those that there are.
    """
    known = (*MFA_PEOPLE, *OWN_PEOPLE)
    if username.startswith(("mfa_", "x_")) and username not in known:
        raise ValueError(f"{username!r} is no test user; there are {', '.join(known)}")


def find_refusal(person: BankUser, credentials: Mapping[str, str]) -> Problem | None:
    """Return why the bank refuses *credentials*, or None."""
    trouble = person.trouble
    if trouble is not None and trouble.problem.code == "login_error":
        return trouble.problem
    if any(credentials.get(name) == value for name, value in REFUSED.items()):
        return LOGIN_ERROR
    return None
