from datetime import UTC, datetime
from typing import Any

import pytest

from belvo_async import Link
from belvo_async.testing import challenge_body, error_body, link_body

LINK = "4bf5d2b6-3b8f-4c9c-a8a0-3f7e2b1d9c55"


def test_a_link_has_all_that_belvo_prints() -> None:
    assert set(link_body(LINK)) == {name for name in Link.__annotations__ if name != "extra"}


def test_fields_of_a_link_can_be_set() -> None:
    body = link_body(LINK.upper(), status="invalid", last_accessed_at=datetime(2026, 2, 3, tzinfo=UTC))
    assert body["id"] == LINK
    assert body["status"] == "invalid"
    assert body["last_accessed_at"] == "2026-02-03T00:00:00.000000Z"


def test_a_misspelt_field_is_refused() -> None:
    fields: Any = {"sttaus": "valid"}
    with pytest.raises(TypeError, match="no field sttaus"):
        link_body(LINK, **fields)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        link_body(LINK, created_at=datetime(2026, 1, 1))  # noqa: DTZ001 - the mistake under test


@pytest.mark.parametrize("link_id", ["", "link-1", "../secrets"])
def test_an_id_that_no_pool_would_send_is_refused(link_id: str) -> None:
    with pytest.raises(ValueError, match="UUID"):
        link_body(link_id)
    with pytest.raises(ValueError, match="UUID"):
        challenge_body(link_id)


@pytest.mark.parametrize(
    ("kind", "expected"), [("numeric", True), ("inputless", False), ("qr", True), ("text", True)]
)
def test_a_challenge_fits_its_kind(kind: str, expected: bool) -> None:
    [item] = challenge_body(LINK, kind)
    data = item["token_generation_data"]
    assert isinstance(data, dict)
    assert data["expects_user_input"] is expected
    assert (data["value"] is not None) is expected


def test_a_challenge_can_be_set_in_all_its_parts() -> None:
    [item] = challenge_body(
        LINK, session="s", expiry=1, value="v", instructions="i", expects_user_input=False
    )
    assert item["session"] == "s"
    assert item["expiry"] == 1
    assert item["token_generation_data"] == {
        "instructions": "i",
        "type": "numeric",
        "value": "v",
        "expects_user_input": False,
    }


def test_an_error_carries_what_is_added() -> None:
    [item] = error_body("required", "This field is required.", field="password")
    assert item["code"] == "required"
    assert item["message"] == "This field is required."
    assert item["field"] == "password"
