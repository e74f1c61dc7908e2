"""A link id enters a path, so it is a UUID or it is refused."""

from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from belvo_async import LinkUpdate
from belvo_async._wire.requests import build_update
from belvo_async.errors import InvalidValueError
from belvo_async.params._checks import read_link_id
from tests.pure.bodies import LINK_ID
from tests.pure.strategies import ANY_TEXT


@pytest.mark.parametrize(
    "given_id",
    [
        LINK_ID,
        LINK_ID.upper(),
        LINK_ID.replace("-", ""),
        LINK_ID.replace("-", "").upper(),
        UUID(LINK_ID),
        f" {LINK_ID} ",
    ],
    ids=["canonical", "upper case", "no hyphens", "upper case, no hyphens", "UUID", "spaces around"],
)
def test_every_way_to_write_a_uuid_becomes_the_one_of_the_api(given_id: object) -> None:
    assert read_link_id(given_id) == LINK_ID


@pytest.mark.parametrize(
    "given_id",
    [
        "",
        "me",
        "../" + LINK_ID,
        LINK_ID + "/../",
        LINK_ID + "/refresh",
        LINK_ID + "?page=2",
        LINK_ID + "#",
        LINK_ID + "%2e",
        "%2e%2e%2f",
        LINK_ID[:-1],
        LINK_ID + "0",
        LINK_ID[:18] + "\n" + LINK_ID[18:],
        LINK_ID + "\nHost: evil.example",
        LINK_ID + "\x00",
        "３" + LINK_ID[1:],  # noqa: RUF001 - a full-width digit
        "{" + LINK_ID + "}",
        "urn:uuid:" + LINK_ID,
        "g" + LINK_ID[1:],
        LINK_ID.replace("-", "\u2010"),
        "-" * 36,
        int(UUID(LINK_ID)),
        5,
        None,
        LINK_ID.encode(),
        UUID(LINK_ID).bytes,
        [LINK_ID],
    ],
    ids=repr,
)
def test_what_is_no_uuid_is_refused(given_id: object) -> None:
    with pytest.raises(InvalidValueError) as caught:
        read_link_id(given_id)
    assert caught.value.field == "link_id"


def test_the_error_names_the_argument_that_was_wrong() -> None:
    with pytest.raises(InvalidValueError) as caught:
        read_link_id("me", "created_by")
    assert caught.value.field == "created_by"


@given(ANY_TEXT | st.from_regex(r"[0-9a-f-]{32,38}\s?"))
@example("１" * 32)  # noqa: RUF001
def test_an_accepted_id_is_36_characters_that_are_safe_in_a_path(text: str) -> None:
    try:
        link_id = read_link_id(text)
    except InvalidValueError:
        return
    assert str(UUID(link_id)) == link_id


@given(st.uuids())
def test_an_update_is_sent_to_the_path_of_its_link(link_id: UUID) -> None:
    request = build_update(LinkUpdate(link_id.hex.upper(), password="p"))
    assert (request.path, request.link_id) == (f"/api/links/{link_id}/", str(link_id))
