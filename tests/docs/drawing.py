"""Draws the state machine as SVG: the places are chosen by hand, everything else comes from the code."""

from collections.abc import Iterable, Iterator
from typing import Final, TypeAlias
from xml.sax.saxutils import escape

from tests.docs.machine import STATES, Transition

Point: TypeAlias = tuple[int, int]
Edge: TypeAlias = tuple[str, str]

WIDTH: Final = 960
HEIGHT: Final = 600
BOX: Final = (160, 46)

PLACES: Final[dict[str, Point]] = {
    "Submitting": (120, 260),
    "AwaitingToken": (480, 260),
    "Resuming": (840, 260),
    "Completed": (480, 50),
    "Failed": (480, 550),
}
ROUTES: Final[dict[Edge, tuple[Point, Point, Point, Point]]] = {
    # from, pull of the curve, to, middle of the label
    ("Submitting", "AwaitingToken"): ((200, 252), (300, 252), (400, 252), (300, 240)),
    ("Submitting", "Completed"): ((120, 237), (120, 60), (400, 50), (190, 90)),
    ("Submitting", "Failed"): ((100, 283), (100, 550), (400, 555), (170, 500)),
    ("AwaitingToken", "Resuming"): ((560, 252), (660, 252), (760, 252), (660, 240)),
    ("AwaitingToken", "Submitting"): ((400, 270), (300, 290), (200, 270), (300, 302)),
    ("AwaitingToken", "Failed"): ((480, 283), (480, 420), (480, 527), (480, 455)),
    ("Resuming", "Completed"): ((840, 237), (840, 60), (560, 50), (770, 90)),
    ("Resuming", "AwaitingToken"): ((760, 270), (660, 290), (560, 270), (660, 302)),
    ("Resuming", "Submitting"): ((810, 283), (480, 470), (150, 283), (348, 366)),
    ("Resuming", "Failed"): ((860, 283), (860, 550), (560, 555), (790, 500)),
}
_STYLE: Final = (
    "text{font:13px sans-serif;fill:#1d2733;text-anchor:middle}"
    ".box{fill:#fff;stroke:#2b5c8a;stroke-width:1.5}"
    ".end{fill:#eef3f8}"
    ".name{font-weight:bold;font-size:14px}"
    ".way{fill:none;stroke:#6a7886;stroke-width:1.3;marker-end:url(#tip)}"
    ".word{paint-order:stroke;stroke:#fbfcfd;stroke-width:5px}"
)


def draw(transitions: Iterable[Transition]) -> str:
    """Return the SVG of all transitions.

    Raises:
        KeyError: There is a transition that has no route here yet.
    """
    words: dict[Edge, list[str]] = {}
    for transition in transitions:
        events = words.setdefault((transition.state, transition.target), [])
        events.extend([transition.event] if transition.event not in events else [])
    lines = [*_open(), *_draw_ways(words), *_draw_boxes({state for state, _ in words}), *_draw_words(words)]
    return "\n".join([*lines, "</svg>", ""])


def _open() -> Iterator[str]:
    yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">'
    yield "<title>The states of one login, and the events that lead from one to the next</title>"
    yield f"<style>{_STYLE}</style>"
    yield '<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8"'
    yield 'orient="auto"><path d="M0 0L10 5L0 10z" fill="#6a7886"/></marker></defs>'
    yield f'<rect width="{WIDTH}" height="{HEIGHT}" rx="8" fill="#fbfcfd"/>'


def _draw_ways(edges: Iterable[Edge]) -> Iterator[str]:
    for edge in edges:
        (x1, y1), (x2, y2), (x3, y3), _ = ROUTES[edge]
        yield f'<path class="way" d="M{x1} {y1}Q{x2} {y2} {x3} {y3}"/>'


def _draw_boxes(left: Iterable[str]) -> Iterator[str]:
    goes_on = frozenset(left)
    width, height = BOX
    for state in STATES:
        name = state.__name__
        x, y = PLACES[name]
        kind = "box" if name in goes_on else "box end"
        yield f'<rect class="{kind}" x="{x - width // 2}" y="{y - height // 2}" width="{width}"'
        yield f'height="{height}" rx="6"/><text class="name" x="{x}" y="{y + 5}">{escape(name)}</text>'


def _draw_words(words: dict[Edge, list[str]]) -> Iterator[str]:
    for edge, events in words.items():
        x, y = ROUTES[edge][3]
        top = y - 16 * (len(events) - 1)
        for number, event in enumerate(events):
            yield f'<text class="word" x="{x}" y="{top + 16 * number}">{escape(event)}</text>'
