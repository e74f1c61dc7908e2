"""How the records of a coordinator are written as text, which neighbouring versions can read."""

from typing import Generic, TypeVar

from attrs import frozen

from belvo_async._wire.json import MalformedError, dump_json, parse_json
from belvo_async._wire.records import read_record, write_record
from belvo_async.errors import CoordinatorError

R = TypeVar("R")


@frozen
class RecordText(Generic[R]):
    """Writes and reads one kind of record."""

    kind: type[R]
    name: str
    """What it is called in an error."""
    version: int

    def dump(self, record: R) -> str:
        """Write a record as one line of JSON."""
        return dump_json({"version": self.version, **write_record(record)}).decode()

    def load(self, text: str) -> R:
        """Read what `dump` wrote, here or in a neighbouring version, whose new keys are left out.

        Raises:
            CoordinatorError: It is of a version further away, or makes no sense.
        """
        try:
            fields = parse_json(text.encode())
        except (ValueError, MalformedError):
            fields = None
        version = fields.get("version") if isinstance(fields, dict) else None
        if type(version) is not int:
            raise self._refuse("is none")
        if abs(version - self.version) > 1:
            raise self._refuse(f"is of version {version}, and this belvo_async writes version {self.version}")
        try:
            return read_record(fields, self.kind)
        except MalformedError:
            pass
        raise self._refuse("makes no sense")

    def _refuse(self, problem: str) -> CoordinatorError:
        return CoordinatorError(
            f"A shared {self.name} {problem}; nothing was sent.",
            remedy="Run only versions of belvo_async side by side that follow each other, or give this one a "
            "backend of its own.",
            is_permanent=True,
        )
