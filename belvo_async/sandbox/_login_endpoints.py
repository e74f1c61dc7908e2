"""The endpoints that log in at a bank: register, update, resume."""

from collections.abc import Mapping
from datetime import datetime

from belvo_async.sandbox._bank import Bank
from belvo_async.sandbox._calls import Call, Outcome
from belvo_async.sandbox._forms import Form
from belvo_async.sandbox._logins import LINKS, Attempt, begin
from belvo_async.sandbox._problems import NOT_FOUND, SESSION_EXPIRED, Problem, RefusedError, missing
from belvo_async.sandbox._registration import SECRET_FIELDS, Registration, read_credentials, read_registration
from belvo_async.sandbox._sessions import Session


def register(bank: Bank, call: Call) -> Outcome:
    """POST /api/links/."""
    registration = read_registration(Form(call.data))
    name, username = registration.institution.name, registration.username
    twin = bank.find_twin(name, username)
    if twin is not None:
        extra = {"institution_user_id": twin.institution_user_id}
        raise RefusedError(400, Problem("duplicated", "Link already exists", extra=extra))
    return begin(bank, _first_attempt(bank, call, registration), call.at)


def _first_attempt(bank: Bank, call: Call, registration: Registration) -> Attempt:
    link = bank.make_link(registration.institution.name, registration.username, call.at)
    link.access_mode = registration.access_mode
    link.refresh_rate = "7d" if registration.access_mode == "recurrent" else None
    link.external_id = registration.external_id
    link.credentials_storage = registration.credentials_storage
    link.fetch_resources = registration.fetch_resources
    link.stale_in = registration.stale_in
    return Attempt(
        link=link, credentials=registration.credentials, token=registration.token, success=201, registers=True
    )


def update(bank: Bank, call: Call, link_id: str) -> Outcome:
    """PUT /api/links/{id}/.

    Three choices of ours: the credentials are not checked against the institution's form, the stored password
    is used where none is sent, and a link that is unconfirmed may be updated.
    """
    link = bank.find_link(link_id)
    form = Form(call.data)
    credentials, token, session_id = _read_update(form)
    if bank.options.accept_put_resume and session_id is not None:
        return _resume(bank, call, link_id, session_id, token, credentials)
    return begin(bank, Attempt(link=link, credentials=credentials, token=token), call.at)


def _read_update(form: Form) -> tuple[dict[str, str], str | None, str | None]:
    credentials = read_credentials(form, SECRET_FIELDS)
    token, session_id = form.text("token"), form.text("session")
    form.flag("save_data")
    if not (credentials or token or form.problems):
        form.problems.append(missing("password"))
    form.finish()
    return credentials, token, session_id


def resume(bank: Bank, call: Call) -> Outcome:
    """PATCH /api/links/."""
    form = Form(call.data)
    session_id, link_id = form.text("session", required=True), form.text("link", required=True)
    token = form.text("token")
    form.flag("save_data")
    form.finish()
    return _resume(bank, call, link_id or "", session_id or "", token, {})


def _resume(
    bank: Bank, call: Call, link_id: str, session_id: str, token: str | None, credentials: Mapping[str, str]
) -> Outcome:
    link = bank.find_link(link_id)
    session = find_session(bank, LINKS, link_id, session_id, token, call.at)
    return begin(
        bank,
        Attempt(
            link=link,
            credentials=credentials,
            token=token,
            session=session,
            success=bank.options.resume_status,
        ),
        call.at,
    )


def find_session(
    bank: Bank, collection: str, link_id: str, session_id: str, token: str | None, at: datetime
) -> Session:
    """Return the session that a PATCH of *collection* goes on with.

    That an unknown one and one of another collection is a 404, and another link's a 400, is our choice.

    Raises:
        RefusedError: There is none that this PATCH can go on with.
    """
    session = bank.sessions.find(session_id)
    if session is None or session.collection != collection:
        raise RefusedError(404, NOT_FOUND)
    if session.link_id != link_id:
        raise RefusedError(400, Problem("invalid", "The session belongs to another link.", "link"))
    if at >= session.ends_at:
        raise RefusedError(400, SESSION_EXPIRED)
    if token is None and _wants_token(bank, session):
        raise RefusedError(400, missing("token"))
    return session


def _wants_token(bank: Bank, session: Session) -> bool:
    return bank.links[session.link_id].person.prompts[session.step].expects_input
