"""What a pool leads to: one class for each resource of Belvo, and one for the parked challenges."""

from belvo_async._version import publish as _publish
from belvo_async.resources._challenges import Challenges
from belvo_async.resources._institutions import Institutions
from belvo_async.resources._link_sweep import LinkSweep
from belvo_async.resources._links import Links
from belvo_async.resources._paginator import Paginator

__all__ = ["Challenges", "Institutions", "LinkSweep", "Links", "Paginator"]

_publish(globals())
