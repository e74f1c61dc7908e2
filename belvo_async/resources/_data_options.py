"""What the calls about data can be told, and what the API reference says of a resource."""

from collections.abc import Iterable
from typing import Generic, TypedDict, TypeVar

from attrs import frozen

from belvo_async._engine.callers import TokenProvider
from belvo_async._engine.recorder import LoginRecorder
from belvo_async._engine.single_flight import WhenBusy
from belvo_async.models import DataModel

M_co = TypeVar("M_co", bound=DataModel, covariant=True)


class PageOptions(TypedDict, total=False):
    """What a list can be told, besides its filters, where Belvo has no choice of fields."""

    page_size: int
    """Rows on one page, 1 to 1000."""


class ListOptions(PageOptions, total=False):
    """What most lists can be told, besides their filters."""

    fields: Iterable[str]
    """The names of the fields that are wanted; by default all."""
    omit: Iterable[str]
    """The names of fields that are not wanted."""


class BackgroundOptions(TypedDict, total=False):
    """What each retrieval can be told that Belvo makes in the background."""

    save_data: bool
    """Whether Belvo stores what it retrieves; by default it does."""
    when_busy: WhenBusy
    """What to do while another login of the link is in flight: see `links.update`."""
    max_wait: float
    """Seconds that it may wait for Belvo's limit of requests; by default as long as it takes."""


class WholeRowOptions(BackgroundOptions, total=False):
    """What a retrieval can be told where Belvo has no choice of fields."""

    recorder: LoginRecorder
    """Writes down each step before it happens."""


class RetrievalOptions(WholeRowOptions, total=False):
    """What most retrievals can be told."""

    fields: Iterable[str]
    """The names of the fields that are wanted; by default all."""
    omit: Iterable[str]
    """The names of fields that are not wanted."""


class TokenOptions(RetrievalOptions, total=False):
    """What a retrieval can be told at whose challenge Belvo takes a token."""

    provide_token: TokenProvider
    """Asked for a token when the institution wants one. Without it the challenge leaves the call as
    `TokenRequiredError`."""


@frozen(kw_only=True)
class DataSpec(Generic[M_co]):
    """What the API reference says of one data resource."""

    collection: str
    """Its path."""
    model: type[M_co]
    filters: type
    """Declares what `list` can filter by."""
    options: type = RetrievalOptions
    """Declares what `retrieve` can be told."""
    alternatives: tuple[tuple[str, ...], ...] = ()
    """Names of options of which one set has to be given, and no other."""
    shortest_period: int | None = None
    """Days from `date_from` to `date_to` at least."""
