"""What a job retrieves of each link, checked before anything is sent."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Final, Literal, TypedDict
from uuid import UUID

from belvo_async._engine.recorder import LoginRecorder
from belvo_async._engine.single_flight import WhenBusy
from belvo_async._wire.json import parse_json
from belvo_async.errors import InvalidValueError, OutcomeUnknownError
from belvo_async.models import DataModel
from belvo_async.resources._data import RetrievableData, build_lost


class RetrieveOptions(TypedDict, total=False):
    """What the retrievals of a job can be told: each resource takes those of its `retrieve`."""

    account: str | UUID
    account_id: str | UUID
    allowed_income_types: Iterable[str]
    attach_pdf: bool
    attach_xml: bool
    date_from: date | str
    date_to: date | str
    minimum_confidence_level: Literal["HIGH", "MEDIUM", "LOW"]
    reference_date: date | str
    type: str
    year_from: str
    year_to: str
    save_data: bool
    """Whether Belvo stores what it retrieves; by default it does."""
    fields: Iterable[str]
    """The names of the fields that are wanted; by default all."""
    omit: Iterable[str]
    """The names of fields that are not wanted."""


_ANY_LINK: Final = "00000000-0000-0000-0000-000000000000"
_OF_ONE_CALL: Final = frozenset({"token", "provide_token", "recorder", "when_busy", "max_wait"})


class RetrievalCall:
    """One retrieval that is made of many links; its options are checked once, and nothing is sent.

    Args:
        resource: What is retrieved.
        options: Those of its `retrieve`, without what belongs to one link or one call.

    Raises:
        InvalidValueError: The resource retrieves nothing, or an option is wrong; names it.
    """

    def __init__(self, resource: object, options: Mapping[str, object]) -> None:
        if not isinstance(resource, RetrievableData):
            raise InvalidValueError.of(
                "resource",
                f"is {type(resource).__name__}, which retrieves nothing",
                remedy="Pass a data resource of the pool, such as pool.transactions.",
            )
        for name in sorted(_OF_ONE_CALL & options.keys()):
            raise InvalidValueError.of(name, "is of one link, and there are many", remedy="Leave it out.")
        self._resource: Final[RetrievableData[DataModel]] = resource
        self._options: Final = dict(options)
        self._example: Final = resource._build(_ANY_LINK, options, in_background=False)  # noqa: SLF001 - its part
        self.client: Final = resource._client  # noqa: SLF001 - the same
        self.collection: Final = self._example.path

    def describe(self) -> str:
        """Return what is retrieved, with which options."""
        body = parse_json(self._example.body or b"{}")
        asked = {**(body if isinstance(body, dict) else {}), **dict(self._example.query)}
        told = " ".join(f"{name}={asked[name]}" for name in sorted(asked.keys() - {"link"}))
        return f"retrieve {self.collection} {told}".rstrip()

    async def run(self, link_id: str, recorder: LoginRecorder, when_busy: WhenBusy) -> tuple[DataModel, ...]:
        """Retrieve the data of one link; see `RetrievableData`."""
        options = {**self._options, "recorder": recorder, "when_busy": when_busy}
        return await self._resource._retrieve(link_id, options)  # noqa: SLF001 - its part

    def build_lost(self, link_id: str, sent_at: datetime | None) -> OutcomeUnknownError:
        """Build the error of a login that has succeeded, and whose data did not arrive."""
        return build_lost(self.collection, self._example.save_data, link_id, sent_at)
