"""What the pages copy from the code is what the code says now."""

from pathlib import Path

import pytest

from tests.docs.generated import DRAWINGS, PARTS, find_parts, render
from tests.docs.machine import EVENTS, STATES, find_transitions
from tests.docs.pages import CONTRIBUTING, list_pages, name_page
from tests.docs.window import REQUESTS, count_worst, start_at_sliding_window

PAGES = [*list_pages(), CONTRIBUTING]
ADVICE = "run: python -m tests.docs.generated"


@pytest.mark.parametrize("page", [page for page in PAGES if find_parts(page)], ids=name_page)
def test_generated_parts_are_fresh(page: Path) -> None:
    assert page.read_text("utf-8") == render(page), ADVICE


def test_every_part_stands_on_one_page() -> None:
    assert sorted(name for page in PAGES for name in find_parts(page)) == sorted(PARTS)


@pytest.mark.parametrize("drawing", DRAWINGS, ids=lambda drawing: drawing.name)
def test_drawings_are_fresh(drawing: Path) -> None:
    assert drawing.read_text("utf-8") == DRAWINGS[drawing](), ADVICE


def test_the_drawn_window_keeps_the_limit() -> None:
    assert count_worst(start_at_sliding_window()) == REQUESTS


def test_the_walk_meets_every_state_and_every_event() -> None:
    walked = list(find_transitions())
    assert {one.state for one in walked} | {one.target for one in walked} == {
        state.__name__ for state in STATES
    }
    assert {one.event for one in walked} == {event.__name__ for event in EVENTS}
