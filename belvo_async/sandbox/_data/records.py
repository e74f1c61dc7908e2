"""The records that retrievals have stored, by resource and id."""

from collections import defaultdict
from collections.abc import Iterable
from typing import TypeAlias

from attrs import frozen

Fields: TypeAlias = dict[str, object]
"""The fields of one record, as they go on the wire."""


@frozen
class StoredRecord:
    """One record, and whose it is: not every record names its link."""

    link_id: str
    fields: Fields

    @property
    def id(self) -> str:
        """The id of the record."""
        return str(self.fields["id"])


class RecordStore:
    """All stored records. Those of a link go with the link."""

    def __init__(self) -> None:
        self._records: defaultdict[str, dict[str, StoredRecord]] = defaultdict(dict)

    def save(self, path: str, link_id: str, found: Iterable[Fields]) -> None:
        """Store what a retrieval has found; a record that is known keeps the time of its creation."""
        known = self._records[path]
        for fields in found:
            record = StoredRecord(link_id, fields)
            if record.id in known and "created_at" in fields:
                fields["created_at"] = known[record.id].fields["created_at"]
            known[record.id] = record

    def list(self, path: str) -> list[StoredRecord]:
        """Return the records of a resource, in the order in which they were stored."""
        return list(self._records[path].values())

    def find(self, path: str, record_id: str) -> StoredRecord | None:
        """Return the record, or None."""
        return self._records[path].get(record_id)

    def remove(self, path: str, record_id: str) -> None:
        """Forget one record."""
        del self._records[path][record_id]

    def remove_link(self, link_id: str) -> None:
        """Forget all records of a link."""
        for known in self._records.values():
            for record in [record for record in known.values() if record.link_id == link_id]:
                del known[record.id]
