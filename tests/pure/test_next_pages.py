"""The way from page to page stays on our own origin, whatever `next` says."""

import pytest
from hypothesis import given

from belvo_async._http import Repeat, Request
from belvo_async._wire.requests import build_next_read, build_page_read
from belvo_async.errors import UnreadableResponseError
from belvo_async.models import Page
from tests.pure.bodies import LINK_ID
from tests.pure.strategies import ANY_TEXT

FIRST = build_page_read("/api/links/", (("status__in", "invalid,token_required"), ("page_size", "2")))


def follow(address: str | None, request: Request = FIRST) -> Request | None:
    page: Page[object] = Page(results=(), next=address)
    return build_next_read(request, page)


def test_the_last_page_leads_nowhere() -> None:
    assert follow(None) is None


def test_the_query_of_next_is_the_query_of_the_next_read() -> None:
    address = "https://api.belvo.com/api/links/?page=2&page_size=2&status__in=invalid%2Ctoken_required"
    assert follow(address) == Request(
        method="GET",
        path="/api/links/",
        query=(("page", "2"), ("page_size", "2"), ("status__in", "invalid,token_required")),
        repeat=Repeat.READ,
    )


@pytest.mark.parametrize(
    "start",
    [
        "https://api.belvo.com",
        "http://api.belvo.com",
        "https://evil.example",
        "http://127.0.0.1:9999",
        "https://user:pass@evil.example",
        "//evil.example",
        "https://proxy.example/belvo",
        "javascript:",
        "",
    ],
)
def test_neither_scheme_nor_host_of_next_is_used(start: str) -> None:
    assert follow(f"{start}/api/links/?page=2") == build_page_read("/api/links/", (("page", "2"),))


@pytest.mark.parametrize(
    "address",
    [
        "https://api.belvo.com/api/accounts/?page=2",
        "https://api.belvo.com/api/links/../token/?page=2",
        "https://api.belvo.com/api/links/%2e%2e/?page=2",
        "https://api.belvo.com/api/links?page=2",
        "https://api.belvo.com/?page=2",
        "https://evil.example",
        "https://[::1/api/links/?page=2",
        "not an address",
        "",
        "\x00",
    ],
)
def test_a_next_that_leads_elsewhere_is_refused(address: str) -> None:
    with pytest.raises(UnreadableResponseError, match="next"):
        follow(address)


def test_the_refusal_does_not_show_where_next_led() -> None:
    with pytest.raises(UnreadableResponseError) as caught:
        follow("https://evil.example/?page=2")
    assert "evil" not in f"{caught.value} {caught.value.__context__!r}"


@pytest.mark.parametrize(
    "query",
    ["status__in=invalid,token_required&page_size=2", "page_size=2&status__in=invalid%2Ctoken_required"],
    ids=["same", "other order"],
)
def test_a_next_that_leads_back_to_the_same_page_is_refused(query: str) -> None:
    with pytest.raises(UnreadableResponseError, match="next"):
        follow(f"https://api.belvo.com/api/links/?{query}")


def test_a_next_without_a_query_cannot_follow_a_first_page_without_one() -> None:
    with pytest.raises(UnreadableResponseError, match="next"):
        follow("https://api.belvo.com/api/links/", build_page_read("/api/links/", ()))


def test_the_malformed_next_of_the_specification_asks_for_what_it_says_and_no_more() -> None:
    address = f"https://api.belvo.com/api/links/?link={LINK_ID}page=2"
    assert follow(address) == build_page_read("/api/links/", (("link", f"{LINK_ID}page=2"),))


def test_a_parameter_without_a_value_is_kept() -> None:
    found = follow("https://api.belvo.com/api/links/?page=2&external_id=")
    assert found is not None
    assert found.query == (("page", "2"), ("external_id", ""))


@given(ANY_TEXT)
def test_whatever_next_says_the_path_stays(text: str) -> None:
    for address in (text, f"https://api.belvo.com/api/links/?{text}", f"https://{text}/api/links/?page=2"):
        try:
            found = follow(address)
        except UnreadableResponseError:
            continue
        assert found is not None
        assert (found.method, found.path, found.headers, found.body) == ("GET", "/api/links/", (), None)
