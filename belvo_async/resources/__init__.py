"""What a pool leads to: one class for each resource of Belvo, and one for the parked challenges.

Each data resource has a module of its own here, named like its attribute of a pool, with its class, its
filters and its options; it is imported when it is first used.
"""

from belvo_async._version import publish as _publish
from belvo_async.resources._challenges import Challenges
from belvo_async.resources._data import DataResource, DeletableData, ResumableData, RetrievableData
from belvo_async.resources._data_options import (
    BackgroundOptions,
    ListOptions,
    PageOptions,
    RetrievalOptions,
    TokenOptions,
    WholeRowOptions,
)
from belvo_async.resources._erasure import Erased
from belvo_async.resources._institutions import Institutions
from belvo_async.resources._link_sweep import LinkSweep
from belvo_async.resources._links import Links
from belvo_async.resources._paginator import Paginator
from belvo_async.resources._widget import Widget

__all__ = [
    "BackgroundOptions",
    "Challenges",
    "DataResource",
    "DeletableData",
    "Erased",
    "Institutions",
    "LinkSweep",
    "Links",
    "ListOptions",
    "PageOptions",
    "Paginator",
    "ResumableData",
    "RetrievableData",
    "RetrievalOptions",
    "TokenOptions",
    "WholeRowOptions",
    "Widget",
]

_publish(globals())
