"""Reads the body that registers a link, and checks it against the institution's form."""

import re
from collections.abc import Mapping
from typing import Final

from attrs import field, frozen

from belvo_async.sandbox._filters import MODES
from belvo_async.sandbox._forms import Form
from belvo_async.sandbox._institutions import INSTITUTIONS, FormField, SandboxInstitution
from belvo_async.sandbox._problems import Problem, RefusedError, missing

SECRET_FIELDS: Final = (
    "password",
    "password2",
    "encryption_key",
    "username_type",
    "certificate",
    "private_key",
)
"""What is stored of a PUT body."""
MORE_NAMES: Final = ("username2", "username3")

EXTERNAL_ID: Final = r"[A-Za-z0-9_-]{3,256}"
STORAGE: Final = r"store|nostore|\d{1,3}d"
DAYS: Final = r"\d{1,3}d"


@frozen(kw_only=True)
class Registration:
    """What a client sends to create a link."""

    institution: SandboxInstitution
    username: str | None
    credentials: Mapping[str, str] = field(repr=False)
    token: str | None = field(repr=False)
    access_mode: str
    external_id: str | None
    credentials_storage: str
    fetch_resources: tuple[str, ...]
    stale_in: str | None


def read_credentials(form: Form, names: tuple[str, ...]) -> dict[str, str]:
    """Return those of the named fields that were sent; a certificate and its key come together."""
    found = {name: value for name in names if (value := form.text(name)) is not None}
    for one, other in (("certificate", "private_key"), ("private_key", "certificate")):
        if one in form and other not in form:
            form.problems.append(missing(other))
    return found


def read_registration(form: Form) -> Registration:
    """Return the registration.

    Raises:
        RefusedError: It is not one, or the credentials do not fit the institution.
    """
    institution = _read_institution(form)
    credentials = read_credentials(form, (*SECRET_FIELDS, *MORE_NAMES))
    username, token = form.text("username"), form.text("token")
    mode = form.choice("access_mode", MODES, "recurrent")
    storage = form.text("credentials_storage", pattern=STORAGE) or (
        "store" if mode == "recurrent" else "365d"
    )
    fetch = form.names("fetch_resources")
    external_id, stale_in = form.text("external_id", pattern=EXTERNAL_ID), form.text("stale_in", pattern=DAYS)
    _check_presence(form, institution)
    form.finish()
    _check_fit(institution, {**credentials, "username": username or ""})
    _check_storage(mode, storage, fetch)
    return Registration(
        institution=institution,
        username=username,
        credentials=credentials,
        token=token,
        access_mode=mode,
        external_id=external_id,
        credentials_storage=storage,
        fetch_resources=institution.resources if fetch is None else fetch,
        stale_in=stale_in,
    )


def _read_institution(form: Form) -> SandboxInstitution:
    name = form.text("institution", required=True) or ""
    form.finish()
    if name not in INSTITUTIONS:
        problem = Problem("does_not_exist", f"Object with name={name} does not exist.", "institution")
        raise RefusedError(400, problem)
    return INSTITUTIONS[name]


def _check_presence(form: Form, institution: SandboxInstitution) -> None:
    form.problems.extend(
        missing(wanted.name)
        for wanted in institution.form_fields
        if wanted.is_required and wanted.name not in form
    )


def _check_fit(institution: SandboxInstitution, credentials: Mapping[str, str]) -> None:
    unfit = [wanted for wanted in institution.form_fields if not _fits(wanted, credentials.get(wanted.name))]
    if unfit:
        raise RefusedError(
            400, *(Problem("validation_error", "Bad request", wanted.name) for wanted in unfit)
        )


def _fits(wanted: FormField, value: str | None) -> bool:
    # Our own test users have names that are longer than a bank of the sandbox allows.
    is_own = wanted.name == "username" and (value or "").startswith("x_")
    return value is None or is_own or re.fullmatch(wanted.validation, value) is not None


def _check_storage(mode: str, storage: str, fetch: tuple[str, ...] | None) -> None:
    if mode == "recurrent" and storage != "store":
        raise RefusedError(
            400, Problem("invalid_credentials_storage", "Recurrent links must store the credentials")
        )
    if storage == "nostore" and not fetch:
        raise RefusedError(
            400, Problem("invalid_fetch_resources", "Without storage, fetch_resources is needed")
        )
