"""Which links are of one user at one institution, as far as responses have told."""

from collections import OrderedDict
from typing import Final

from belvo_async.models import Link

_REMEMBERED: Final = 10_000
_LONGEST_ID: Final = 500


class KnownUsers:
    """The `institution_user_id` of the links that were read most recently."""

    def __init__(self) -> None:
        self._users: Final[OrderedDict[str, str]] = OrderedDict()

    def note(self, link: Link) -> None:
        """Remember whose link it is."""
        if link.institution_user_id is None or len(link.institution_user_id) > _LONGEST_ID:
            return
        self._users[link.id] = link.institution_user_id
        self._users.move_to_end(link.id)
        if len(self._users) > _REMEMBERED:
            self._users.popitem(last=False)

    def find(self, link_id: str) -> str | None:
        """Return the user of a link, if it is known."""
        return self._users.get(link_id)
