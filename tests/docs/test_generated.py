"""What the pages copy from the code is what the code says now."""

from pathlib import Path

import pytest

from tests.docs.generated import DIAGRAM, PARTS, find_parts, render, render_diagram
from tests.docs.machine import EVENTS, STATES, find_transitions
from tests.docs.pages import list_pages, name_page

ADVICE = "run: python -m tests.docs.generated"


@pytest.mark.parametrize("page", [page for page in list_pages() if find_parts(page)], ids=name_page)
def test_generated_parts_are_fresh(page: Path) -> None:
    assert page.read_text("utf-8") == render(page), ADVICE


def test_every_part_stands_on_one_page() -> None:
    assert sorted(name for page in list_pages() for name in find_parts(page)) == sorted(PARTS)


def test_the_drawing_is_fresh() -> None:
    assert DIAGRAM.read_text("utf-8") == render_diagram(), ADVICE


def test_the_walk_meets_every_state_and_every_event() -> None:
    walked = list(find_transitions())
    assert {one.state for one in walked} | {one.target for one in walked} == {
        state.__name__ for state in STATES
    }
    assert {one.event for one in walked} == {event.__name__ for event in EVENTS}
