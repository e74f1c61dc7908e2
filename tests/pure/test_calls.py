"""The calls that take no model, and the answers without one."""

import json

import pytest

from belvo_async._http import Repeat, Request, Response
from belvo_async._wire.requests import (
    build_delete,
    build_link_read,
    build_page_read,
    build_refresh,
    build_resume,
)
from belvo_async._wire.responses import read_acceptance
from belvo_async.mfa import Resuming
from belvo_async.models import AcceptedRequest
from tests.pure.bodies import (
    CHALLENGE,
    LINK_ID,
    OTHER_LINK_ID,
    READ_REQUEST,
    REQUEST_ID,
    answer,
    challenged,
)

PATH = f"/api/links/{LINK_ID}/"


def test_a_link_is_read_by_a_get() -> None:
    assert build_link_read(LINK_ID) == Request(method="GET", path=PATH, repeat=Repeat.READ, link_id=LINK_ID)


def test_a_page_is_read_by_a_get() -> None:
    assert build_page_read("/api/institutions/", (("page", "2"),)) == Request(
        method="GET", path="/api/institutions/", query=(("page", "2"),), repeat=Repeat.READ
    )


def test_a_delete_waits_for_its_end() -> None:
    assert build_delete(LINK_ID, in_background=False) == Request(
        method="DELETE", path=PATH, repeat=Repeat.CHANGE, link_id=LINK_ID, is_limited_delete=True
    )


def test_a_delete_in_the_background_says_so_in_its_header() -> None:
    assert build_delete(LINK_ID, in_background=True) == Request(
        method="DELETE",
        path=PATH,
        headers=(("X-Belvo-Request-Mode", "async"),),
        repeat=Repeat.CHANGE,
        link_id=LINK_ID,
    )


@pytest.mark.parametrize(
    ("resources", "body"), [(None, {}), (("OWNERS",), {"fetch_resources": ["OWNERS"]})], ids=["all", "some"]
)
def test_a_refresh_names_its_resources(resources: tuple[str, ...] | None, body: object) -> None:
    request = build_refresh(LINK_ID, resources)
    assert request.body is not None
    assert (request.method, request.path, request.repeat, json.loads(request.body)) == (
        "POST",
        f"{PATH}refresh/",
        Repeat.LOGIN,
        body,
    )


def test_a_token_goes_back_to_where_it_was_asked_for_with_what_the_call_had_wanted() -> None:
    asking = Request(
        method="POST",
        path="/api/accounts/",
        query=(("fields", "id,name"),),
        repeat=Repeat.LOGIN,
        link_id=LINK_ID,
        collection="/api/accounts/",
        save_data=False,
    )
    challenge = challenged([CHALLENGE], asking).challenge
    answering = build_resume(Resuming(challenge=challenge, token="1", deadline=9.0, rounds=1))
    assert (answering.method, answering.path, answering.query) == ("PATCH", asking.path, asking.query)
    assert json.loads(answering.body or b"") == {
        "session": challenge.session,
        "link": LINK_ID,
        "token": "1",
        "save_data": False,
    }
    again = challenged([CHALLENGE], answering).challenge
    assert again.resume_target == challenge.resume_target


@pytest.mark.parametrize(
    ("repeat", "is_login"),
    [(Repeat.READ, False), (Repeat.CHANGE, False), (Repeat.LOGIN, True), (Repeat.TOKEN, True)],
)
def test_a_bank_sees_logins_and_tokens_only(repeat: Repeat, is_login: bool) -> None:
    assert Request(method="PUT", path="/", repeat=repeat).is_login is is_login


@pytest.mark.parametrize("request_id", [REQUEST_ID, OTHER_LINK_ID])
def test_a_202_gives_the_id_that_the_webhook_will_carry(request_id: str) -> None:
    assert read_acceptance(answer(202, {"request_id": request_id}), READ_REQUEST) == AcceptedRequest(
        request_id=request_id
    )


@pytest.mark.parametrize("body", [b"", b"{}", b"<html>"])
def test_a_204_gives_nothing_whatever_its_body(body: bytes) -> None:
    assert read_acceptance(Response(status=204, body=body), READ_REQUEST) is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"null",
        b"5",
        b'"x"',
        b"[]",
        b"{}",
        b'{"request_id": null}',
        b"{",
    ],
    ids=repr,
)
def test_a_202_is_an_acceptance_also_without_an_id(body: bytes) -> None:
    assert read_acceptance(Response(status=202, body=body), READ_REQUEST) == AcceptedRequest(request_id=None)


@pytest.mark.parametrize("status", [200, 201, 202])
def test_an_id_counts_whatever_the_success(status: int) -> None:
    accepted = read_acceptance(answer(status, {"request_id": REQUEST_ID}), READ_REQUEST)
    assert accepted == AcceptedRequest(request_id=REQUEST_ID)


@pytest.mark.parametrize(
    ("status", "is_success"),
    [(199, False), (200, True), (202, True), (299, True), (300, False), (428, False)],
)
def test_any_2xx_is_a_success(status: int, is_success: bool) -> None:
    assert Response(status=status).is_success is is_success
