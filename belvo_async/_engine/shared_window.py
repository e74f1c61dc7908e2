"""The window of one egress address, as a pool asks it."""

from collections.abc import Callable
from typing import Final, TypeVar

from belvo_async._engine.shared_records import SharedRecords
from belvo_async.backends._coordinator import Coordinator, Moment
from belvo_async.backends._window import WINDOW, Ask, Grant, Window, WindowLimit
from belvo_async.params import RateLimit

T = TypeVar("T")

_LEAST_TOLERANCE: Final = 0.02


class SharedWindow:
    """One record of a coordinator: the starts of one address.

    Args:
        records: Where it is kept.
        key: Names the address.
        limit: How many in which time.
    """

    def __init__(self, records: SharedRecords, key: str, limit: RateLimit) -> None:
        self._records: Final = records
        self._key: Final = key
        self.limit: Final = WindowLimit.of(limit)
        self.is_blocking: Final = records.is_blocking
        self.tolerance: Final = max(limit.margin / 2, _LEAST_TOLERANCE)
        """Seconds from asking within which a start that was given has to be used: half of the margin, as the
        other half is for the way to the server."""

    @classmethod
    def alone(cls, coordinator: Coordinator, limit: RateLimit) -> "SharedWindow":
        """Return the window of a coordinator that keeps nothing else."""
        return cls(SharedRecords(coordinator), "", limit)

    def ask_now(self, asking: Ask) -> Grant:
        """Ask for starts; see `Window.ask`."""
        return self._records.change_now(
            WINDOW, self._key, lambda window, moment: window.ask(moment, self.limit, asking)
        )

    async def ask(self, asking: Ask) -> Grant:
        """Do the same where it takes time.

        Raises:
            CoordinatorError: The window could not be asked.
        """
        return await self._change(lambda window, moment: window.ask(moment, self.limit, asking))

    async def confirm(self, start: float, epoch: int) -> float | None:
        """Count a start from now; see `Window.confirm`.

        Raises:
            CoordinatorError: It could not be told.
        """
        return await self._change(lambda window, moment: window.confirm(moment, self.limit, start, epoch))

    async def refused(self, epoch: int, retry_after: float | None, *, is_page: bool) -> float | None:
        """Report a refusal; see `Pause.refused`.

        Raises:
            CoordinatorError: It could not be told.
        """
        return await self._change(
            lambda window, moment: window.pause.refused(epoch, moment.now, retry_after, is_page=is_page)
        )

    def passed(self, epoch: int) -> None:
        """Report that the server took a request."""
        self._tell(lambda window, _: window.pause.passed(epoch))

    def dropped(self, epoch: int) -> None:
        """Report that a request failed on the way."""
        self._tell(lambda window, _: window.pause.dropped(epoch))

    def give_back(self, start: float) -> None:
        """Return a start that was not used."""
        self._tell(lambda window, _: window.give_back(start))

    async def _change(self, change: Callable[[Window, Moment], T]) -> T:
        return await self._records.change(WINDOW, self._key, change)

    def _tell(self, change: Callable[[Window, Moment], object]) -> None:
        self._records.tell(WINDOW, self._key, change)
