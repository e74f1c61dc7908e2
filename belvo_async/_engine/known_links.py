"""What calls and responses have told of links: whose they are, and at which institution."""

from collections import OrderedDict
from typing import Final

from belvo_async.models import Link

_REMEMBERED: Final = 10_000
_LONGEST_ID: Final = 500


class KnownLinks:
    """The `institution_user_id` and the institution of the links that were met most recently."""

    def __init__(self) -> None:
        self._users: Final[OrderedDict[str, str]] = OrderedDict()
        self._institutions: Final[OrderedDict[str, str]] = OrderedDict()

    def note(self, link: Link) -> None:
        """Remember whose link it is, and where."""
        _remember(self._users, link.id, link.institution_user_id)
        _remember(self._institutions, link.id, link.institution)

    def note_institution(self, link_id: str, institution: str | None) -> None:
        """Remember where a link is, as a call has told."""
        _remember(self._institutions, link_id, institution)

    def find_user(self, link_id: str) -> str | None:
        """Return the user of a link, if it is known."""
        return self._users.get(link_id)

    def find_institution(self, link_id: str) -> str | None:
        """Return the name of a link's institution, if it is known."""
        return self._institutions.get(link_id)


def _remember(known: OrderedDict[str, str], link_id: str, value: str | None) -> None:
    if value is None or len(value) > _LONGEST_ID:
        return
    known[link_id] = value
    known.move_to_end(link_id)
    if len(known) > _REMEMBERED:
        known.popitem(last=False)
