"""What a fleet retrieves of each link, in place of updating it."""

from typing import Final, Unpack

from belvo_async import Client
from belvo_async._jobs.output import RowCallback, RowWriter
from belvo_async._jobs.retrieval_call import RetrievalCall, RetrieveOptions, freeze
from belvo_async._jobs.retrieve_task import RetrieveTask
from belvo_async.errors import InvalidValueError
from belvo_async.resources import RetrievableData


class Retrieval:
    """Data that the links of a fleet job are retrieved for, with one login each.

    Args:
        resource: The name of a data resource, as the pool has it: `transactions`, for one.
        output: Takes a link's id and its rows, before the ledger says that the link is done, on whichever
            machine has retrieved them. Where that machine dies in between, the link is unsettled.
        **options: As for `bulk.retrieve`.

    Raises:
        InvalidValueError: *output* cannot be called. `admit` and `advance` check the others.
    """

    def __init__(self, resource: str, output: RowWriter, **options: Unpack[RetrieveOptions]) -> None:
        if not isinstance(resource, str):
            raise InvalidValueError.of("resource", f"is {type(resource).__name__}", remedy=_NAME)
        if not callable(output):
            raise InvalidValueError.of(
                "output",
                f"is {type(output).__name__}, which cannot be called",
                remedy="Pass a function that takes a link's id and its rows: a file is of one machine.",
            )
        self._resource: Final = resource
        self._output: Final = output
        self._options: Final = {name: freeze(value) for name, value in options.items()}

    def _build_task(self, pool: Client) -> RetrieveTask:
        """Return the task of a job of *pool*.

        Raises:
            InvalidValueError: There is no such resource, or an option is wrong; names it.
        """
        resource = getattr(pool, self._resource, None) if self._resource.isidentifier() else None
        if not isinstance(resource, RetrievableData):
            raise InvalidValueError.of("resource", "names none that retrieves", remedy=_NAME)
        return RetrieveTask(pool, RetrievalCall(resource, self._options), RowCallback(self._output))


_NAME: Final = "Pass the name of a data resource, such as transactions."
