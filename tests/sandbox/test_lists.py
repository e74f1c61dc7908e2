import pytest

from belvo_async.sandbox import Sandbox, SandboxOptions

from .clients import Client
from .clocks import ManualClock


async def test_a_page_holds_ten_links_and_knows_its_neighbours(sandbox: Sandbox, client: Client) -> None:
    ids = [sandbox.add_link() for _ in range(25)]
    first = (await client.get("/api/links/", status__in="valid,invalid")).json
    assert (first["count"], len(first["results"]), first["previous"]) == (25, 10, None)
    assert first["next"] == f"{sandbox.url}/api/links/?status__in=valid,invalid&page=2"
    second = (await client.get(first["next"].removeprefix(sandbox.url))).json
    third = (await client.get(second["next"].removeprefix(sandbox.url))).json
    assert third["next"] is None
    assert third["previous"].endswith("&page=2")
    assert [link["id"] for page in (first, second, third) for link in page["results"]] == ids


async def test_an_explicit_page_size_holds_up_to_the_maximum() -> None:
    async with Sandbox(options=SandboxOptions(max_page_size=20)) as sandbox, Client(sandbox) as client:
        for _ in range(25):
            sandbox.add_link()
        for asked, given in (("15", 15), ("1000", 20), ("0", 10), ("many", 10), ("9" * 5000, 10)):
            page = (await client.get("/api/links/", page_size=asked)).json
            assert len(page["results"]) == given


@pytest.mark.parametrize("page", ["0", "2", "-1", "x"])
async def test_a_page_that_is_not_there_is_not_found(sandbox: Sandbox, client: Client, page: str) -> None:
    sandbox.add_link()
    assert (await client.get("/api/links/", page=page)).status == 404


async def test_an_empty_list_is_a_page(client: Client) -> None:
    assert (await client.get("/api/links/")).json == {
        "count": 0,
        "next": None,
        "previous": None,
        "results": [],
    }


async def test_fields_and_omit_project_the_answer(sandbox: Sandbox, client: Client) -> None:
    link_id = sandbox.add_link()
    page = (await client.get("/api/links/", fields="id,status", omit="status")).json
    assert page["results"] == [{"id": link_id}]
    shown = (await client.get(f"/api/links/{link_id}/", omit="id")).json
    assert "id" not in shown
    assert "status" in shown


async def test_a_link_looks_like_one_of_belvo(sandbox: Sandbox, client: Client) -> None:
    link_id = sandbox.add_link(external_id="user-1", access_mode="single")
    link = (await client.get(f"/api/links/{link_id}/")).json
    assert link.pop("created_by") == sandbox.links[link_id].created_by
    assert len(link.pop("institution_user_id")) == 44
    assert "ACCOUNTS" in link.pop("fetch_resources")
    assert link == {
        "id": link_id,
        "institution": "erebor_mx_retail",
        "access_mode": "single",
        "status": "valid",
        "refresh_rate": None,
        "last_accessed_at": "2026-02-28T12:00:00.000000Z",
        "external_id": "user-1",
        "created_at": "2026-03-01T12:00:00.000000Z",
        "credentials_storage": "365d",
        "stale_in": None,
    }


@pytest.fixture
async def three(sandbox: Sandbox, clock: ManualClock) -> list[str]:
    """Three links on three days, no two alike."""
    ids = [sandbox.add_link(external_id="one", username="ann")]
    clock.advance(86_400)
    ids.append(sandbox.add_link(institution="heimdall_mx_retail", status="invalid", access_mode="single"))
    clock.advance(86_400)
    ids.append(sandbox.add_link(institution="erebor_br_retail", status="unconfirmed", external_id="three"))
    return ids


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"id": "{0}"}, "0"),
        ({"id__in": "{0},{2}"}, "02"),
        ({"institution": "heimdall_mx_retail"}, "1"),
        ({"institution__in": "heimdall_mx_retail,erebor_br_retail"}, "12"),
        ({"access_mode": "recurrent"}, "02"),
        ({"created_at": "2026-03-02"}, "1"),
        ({"created_at__gt": "2026-03-02"}, "2"),
        ({"created_at__gte": "2026-03-02"}, "12"),
        ({"created_at__lt": "2026-03-02"}, "0"),
        ({"created_at__lte": "2026-03-02"}, "01"),
        ({"created_at__range": "2026-03-01,2026-03-02"}, "01"),
        ({"created_by__not_in": "{owner}"}, ""),
        ({"external_id": "one"}, "0"),
        ({"external_id__in": "one,three"}, "02"),
        ({"institution_user_id": "{user}"}, "0"),
        ({"institution_user_id__in": "{user}"}, "0"),
        ({"refresh_rate": "7d"}, "02"),
        ({"refresh_rate": "null"}, "1"),
        ({"status": "valid"}, "0"),
        ({"status__in": "invalid,unconfirmed"}, "12"),
        ({"status": "valid", "access_mode": "single"}, ""),
        ({"unheard_of": "x"}, "012"),
    ],
)
async def test_every_filter_filters(
    sandbox: Sandbox, client: Client, three: list[str], query: dict[str, str], found: str
) -> None:
    link = sandbox.links[three[0]]
    names = {"owner": link.created_by, "user": link.institution_user_id}
    page = (await client.get("/api/links/", **{k: v.format(*three, **names) for k, v in query.items()})).json
    assert [item["id"] for item in page["results"]] == [three[int(index)] for index in found]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"status": "good"}, "invalid_choice"),
        ({"access_mode": "often"}, "invalid_choice"),
        ({"id": "7"}, "invalid"),
        ({"created_at": "yesterday"}, "invalid"),
        ({"created_at__range": "2026-03-01"}, "invalid"),
    ],
)
async def test_a_filter_that_makes_no_sense_is_refused(
    client: Client, query: dict[str, str], code: str
) -> None:
    answer = await client.get("/api/links/", **query)
    assert answer.status == 400
    assert answer.fields == {next(iter(query)): code}
