"""The demo while it runs: a live panel in a terminal, a line every two seconds elsewhere."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from belvo_async.cli._demo.state import DemoState

_LIVE_SECONDS: Final = 0.1
_PLAIN_SECONDS: Final = 2.0
_ROOM_FOR_ECHO: Final = 3
"""Columns that stay free: a terminal echoes `^C` behind the panel, and must not wrap there."""
_MARKS: Final = {"+": "green", "-": "red", "?": "yellow"}


class Progress:
    """Shows how far the demo has come."""

    def __init__(self, state: DemoState, console: Console, count_in_flight: Callable[[], int]) -> None:
        self._state: Final = state
        self._console: Final = console
        self._count_in_flight: Final = count_in_flight
        self._live: Live | None = None

    @asynccontextmanager
    async def show(self, *, plain: bool) -> AsyncIterator[None]:
        """Keep showing while the context lasts."""
        if plain:
            ticking = asyncio.ensure_future(_tick(self._write_line, _PLAIN_SECONDS))
        else:
            self._live = Live(self.render(), console=self._console, auto_refresh=False, redirect_stderr=False)
            self._live.start()
            ticking = asyncio.ensure_future(_tick(self._refresh, _LIVE_SECONDS))
        try:
            yield
        finally:
            ticking.cancel()
            if self._live is not None:
                self._refresh()
                self._live.stop()
                self._live = None
            else:
                self._write_line()

    def say(self, text: str) -> None:
        """Write one line, above the panel if there is one."""
        self._console.print(text, style="bold yellow")

    def render(self) -> RenderableType:
        """Draw the panel."""
        state = self._state
        bar = Table.grid(padding=(0, 1), expand=True)
        bar.add_column(ratio=1)
        bar.add_column(justify="right", no_wrap=True)
        bar.add_row(
            ProgressBar(total=state.total, completed=state.done, complete_style="cyan"),
            f"{state.done}/{state.total} links  {self._rate:5.1f}/s  {state.elapsed:4.1f} s",
        )
        return Panel(
            Group(bar, Text(self._describe()), Text(self._name_kinds(), style="dim"), *self._render_news()),
            title="updating links, one session pool",
            width=self._console.width - _ROOM_FOR_ECHO,
            border_style="dim",
        )

    @property
    def _rate(self) -> float:
        return self._state.done / max(self._state.elapsed, 0.001)

    def _describe(self) -> str:
        state = self._state
        return (
            f"in flight {self._count_in_flight():3}   open challenges {state.asked:3}   "
            f"challenges answered {state.answered.total():3}"
        )

    def _name_kinds(self) -> str:
        return ", ".join(f"{kind} {count}" for kind, count in sorted(self._state.answered.items()))

    def _render_news(self) -> list[Text]:
        lines = [
            Text(line, style=_MARKS.get(line[0], ""), no_wrap=True, overflow="ellipsis")
            for line in self._state.news
        ]
        empty = (self._state.news.maxlen or 0) - len(lines)
        return lines + [Text("")] * empty

    def _refresh(self) -> None:
        if self._live is not None:
            self._live.update(self.render(), refresh=True)

    def _write_line(self) -> None:
        state = self._state
        self._console.print(
            f"{state.elapsed:5.1f} s  {state.done:4}/{state.total} links  {self._rate:5.1f}/s  "
            f"{self._describe()}   {self._name_kinds()}".rstrip()
        )


async def _tick(act: Callable[[], None], seconds: float) -> None:
    while True:
        await asyncio.sleep(seconds)
        act()
