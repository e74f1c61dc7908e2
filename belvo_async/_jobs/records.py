"""What a run knows of a link that waits for its login."""

from attrs import define, field

from belvo_async.backends import LinkRow, LinkState
from belvo_async.models import Link
from belvo_async.params import LinkUpdate
from belvo_async.params._checks import read_link_id


@define(eq=False)
class Job:
    """One link that waits for its login."""

    link_id: str
    institution: str | None
    update: LinkUpdate | None = field(default=None, repr=False)
    """None: the credentials are asked for when its turn comes."""
    row: LinkRow = field(init=False, repr=False)
    """As it stood in the ledger when this run admitted it."""

    @property
    def earlier(self) -> LinkRow | None:
        """How an earlier run ended, where a person wants it tried again."""
        return None if self.row.state is LinkState.QUEUED else self.row

    @classmethod
    def read(cls, item: object) -> "Job":
        """Read what a source gives: an update, a link or its id.

        Raises:
            InvalidValueError: It is none of them.
        """
        match item:
            case LinkUpdate(link_id=link_id, institution=institution):
                return cls(link_id, institution, item)
            case Link(id=link_id, institution=institution):
                return cls(read_link_id(link_id), institution)
            case _:
                return cls(read_link_id(item), None)
