"""`pool.request`: a call that has no method yet, within the same limits."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from attrs import frozen

from belvo_async._engine.exchange import Exchange
from belvo_async._engine.lifecycle import Lifecycle
from belvo_async._engine.logins import Logins
from belvo_async._http import Repeat, Request
from belvo_async._wire.data import read_value
from belvo_async._wire.json import dump_json
from belvo_async._wire.requests import LINKS
from belvo_async.errors import InvalidValueError
from belvo_async.models import Link
from belvo_async.params._checks import read_link_id
from belvo_async.params._filters import write_filters
from belvo_async.resources._login_calls import LoginCalls, check_call

_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")


@frozen(eq=False)
class RawRequests:
    """Sends any request of one account; see `Client.request`."""

    _exchange: Exchange
    _lifecycle: Lifecycle
    _logins: Logins
    _calls: LoginCalls

    async def send(
        self,
        method: str,
        path: str,
        *,
        json: object,
        params: Mapping[str, object],
        link_id: str | UUID | None,
        max_wait: float | None,
    ) -> object:
        """See `Client.request`."""
        check_call(None, "wait", max_wait=max_wait)
        request = _build(method, path, json, params, link_id, max_wait)
        if request.link_id is None or request.repeat is Repeat.READ:
            with self._lifecycle:
                return read_value(await self._exchange.fetch(request), request)
        wish = self._logins.send(
            "request", request, read=read_value, find=_find_nothing, max_wait=max_wait, is_shared=False
        )
        return await self._calls.run(wish, None, "wait")


def _build(
    method: str,
    path: str,
    json: object,
    params: Mapping[str, object],
    link_id: str | UUID | None,
    max_wait: float | None,
) -> Request:
    if method not in _METHODS:
        raise InvalidValueError.of(
            "method", "is none that Belvo takes", remedy=f"Pass one of {', '.join(_METHODS)}, in capitals."
        )
    is_read = method == "GET"
    _check_path(path, is_read=is_read)
    return Request(
        method=method,
        path=path,
        query=write_filters(params, frozenset(params)),
        body=None if json is None else dump_json(json),
        # A token works once, and nobody knows what else the request does.
        repeat=Repeat.READ if is_read else Repeat.TOKEN,
        link_id=_find_link(json, link_id),
        collection=path,
        max_wait=max_wait,
    )


def _check_path(path: object, *, is_read: bool) -> None:
    parts = path.split("/") if isinstance(path, str) else []
    is_path = len(parts) > 2 and parts[0] == parts[-1] == "" and all(map(_is_part, parts[1:-1]))
    if not is_path:
        raise InvalidValueError.of(
            "path",
            "is no path from the first slash to the last, of letters, digits, - and _",
            remedy='Pass one such as "/api/accounts/", and what follows a question mark as params.',
        )
    if not is_read and isinstance(path, str) and path.startswith(LINKS):
        raise InvalidValueError.of(
            "path",
            "is of links, whose logins are kept apart and never repeated by methods of their own",
            remedy="Use pool.links.",
        )


def _is_part(text: str) -> bool:
    return text != "" and text.isascii() and text.replace("-", "").replace("_", "").isalnum()


def _find_link(json: object, link_id: str | UUID | None) -> str | None:
    """Return the link that is logged in at: the one that is named, or that the body names."""
    named = json.get("link") if isinstance(json, Mapping) else None
    found = None if link_id is None else read_link_id(link_id)
    if named is None:
        return found
    in_body = read_link_id(named, "json.link")
    if found not in (None, in_body):
        raise InvalidValueError.of(
            "link_id", "is another link than that in the body", remedy="Leave it out.", link_id=found
        )
    return in_body


def _find_nothing(_link: Link, _sent_at: object) -> object:
    return None
