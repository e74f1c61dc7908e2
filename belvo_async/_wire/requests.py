"""The calls of the API, as requests."""

from collections.abc import Mapping
from typing import Final, TypeVar
from urllib.parse import parse_qsl, urlsplit

from attrs import fields

from belvo_async._http import Repeat, Request
from belvo_async._wire.json import dump_json
from belvo_async.errors import UnreadableResponseError
from belvo_async.mfa import Resuming
from belvo_async.models import Page
from belvo_async.params import LinkChanges, LinkRegistration, LinkUpdate
from belvo_async.params._updates import UPDATE_FIELDS

T = TypeVar("T")

LINKS: Final = "/api/links/"
_ASYNC_MODE: Final = (("X-Belvo-Request-Mode", "async"),)
_REGISTRATION_FIELDS: Final = tuple(attribute.name for attribute in fields(LinkRegistration))
_CHANGE_FIELDS: Final = tuple(attribute.name for attribute in fields(LinkChanges))
_SECRET_FIELDS: Final = frozenset(
    {
        "username",
        "username2",
        "username3",
        "password",
        "password2",
        "token",
        "encryption_key",
        "certificate",
        "private_key",
    }
)


def _collect(source: object, names: tuple[str, ...]) -> dict[str, object]:
    return {name: value for name in names if (value := getattr(source, name)) is not None}


def _find_secrets(body: Mapping[str, object]) -> tuple[str, ...]:
    return tuple(
        value for name, value in body.items() if name in _SECRET_FIELDS and isinstance(value, str) and value
    )


def _find_repeat(body: Mapping[str, object], answer: Resuming | None) -> Repeat:
    # A token works once, also when it was made beforehand.
    return Repeat.LOGIN if answer is None and "token" not in body else Repeat.TOKEN


def build_update(update: LinkUpdate, answer: Resuming | None = None) -> Request:
    """Build the PUT of an update; with an answer to a challenge, the PUT that resumes it."""
    body = _collect(update, UPDATE_FIELDS)
    if answer is not None:
        body.pop("token", None)  # the one that was sent up front
        body["session"] = answer.challenge.session
        if answer.token is not None:
            body["token"] = answer.token
    return Request(
        method="PUT",
        path=f"{LINKS}{update.link_id}/",
        body=dump_json(body),
        repeat=_find_repeat(body, answer),
        link_id=update.link_id,
        institution=update.institution,
        is_urgent=answer is not None,
        deadline=None if answer is None else answer.deadline,
        secrets=_find_secrets(body),
    )


def build_resume(answer: Resuming) -> Request:
    """Build the PATCH that answers a challenge, at the collection that raised it."""
    challenge, target = answer.challenge, answer.challenge.resume_target
    body: dict[str, object] = {"session": challenge.session, "link": challenge.link_id}
    if answer.token is not None:
        body["token"] = answer.token
    if target.save_data is not None:  # Belvo's default is to store
        body["save_data"] = target.save_data
    return Request(
        method="PATCH",
        path=target.collection,
        query=target.query,
        collection=target.collection,
        save_data=target.save_data,
        body=dump_json(body),
        repeat=Repeat.TOKEN,
        is_urgent=True,
        link_id=challenge.link_id,
        deadline=answer.deadline,
        secrets=_find_secrets(body),
    )


def build_registration(registration: LinkRegistration) -> Request:
    """Build the POST of a new link."""
    body = _collect(registration, _REGISTRATION_FIELDS)
    return Request(
        method="POST",
        path=LINKS,
        body=dump_json(body),
        repeat=_find_repeat(body, None),
        institution=registration.institution,
        secrets=_find_secrets(body),
    )


def build_changes(link_id: str, changes: LinkChanges) -> Request:
    """Build the PATCH that changes a link's data retrieval."""
    body = dump_json(_collect(changes, _CHANGE_FIELDS))
    return Request(
        method="PATCH", path=f"{LINKS}{link_id}/", body=body, repeat=Repeat.CHANGE, link_id=link_id
    )


def build_delete(link_id: str, *, in_background: bool) -> Request:
    """Build the DELETE of a link."""
    headers = _ASYNC_MODE if in_background else ()
    path = f"{LINKS}{link_id}/"
    return Request(
        method="DELETE",
        path=path,
        headers=headers,
        repeat=Repeat.CHANGE,
        link_id=link_id,
        is_limited_delete=not in_background,
    )


def build_refresh(link_id: str, resources: tuple[str, ...] | None) -> Request:
    """Build the POST that loads a link's history again."""
    body = dump_json({} if resources is None else {"fetch_resources": resources})
    path = f"{LINKS}{link_id}/refresh/"
    return Request(method="POST", path=path, body=body, repeat=Repeat.LOGIN, link_id=link_id)


def build_retrieval(
    collection: str,
    link_id: str,
    body: Mapping[str, object],
    query: tuple[tuple[str, str], ...],
    *,
    in_background: bool,
) -> Request:
    """Build the POST that retrieves data of a link from its institution.

    Args:
        collection: The path of the resource.
        link_id: The link.
        body: The options that go into the body.
        query: Which fields of a row are wanted.
        in_background: Whether Belvo shall respond at once.
    """
    save_data = body.get("save_data")
    return Request(
        method="POST",
        path=collection,
        query=query,
        headers=_ASYNC_MODE if in_background else (),
        body=dump_json({"link": link_id, **body}),
        repeat=_find_repeat(body, None),
        link_id=link_id,
        collection=collection,
        save_data=save_data if isinstance(save_data, bool) else None,
        secrets=_find_secrets(body),
    )


def build_item_read(collection: str, item_id: str) -> Request:
    """Build the GET of one row."""
    return Request(method="GET", path=f"{collection}{item_id}/")


def build_item_delete(collection: str, item_id: str) -> Request:
    """Build the DELETE of one row."""
    return Request(
        method="DELETE", path=f"{collection}{item_id}/", repeat=Repeat.CHANGE, is_limited_delete=True
    )


def build_link_read(link_id: str, *, is_urgent: bool = False, secrets: tuple[str, ...] = ()) -> Request:
    """Build the GET of one link; *secrets* are those of the login that it checks."""
    return Request(
        method="GET", path=f"{LINKS}{link_id}/", link_id=link_id, is_urgent=is_urgent, secrets=secrets
    )


def build_widget_token(options: Mapping[str, object], secret_id: str, secret_password: str) -> Request:
    """Build the POST of a widget token, which has the keys in its body alone (API reference)."""
    return Request(
        method="POST",
        path="/api/token/",
        body=dump_json({"id": secret_id, "password": secret_password, **options}),
        repeat=Repeat.CHANGE,
        has_keys_in_body=True,
    )


def build_page_read(path: str, query: tuple[tuple[str, str], ...]) -> Request:
    """Build the GET of one page."""
    return Request(method="GET", path=path, query=query)


def build_next_read(request: Request, page: Page[T]) -> Request | None:
    """Build the GET of the page after *page*, or None after the last.

    Only the query of `next` is used, so no answer can send the keys to another host.

    Raises:
        UnreadableResponseError: `next` leads to another resource, or back to the same page.
    """
    if page.next is None:
        return None
    try:
        parts = urlsplit(page.next)
        query = tuple(parse_qsl(parts.query, keep_blank_values=True))
    except ValueError:
        query, path = (), ""
    else:
        path = parts.path
    if not path.endswith(request.path) or not _leads_on(request.query, query):
        raise UnreadableResponseError(
            "The page's `next` does not lead on in this list.",
            remedy="Read single pages with .page(number).",
        )
    return build_page_read(request.path, query)


def _leads_on(query: tuple[tuple[str, str], ...], following: tuple[tuple[str, str], ...]) -> bool:
    """Whether a query leads to a later page, so that no list goes round in a circle."""
    page = dict(following).get("page")
    if page is None:
        return set(following) != set(query)
    return page.isascii() and page.isdigit() and len(page) < 10 and int(page) > _read_page(query)


def _read_page(query: tuple[tuple[str, str], ...]) -> int:
    page = dict(query).get("page", "1")
    return int(page) if page.isdigit() else 1
