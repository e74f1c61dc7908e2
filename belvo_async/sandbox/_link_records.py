"""The endpoints that read and change links without a bank login: list, detail, modify, delete, refresh."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from belvo_async._http import Response
from belvo_async.sandbox._bank import Bank
from belvo_async.sandbox._calls import Call, SandboxReply
from belvo_async.sandbox._filters import LINK_FILTERS, MODES, read_filters
from belvo_async.sandbox._forms import Form
from belvo_async.sandbox._institutions import INSTITUTIONS
from belvo_async.sandbox._links import StoredLink
from belvo_async.sandbox._pages import build_page, project
from belvo_async.sandbox._problems import (
    EXPIRED_CREDENTIALS,
    INVALID_LINK,
    UNCONFIRMED_LINK,
    Problem,
    RefusedError,
)
from belvo_async.sandbox._rate_limit import DeletionLimit
from belvo_async.sandbox._registration import DAYS
from belvo_async.sandbox._responses import answer_json
from belvo_async.sandbox._webhooks import deletion_event

UNUSABLE: Final[Mapping[str, Problem]] = {"invalid": INVALID_LINK, "unconfirmed": UNCONFIRMED_LINK}


def list_links(bank: Bank, call: Call, origin: str) -> SandboxReply:
    """GET /api/links/."""
    tests = read_filters(call.request.query, LINK_FILTERS)
    links = [link for link in bank.links.values() if all(test(link) for test in tests)]
    page = build_page(links, StoredLink.public, call.request, origin, bank.options)
    return SandboxReply(response=answer_json(200, page))


def show_link(bank: Bank, call: Call, link_id: str) -> SandboxReply:
    """GET /api/links/{id}/."""
    link = bank.find_link(link_id)
    return SandboxReply(response=answer_json(200, project(link.public(), dict(call.request.query))))


def modify_link(bank: Bank, call: Call, link_id: str) -> SandboxReply:
    """PATCH /api/links/{id}/."""
    link = bank.find_link(link_id)
    form = Form(call.data)
    mode = form.choice("access_mode", MODES, link.access_mode)
    stale_in = form.text("stale_in", pattern=DAYS)
    fetch = form.names("fetch_resources")
    _check_resources(form, link, fetch)
    form.finish()
    if mode != link.access_mode:
        link.access_mode = mode
        link.refresh_rate = "7d" if mode == "recurrent" else None
        link.credentials_storage = "store" if mode == "recurrent" else "365d"
    link.stale_in = stale_in or link.stale_in
    link.fetch_resources = link.fetch_resources if fetch is None else fetch
    return SandboxReply(response=answer_json(200, link.public()))


def refresh_link(bank: Bank, call: Call, link_id: str) -> SandboxReply:
    """POST /api/links/{id}/refresh/."""
    link = bank.find_link(link_id)
    form = Form(call.data)
    _check_resources(form, link, form.names("fetch_resources"))
    form.finish()
    _check_refreshable(bank, link, call.at)
    link.refreshed_at = call.at
    return SandboxReply(response=answer_json(202, {"request_id": bank.ids.hex32()}))


def _check_resources(form: Form, link: StoredLink, names: tuple[str, ...] | None) -> None:
    supported = INSTITUTIONS[link.institution].resources
    if names is not None and not set(names) <= set(supported):
        message = f"Some resources are not supported. Supported are: {', '.join(supported)}."
        form.problems.append(Problem("invalid", message, "fetch_resources"))


def _check_refreshable(bank: Bank, link: StoredLink, at: datetime) -> None:
    problem = UNUSABLE.get(link.status)
    if problem is not None:
        raise RefusedError(400, problem)
    trouble = link.person.trouble
    if trouble is not None and trouble.problem is EXPIRED_CREDENTIALS:
        raise RefusedError(404, EXPIRED_CREDENTIALS)
    if link.refreshed_at is None:
        return
    left = bank.options.refresh_cooldown - (at - link.refreshed_at).total_seconds()
    if left > 0:
        message = (
            "The link has already been refreshed. "
            f"Please wait {max(1, round(left / 60))} minutes before trying again."
        )
        raise RefusedError(409, Problem("link_refreshed", message))


class Remover:
    """DELETE /api/links/{id}/: so many a minute, or without a limit in the asynchronous mode."""

    def __init__(self, bank: Bank) -> None:
        self._bank = bank
        self._limit = DeletionLimit(bank.options.delete_limit)

    def delete(self, call: Call, link_id: str) -> SandboxReply:
        """Delete a link at once; the asynchronous mode only adds the webhook."""
        bank = self._bank
        bank.find_link(link_id)
        if not call.is_async:
            self._limit.count(call.at)
            bank.remove(link_id)
            return SandboxReply(response=Response(status=204))
        request_id = bank.ids.uuid()
        bank.emit(deletion_event(bank.remove(link_id), request_id, bank.ids))
        return SandboxReply(response=answer_json(202, {"request_id": request_id}))
