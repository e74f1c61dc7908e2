"""One page of a list."""

from collections.abc import Iterator
from typing import Generic, TypeVar

from attrs import field, frozen

T = TypeVar("T")


@frozen(kw_only=True)
class Page(Generic[T]):
    """One page of a list, and where the next one is."""

    results: tuple[T, ...]
    unreadable: tuple[object, ...] = field(default=(), eq=False, repr=False)
    """Items without an id (institutions: a name), as Belvo sent them; iteration leaves them out."""
    count: int | None = None
    """How many there are on all pages."""
    next: str | None = None
    """The address of the next page, as Belvo sent it; None on the last."""
    previous: str | None = None

    def __iter__(self) -> Iterator[T]:
        """Iterate over the results of this page."""
        return iter(self.results)

    def __len__(self) -> int:
        """Return the number of results on this page."""
        return len(self.results)
