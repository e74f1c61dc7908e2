import json
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from belvo_async._http import Request
from belvo_async.sandbox._bank import Bank
from belvo_async.sandbox._calls import SandboxLogin, read_call
from belvo_async.sandbox._data.described import describe
from belvo_async.sandbox._data.resources import RESOURCES
from belvo_async.sandbox._ids import IdSource
from belvo_async.sandbox._options import SandboxOptions
from belvo_async.sandbox._routes import Routes
from belvo_async.sandbox._test_users import OWN_PEOPLE

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ATOMS = st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just("x_\ud800")
VALUES = st.recursive(ATOMS, lambda inner: st.lists(inner, max_size=2), max_leaves=4)
NAMES = st.sampled_from([
    "institution", "username", "password", "token", "session", "link", "certificate", "private_key",
    "access_mode", "fetch_resources", "external_id", "stale_in", "save_data", "id", "scopes",
])  # fmt: skip
LIKELY = st.fixed_dictionaries(
    {
        "institution": st.just("heimdall_mx_retail"),
        "username": st.sampled_from(sorted(OWN_PEOPLE)),
        "password": ATOMS,
    }
)
BODIES = LIKELY | st.dictionaries(NAMES, VALUES, max_size=5) | VALUES
PATHS = [
    "/api/links/",
    "/api/links/{id}/",
    "/api/links/{id}/refresh/",
    "/api/token/",
    "/api/institutions/",
    "/api/",
]

PEOPLE = sorted(OWN_PEOPLE)
COLLECTIONS = [resource.collection for resource in RESOURCES]
DATES = st.sampled_from(["2025-06-01", "2026-02-28", "2026-02-30", "9999-12-31", "0001-01-01"])
RETRIEVALS = st.fixed_dictionaries(
    {"date_from": DATES, "date_to": DATES, "type": st.sampled_from(["INFLOW", "monthly", "yearly", "x"])},
    optional={"year_from": st.just("2024"), "year_to": VALUES, "account": VALUES, "token": VALUES},
)
FILTERS = st.sampled_from(
    sorted({name for one in RESOURCES for name in describe(one.path)["filters"].split()})
)
ODD_VALUES = st.text(max_size=5) | st.sampled_from(
    ["NaN", "-Infinity", "1e999999999", "1,2", "2026-01-01", ","]
)


@given(
    method=st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE"]),
    path=st.sampled_from(PATHS),
    body=BODIES.map(json.dumps).map(str.encode) | st.binary(max_size=20),
    query=st.dictionaries(
        st.sampled_from(["page", "page_size", "status", "id", "fields"]), st.text(max_size=5)
    ),
)
def test_no_request_is_too_odd_for_an_answer(
    method: str, path: str, body: bytes, query: dict[str, str]
) -> None:
    bank = make_bank("ann")
    answer(bank, method, path.replace("{id}", next(iter(bank.links))), body, query)


@given(
    username=st.sampled_from(PEOPLE),
    path=st.sampled_from(COLLECTIONS),
    fields=RETRIEVALS,
    query=st.dictionaries(FILTERS, ODD_VALUES, max_size=2),
)
def test_no_retrieval_and_no_filter_is_too_odd_for_an_answer(
    username: str, path: str, fields: dict[str, object], query: dict[str, str]
) -> None:
    bank = make_bank(username)
    link_id = next(iter(bank.links))
    answer(bank, "POST", path, json.dumps({"link": link_id, **fields}).encode(), {})
    answer(bank, "GET", path, b"", {"link": link_id, "user_document": "1", **query})


def make_bank(username: str) -> Bank:
    bank = Bank(SandboxOptions(), IdSource(0), lambda _event: None)
    link = bank.make_link("erebor_mx_retail", username, NOW)
    link.status = "valid"
    bank.store(link)
    return bank


def answer(bank: Bank, method: str, path: str, body: bytes, query: dict[str, str]) -> None:
    request = Request(
        method=method,
        path=path,
        query=tuple(query.items()),
        headers=(("authorization", "Basic aWQ6cGFzc3dvcmQ="),),
        body=body,
    )
    outcome = Routes(bank, "id", "password").dispatch(read_call(request, NOW))
    reply = outcome.settle(NOW) if isinstance(outcome, SandboxLogin) else outcome
    assert 200 <= reply.response.status < 600
    assert not bank.in_flight
