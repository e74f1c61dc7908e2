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
from belvo_async.params._options import list_options
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
        options = {name: freeze(value) for name, value in options.items()}
        known = list_options(resource._spec.options) - _OF_ONE_CALL  # noqa: SLF001 - its part
        for name in sorted(options.keys() - known):
            is_of_one = name in _OF_ONE_CALL
            raise InvalidValueError.of(
                name,
                "is of one link, and there are many" if is_of_one else "is no option of this call",
                remedy="Leave it out." if is_of_one else f"Known are: {', '.join(sorted(known))}.",
            )
        self._resource: Final[RetrievableData[DataModel]] = resource
        self._options: Final = options
        self._example: Final = resource._build(_ANY_LINK, options, in_background=False)  # noqa: SLF001 - its part
        self.client: Final = resource._client  # noqa: SLF001 - the same
        self.collection: Final = self._example.path

    def describe(self) -> str:
        """Return what is retrieved, with which options: the same for all calls that mean the same."""
        body = parse_json(self._example.body or b"{}")
        asked = dict(body) if isinstance(body, dict) else {}
        asked |= {name: value.split(",") for name, value in self._example.query}
        if asked.get("save_data") is True:
            del asked["save_data"]
        told = " ".join(f"{name}={_tell(asked[name])}" for name in sorted(asked.keys() - {"link"}))
        return f"retrieve {self.collection} {told}".rstrip()

    async def run(self, link_id: str, recorder: LoginRecorder, when_busy: WhenBusy) -> tuple[DataModel, ...]:
        """Retrieve the data of one link; see `RetrievableData`."""
        options = {**self._options, "recorder": recorder, "when_busy": when_busy}
        return await self._resource._retrieve(link_id, options)  # noqa: SLF001 - its part

    def build_lost(self, link_id: str, sent_at: datetime | None) -> OutcomeUnknownError:
        """Build the error of a login that has succeeded, and whose data did not arrive."""
        return build_lost(self.collection, self._example.save_data, link_id, sent_at)


def freeze(value: object) -> object:
    """Return what can be iterated over as a tuple, so that each link gets all of it."""
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return tuple(sorted(value) if isinstance(value, set | frozenset) else value)
    return value


def _tell(value: object) -> str:
    return ",".join(sorted(map(str, value))) if isinstance(value, list) else str(value)
