"""Draws how many requests three limiters start in any 30 s; ours is the limiter itself on a made clock."""

import asyncio
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Final

from belvo_async import RateLimit
from belvo_async._engine.rate_limiter import RateLimiter
from belvo_async.testing import ManualClock
from tests.engine.starts import start

REQUESTS: Final = 80
LIMIT: Final = RateLimit(requests=REQUESTS)
_COMING: Final = 240
"""Requests that come together."""
_COME: Final = 20.0
"""Seconds, when a fixed window has ten left."""
_SPAN: Final = 120.0
_WIDTH: Final = 960
_LEFT: Final = 60
_RIGHT: Final = 840
_TOP: Final = 100
_PANEL: Final = 90
_STEP: Final = 140
_MOST: Final = 160
_TITLE: Final = f"Requests started in the last {LIMIT.window:g} s, where {_COMING} come together"
_STYLE: Final = (
    "text{font:13px sans-serif;fill:#1d2733}"
    ".title{font-size:17px;font-weight:bold}.name{font-weight:bold}"
    ".end{text-anchor:end}.middle{text-anchor:middle}"
    ".base{stroke:#6a7886;stroke-width:1}"
    ".limit{stroke:#a33b20;stroke-width:1.5;stroke-dasharray:5 4}.over{fill:#a33b20}"
    ".count{fill:#7fa8cc;stroke:#2b5c8a;stroke-width:1.5;fill-opacity:.6}"
)


def start_at_sliding_window() -> list[float]:
    """Return when the limiter lets each request start, in seconds."""

    async def run() -> list[float]:
        clock = ManualClock(automatic=True)
        limiter, origin = RateLimiter(LIMIT, clock), clock.monotonic()
        starts: list[float] = []
        for _ in range(_COMING):
            limiter.passed(await start(limiter))
            starts.append(_COME + clock.monotonic() - origin)
        return starts

    return asyncio.run(run())


def start_at_fixed_window() -> list[float]:
    """Return the same of a window that begins anew every 30 s."""
    first = _COME // LIMIT.window
    return [max(_COME, (first + index // REQUESTS) * LIMIT.window) for index in range(_COMING)]


def start_at_leaky_bucket() -> list[float]:
    """Return the same of a bucket that holds 80 and gains 80 in 30 s."""
    pace = LIMIT.window / REQUESTS
    return [_COME + max(0, index + 1 - REQUESTS) * pace for index in range(_COMING)]


def count_recent(starts: Sequence[float], at: float) -> int:
    """Return how many started in the 30 s before a moment."""
    return sum(at - LIMIT.window < start <= at for start in starts)


def count_worst(starts: Sequence[float]) -> int:
    """Return the most that started in any 30 s."""
    return max(count_recent(starts, at) for at in starts)


def draw_windows() -> str:
    """Return the SVG: a panel for each limiter."""
    panels = (
        ("Leaky bucket", start_at_leaky_bucket()),
        ("Fixed window", start_at_fixed_window()),
        ("Sliding window: this package", start_at_sliding_window()),
    )
    drawn = (_draw_panel(_TOP + number * _STEP, *panel) for number, panel in enumerate(panels))
    height = _TOP + len(panels) * _STEP
    lines = [*_open(height), *chain.from_iterable(drawn), *_draw_seconds(height - 24), "</svg>", ""]
    return "\n".join(lines)


def _open(height: int) -> Iterator[str]:
    yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img">'
    yield f"<title>{_TITLE}</title>"
    yield f"<style>{_STYLE}</style>"
    yield f'<rect width="{_WIDTH}" height="{height}" rx="8" fill="#fbfcfd"/>'
    yield f'<text class="title" x="24" y="36">{_TITLE}</text>'
    yield f'<text x="24" y="60">Belvo refuses what is over {REQUESTS}, the dashed line</text>'


def _find_x(at: float) -> float:
    return round(_LEFT + at / _SPAN * (_RIGHT - _LEFT), 1)


def _draw_panel(top: int, name: str, starts: Sequence[float]) -> Iterator[str]:
    base, worst = top + _PANEL, count_worst(starts)

    def find_y(count: int) -> float:
        return round(base - count / _MOST * _PANEL, 1)

    changes = sorted({*starts, *(start + LIMIT.window for start in starts)})
    steps = "".join(f"H{_find_x(at)}V{find_y(count_recent(starts, at))}" for at in changes)
    color = ' class="over"' if worst > REQUESTS else ""
    yield f'<text class="name" x="{_LEFT}" y="{top - 8}">{name}</text>'
    yield f'<path class="count" d="M{_LEFT} {base}{steps}H{_RIGHT}V{base}"/>'
    yield f'<path class="base" d="M{_LEFT} {base}H{_RIGHT}"/>'
    yield f'<path class="limit" d="M{_LEFT} {find_y(REQUESTS)}H{_RIGHT}"/>'
    yield f'<text class="end" x="{_LEFT - 8}" y="{find_y(REQUESTS) + 4}">{REQUESTS}</text>'
    yield f'<text{color} x="{_RIGHT + 12}" y="{find_y(REQUESTS) + 4}">at most {worst}</text>'


def _draw_seconds(base: int) -> Iterator[str]:
    for seconds in range(0, int(_SPAN) + 1, int(LIMIT.window)):
        yield f'<text class="middle" x="{_find_x(seconds)}" y="{base}">{seconds} s</text>'
