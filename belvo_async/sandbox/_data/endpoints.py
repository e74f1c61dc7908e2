"""The endpoints of data: retrieve, resume, list, show, delete."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import TypeAlias

from attrs import evolve

from belvo_async._http import Response
from belvo_async.sandbox._bank import Bank
from belvo_async.sandbox._calls import Call, Outcome, SandboxLogin, SandboxReply
from belvo_async.sandbox._data.builders import build_history, build_records
from belvo_async.sandbox._data.described import describe
from belvo_async.sandbox._data.filters import read_record_filters
from belvo_async.sandbox._data.oddities import make_odd
from belvo_async.sandbox._data.records import Fields, StoredRecord
from belvo_async.sandbox._data.requests import RetrievalRequest, find_form, read_retrieval, selects
from belvo_async.sandbox._data.resources import RESOURCES, ServedData
from belvo_async.sandbox._forms import Form
from belvo_async.sandbox._link_records import UNUSABLE
from belvo_async.sandbox._links import StoredLink
from belvo_async.sandbox._login_endpoints import find_session
from belvo_async.sandbox._logins import Attempt, begin
from belvo_async.sandbox._pages import build_page, project
from belvo_async.sandbox._problems import NOT_FOUND, Problem, RefusedError, missing
from belvo_async.sandbox._rate_limit import DeletionLimit
from belvo_async.sandbox._responses import answer_json
from belvo_async.sandbox._sessions import Session
from belvo_async.sandbox._webhooks import retrieval_event

Handler: TypeAlias = Callable[[Call, str], Outcome]


def build_table(bank: Bank, find_origin: Callable[[], str]) -> dict[str, dict[str, Handler]]:
    """Return the handlers of every data resource, by path and method."""
    table: dict[str, dict[str, Handler]] = {}
    for resource in RESOURCES:
        endpoints = DataEndpoints(bank, resource, find_origin)
        table[resource.collection] = endpoints.collection_methods()
        table[f"{resource.collection}{{id}}/"] = endpoints.record_methods()
        if resource.path == "br/exchanges":
            table[f"{resource.collection}{{id}}/history/"] = {"GET": endpoints.list_history}
    return table


class DataEndpoints:
    """The endpoints of one resource."""

    def __init__(self, bank: Bank, resource: ServedData, find_origin: Callable[[], str]) -> None:
        self._bank = bank
        self._resource = resource
        self._find_origin = find_origin
        self._limit = DeletionLimit(bank.options.delete_limit)

    def collection_methods(self) -> dict[str, Handler]:
        """Return what the collection answers to."""
        methods: dict[str, Handler] = {"GET": lambda call, _id: self.list_records(call)}
        if self._resource.takes:
            methods["POST"] = lambda call, _id: self.retrieve(call)
        if self._resource.can_resume:
            methods["PATCH"] = lambda call, _id: self.resume(call)
        return methods

    def record_methods(self) -> dict[str, Handler]:
        """Return what one record answers to."""
        methods: dict[str, Handler] = {"GET": self.show}
        if self._resource.is_removable:
            methods["DELETE"] = self.delete
        return methods

    def retrieve(self, call: Call) -> Outcome:
        """POST: log in, and answer what the bank has."""
        retrieval = read_retrieval(Form(call.data), self._resource)
        link = self._bank.links.get(retrieval.link_id)
        if link is None:
            message = f"Object with id={retrieval.link_id} does not exist."
            raise RefusedError(400, Problem("does_not_exist", message, "link"))
        if link.status in UNUSABLE:
            raise RefusedError(400, UNUSABLE[link.status])
        return self._log_in(call, link, retrieval, None)

    def resume(self, call: Call) -> Outcome:
        """PATCH: answer the challenge that a POST of this resource has met."""
        form = Form(call.data)
        session_id, link_id = form.text("session", required=True), form.text("link", required=True)
        token, saves = form.text("token"), form.flag("save_data")
        form.finish()
        link = self._bank.find_link(link_id or "")
        session = find_session(
            self._bank, self._resource.collection, link.id, session_id or "", token, call.at
        )
        asked: RetrievalRequest = session.request
        return self._log_in(call, link, evolve(asked, saves=saves, token=token), session)

    def _log_in(
        self, call: Call, link: StoredLink, retrieval: RetrievalRequest, session: Session | None
    ) -> Outcome:
        is_async = session is None and call.is_async and self._resource.is_async
        query = {} if is_async else dict(call.request.query)
        attempt = Attempt(
            link=link,
            token=retrieval.token,
            session=session,
            success=201 if retrieval.saves else 200,
            collection=self._resource.collection,
            request=retrieval,
            show=partial(self._answer, query, retrieval, as_list=session is not None),
            meets_mfa=self._resource.meets_mfa,
        )
        login = begin(self._bank, attempt, call.at)
        if is_async and isinstance(login, SandboxLogin):
            return self._answer_early(link, login)
        return login

    def _answer_early(self, link: StoredLink, login: SandboxLogin) -> SandboxLogin:
        request_id = self._bank.ids.hex32()
        early = SandboxReply(
            response=answer_json(202, {"request_id": request_id}), login=True, link_id=link.id
        )
        return evolve(login, early=early, settle=partial(self._announce, login.settle, link, request_id))

    def _announce(
        self, settle: Callable[[datetime], SandboxReply], link: StoredLink, request_id: str, at: datetime
    ) -> SandboxReply:
        """Settle a login, and tell of data by a webhook; that a challenge turns the link is our choice."""
        reply = settle(at)
        if reply.response.status == 428:
            self._bank.demand_token(link.id)
        elif reply.response.status < 300:
            name = self._resource.path.rpartition("/")[2].replace("-", "_")
            totals = _count_totals(name, json.loads(reply.response.body))
            self._bank.emit(retrieval_event(link, name, request_id, totals, self._bank.ids))
        return reply

    def _answer(
        self,
        query: dict[str, str],
        retrieval: RetrievalRequest,
        link: StoredLink,
        at: datetime,
        *,
        as_list: bool,
    ) -> object:
        found = [
            fields
            for fields in build_records(self._resource, link, at, find_form(retrieval))
            if selects(retrieval, fields, self._resource.dated)
        ]
        if link.person.oddity is not None:
            found = make_odd(link.person.oddity, found)
        if retrieval.saves:
            self._bank.records.save(self._resource.path, link.id, found)
        shown = [project(fields, query) for fields in found]
        return shown[0] if self._resource.posts_one and shown and not as_list else shown

    def list_records(self, call: Call) -> Outcome:
        """GET of the collection."""
        query = call.request.query
        needed = self._resource.needed_filter
        if needed is not None and needed not in dict(query):
            raise RefusedError(400, missing(needed))
        tests = read_record_filters(query, describe(self._resource.path)["filters"].split())
        found = [record for record in self._all(call.at) if all(test(record) for test in tests)]
        return self._answer_page(call, found)

    def _answer_page(self, call: Call, records: Sequence[StoredRecord]) -> SandboxReply:
        page = build_page(
            records, lambda record: record.fields, call.request, self._find_origin(), self._bank.options
        )
        return SandboxReply(response=answer_json(200, page))

    def show(self, call: Call, record_id: str) -> SandboxReply:
        """GET of one record."""
        shown: object = project(self._find(record_id, call.at).fields, dict(call.request.query))
        return SandboxReply(response=answer_json(200, [shown] if self._resource.shows_array else shown))

    def delete(self, call: Call, record_id: str) -> SandboxReply:
        """DELETE of one record."""
        self._find(record_id, call.at)
        if self._resource.deletes_slowly:
            self._limit.count(call.at)
        self._bank.records.remove(self._resource.path, record_id)
        return SandboxReply(response=Response(status=204))

    def list_history(self, call: Call, record_id: str) -> SandboxReply:
        """GET of the events of an exchange."""
        record = self._find(record_id, call.at)
        events = build_history(self._bank.links[record.link_id], record.fields, call.at)
        return self._answer_page(call, [StoredRecord(record.link_id, event) for event in events])

    def _all(self, at: datetime) -> list[StoredRecord]:
        """Return what there is: what retrievals have stored, and of each link what is not retrieved."""
        if self._resource.takes:
            return self._bank.records.list(self._resource.path)
        return [
            StoredRecord(link.id, fields)
            for link in self._bank.links.values()
            for fields in build_records(self._resource, link, at)
        ]

    def _find(self, record_id: str, at: datetime) -> StoredRecord:
        if self._resource.takes:
            record = self._bank.records.find(self._resource.path, record_id)
        else:
            record = next((each for each in self._all(at) if each.id == record_id), None)
        if record is None:
            raise RefusedError(404, NOT_FOUND)
        return record


def _count_totals(name: str, found: list[Fields]) -> Fields:
    """Return what a webhook tells of the records that were found."""
    totals: Fields = {f"total_{name}": len(found)}
    if name == "transactions":
        days = [str(fields["value_date"]) for fields in found]
        inflow = sum(fields["type"] == "INFLOW" for fields in found)
        totals |= {
            "total_inflow_transactions": inflow,
            "total_outflow_transactions": len(found) - inflow,
            "first_transaction_date": min(days, default=None),
            "last_transaction_date": max(days, default=None),
        }
    return totals
