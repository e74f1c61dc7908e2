"""The chart in the documentation: how much of the rate limit a job uses, by how long logins take."""

from collections.abc import Iterator, Sequence
from typing import Final
from xml.sax.saxutils import escape

from benchmarks._goodput import DEFAULT, GOAL, LIMIT, WINDOW, Goodput

_WIDTH: Final = 960
_LEFT: Final = 330
_RIGHT: Final = 900
_TOP: Final = 92
_BAR: Final = 22
_GAP: Final = 14
_STEP: Final = 20
"""Percent between two lines of the grid."""
_TITLE: Final = "Share of the rate limit that bulk.refresh uses while links are queued"
# It brings its own background, so that it can be read on a light page and on a dark one.
_STYLE: Final = (
    "text{font:13px sans-serif;fill:#1d2733}"
    ".title{font-size:17px;font-weight:bold}"
    ".end{text-anchor:end}.middle{text-anchor:middle}"
    ".grid{stroke:#d5dde5;stroke-width:1}"
    ".goal{stroke:#a33b20;stroke-width:1.5;stroke-dasharray:5 4}.word{fill:#a33b20}"
    ".usual{fill:#2b5c8a}.larger{fill:#7fa8cc}"
)


def draw_chart(results: Sequence[Goodput], links: int) -> str:
    """Return the results as SVG: one bar for each, the larger settings under the default ones."""
    bottom = _TOP + sum(_find_height(result) for result in results)
    lines = [
        *_open(bottom + 78, links),
        *_draw_grid(bottom),
        *_draw_bars(results),
        *_draw_goal(bottom),
        *_draw_legend(bottom + 66),
    ]
    return "\n".join([*lines, "</svg>", ""])


def _find_height(result: Goodput) -> int:
    return _BAR + _GAP if result.setting == DEFAULT.name else _BAR + _GAP // 2


def _find_x(share: float) -> float:
    return round(_LEFT + share * (_RIGHT - _LEFT), 1)


def _open(height: int, links: int) -> Iterator[str]:
    yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img">'
    yield f"<title>{_TITLE}</title>"
    yield f"<style>{_STYLE}</style>"
    yield f'<rect width="{_WIDTH}" height="{height}" rx="8" fill="#fbfcfd"/>'
    yield f'<text class="title" x="24" y="36">{_TITLE}</text>'
    yield (
        f'<text x="24" y="60">{links:,} links on a simulated clock, 2 % of them challenged and parked; '
        f"the limit is {LIMIT} requests in {WINDOW:g} s</text>"
    )


def _draw_grid(bottom: int) -> Iterator[str]:
    for percent in range(0, 101, _STEP):
        x = _find_x(percent / 100)
        yield f'<path class="grid" d="M{x} {_TOP - 8}V{bottom}"/>'
        yield f'<text class="middle" x="{x}" y="{bottom + 18}">{percent}</text>'
    x = _find_x(0.5)
    yield f'<text class="middle" x="{x}" y="{bottom + 40}">requests, in % of what the limit allows</text>'
    yield f'<text class="end" x="{_LEFT - 12}" y="{bottom + 18}">seconds of one login</text>'


def _draw_bars(results: Sequence[Goodput]) -> Iterator[str]:
    y = _TOP
    for number, result in enumerate(results):
        is_usual = result.setting == DEFAULT.name
        y += (_GAP if is_usual else _GAP // 2) if number else 0
        name, kind = (result.mix, "usual") if is_usual else (result.setting, "larger")
        middle, width = y + _BAR - 6, round(_find_x(result.share) - _LEFT, 1)
        yield f'<text class="end" x="{_LEFT - 12}" y="{middle}">{escape(name)}</text>'
        yield f'<rect class="{kind}" x="{_LEFT}" y="{y}" width="{width}" height="{_BAR}"/>'
        x = _LEFT + width - 8
        yield f'<text class="end" x="{x}" y="{middle}" style="fill:#fff">{result.share:.1%}</text>'
        y += _BAR


def _draw_goal(bottom: int) -> Iterator[str]:
    x = _find_x(GOAL)
    yield f'<path class="goal" d="M{x} {_TOP - 12}V{bottom}"/>'
    yield f'<text class="end word" x="{x + 12}" y="{_TOP - 16}">goal {GOAL:.0%}</text>'


def _draw_legend(y: int) -> Iterator[str]:
    for x, kind, name in ((_LEFT, "usual", "default settings"), (_LEFT + 200, "larger", "other settings")):
        yield f'<rect class="{kind}" x="{x}" y="{y - 12}" width="14" height="14"/>'
        yield f'<text x="{x + 22}" y="{y}">{name}</text>'
