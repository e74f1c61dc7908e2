"""The calls about consents. Generated from Belvo's schema: `make models`."""

from typing import Required, Unpack

from belvo_async.models.consents import Consent
from belvo_async.resources._data import DataResource
from belvo_async.resources._data_options import DataSpec, ListOptions
from belvo_async.resources._paginator import Paginator

__all__ = ["ConsentFilters", "Consents"]


class ConsentFilters(ListOptions, total=False):
    """What `consents.list` can filter by."""

    user_document: Required[str]


class Consents(DataResource[Consent]):
    """`pool.consents`."""

    _spec = DataSpec(collection="/api/consents/", model=Consent, filters=ConsentFilters)

    def list(self, **filters: Unpack[ConsentFilters]) -> Paginator[Consent]:
        """List what Belvo has stored; see `DataResource`."""
        return self._list(filters)
