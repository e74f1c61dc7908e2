"""From a call to its outcome: keys, paths, methods. Pure."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Final, TypeAlias
from urllib.parse import urlencode

from belvo_async._http import Response
from belvo_async.sandbox import _link_records as records
from belvo_async.sandbox import _login_endpoints as desk
from belvo_async.sandbox._bank import Bank
from belvo_async.sandbox._calls import Call, Outcome, SandboxReply
from belvo_async.sandbox._filters import INSTITUTION_FILTERS, read_filters
from belvo_async.sandbox._institutions import INSTITUTIONS, SandboxInstitution
from belvo_async.sandbox._pages import build_page
from belvo_async.sandbox._problems import AUTHENTICATION_FAILED, NOT_FOUND, Problem, RefusedError
from belvo_async.sandbox._responses import answer_json, answer_problems
from belvo_async.sandbox._widget import make_token

Handler: TypeAlias = Callable[[Call, str], Outcome]
"""Gets the call and the id in its path, which is empty for a collection."""

TOKEN_PATH: Final = "/api/token/"  # noqa: S105 - an address


class Routes:
    """All endpoints of one sandbox."""

    def __init__(self, bank: Bank, secret_id: str, secret_password: str) -> None:
        self.origin = ""
        """Scheme, host and port of the addresses in pages; known once the server is bound."""
        self._bank = bank
        self._keys = (secret_id, secret_password)
        self._authorization = f"Basic {b64encode(f'{secret_id}:{secret_password}'.encode()).decode()}"
        self._table = self._build_table()

    def dispatch(self, call: Call) -> Outcome:
        """Answer *call*, or begin the login that it asks for."""
        try:
            return self._find_handler(call)
        except RefusedError as refused:
            response = answer_problems(refused.status, self._bank.ids.hex32(), refused.problems)
            return SandboxReply(response=response)

    def _find_handler(self, call: Call) -> Outcome:
        path = call.request.path
        if not path.endswith("/") and self._find_methods(f"{path}/")[0]:
            return _redirect(call)
        if call.headers.get("authorization") != self._authorization and path != TOKEN_PATH:
            raise RefusedError(401, AUTHENTICATION_FAILED)
        methods, item_id = self._find_methods(path)
        if not methods:
            raise RefusedError(404, NOT_FOUND)
        handler = methods.get(call.request.method)
        if handler is None:
            message = f'Method "{call.request.method}" not allowed.'
            raise RefusedError(405, Problem("method_not_allowed", message))
        return handler(call, item_id)

    def _build_table(self) -> Mapping[str, Mapping[str, Handler]]:
        bank, remover = self._bank, records.Remover(self._bank)
        return {
            "/api/": {"GET": lambda _call, _id: self._show_root()},
            TOKEN_PATH: {"POST": lambda call, _id: make_token(bank, call, *self._keys)},
            "/api/institutions/": {"GET": lambda call, _id: self._list_institutions(call)},
            "/api/institutions/{id}/": {"GET": lambda _call, number: _show_institution(number)},
            "/api/links/": {
                "GET": lambda call, _id: records.list_links(bank, call, self.origin),
                "POST": lambda call, _id: desk.register(bank, call),
                "PATCH": lambda call, _id: desk.resume(bank, call),
            },
            "/api/links/{id}/": {
                "GET": lambda call, link_id: records.show_link(bank, call, link_id),
                "PUT": lambda call, link_id: desk.update(bank, call, link_id),
                "PATCH": lambda call, link_id: records.modify_link(bank, call, link_id),
                "DELETE": remover.delete,
            },
            "/api/links/{id}/refresh/": {
                "POST": lambda call, link_id: records.refresh_link(bank, call, link_id),
            },
        }

    @cached_property
    def _data_table(self) -> Mapping[str, Mapping[str, Handler]]:
        """The endpoints of data, imported when the first path that is not of links asks for them."""
        from belvo_async.sandbox._data.endpoints import build_table  # noqa: PLC0415 - so that it starts quickly

        return build_table(self._bank, lambda: self.origin)

    def _find_methods(self, path: str) -> tuple[Mapping[str, Handler], str]:
        """Return what *path* answers to, and the id in it; to nothing: there is no such path."""
        template, item_id = _match(path, self._table)
        if template:
            return self._table[template], item_id
        template, item_id = _match(path, self._data_table)
        return self._data_table.get(template, {}), item_id

    def _show_root(self) -> SandboxReply:
        """Answer the collections; Belvo does not document what this shows."""
        paths = ("/api/institutions/", "/api/links/", *(path for path in self._data_table if "{" not in path))
        shown = {path.removeprefix("/api/")[:-1]: f"{self.origin}{path}" for path in paths}
        return SandboxReply(response=answer_json(200, shown))

    def _list_institutions(self, call: Call) -> SandboxReply:
        tests = read_filters(call.request.query, INSTITUTION_FILTERS)
        found = [item for item in INSTITUTIONS.values() if all(test(item) for test in tests)]
        page = build_page(found, SandboxInstitution.public, call.request, self.origin, self._bank.options)
        return SandboxReply(response=answer_json(200, page))


def _redirect(call: Call) -> SandboxReply:
    """Point to the path with its last slash, as Belvo's framework does, whatever the method and the keys.

    A client that follows turns its POST into a GET on the way.
    """
    query = f"?{urlencode(call.request.query)}" if call.request.query else ""
    headers = {"location": f"{call.request.path}/{query}"}
    return SandboxReply(response=Response(status=301, headers=headers))


def _match(path: str, table: Mapping[str, object]) -> tuple[str, str]:
    """Return the template of *path* and the id in it."""
    if path in table:
        return path, ""
    parts = path.split("/")
    for index in range(3, len(parts) - 1):
        template = "/".join((*parts[:index], "{id}", *parts[index + 1 :]))
        if template in table:
            return template, parts[index]
    return "", ""


def _show_institution(number: str) -> SandboxReply:
    for institution in INSTITUTIONS.values():
        if str(institution.id) == number:
            return SandboxReply(response=answer_json(200, institution.public()))
    raise RefusedError(404, NOT_FOUND)
