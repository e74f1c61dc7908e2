"""The classes of all data resources, by their attribute."""

from importlib import import_module

from belvo_async import Client
from belvo_async.models import DataModel
from belvo_async.resources import DataResource
from belvo_async.resources._data_resources import DataResources
from belvo_async.resources._lazy import LazyResource


def list_data_resources() -> dict[str, type[DataResource[DataModel]]]:
    assert issubclass(Client, DataResources)
    return {
        name: getattr(import_module(f"belvo_async.resources.{name}"), attribute._kind)
        for name, attribute in vars(DataResources).items()
        if isinstance(attribute, LazyResource)
    }
