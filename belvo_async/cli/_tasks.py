"""The engine of a fleet, as a module of the user's own has it: `--tasks package.module:name`."""

import sys
from importlib import import_module

from belvo_async.errors import UsageError
from belvo_async.fleet import TaskEngine

_FORM = "Pass --tasks package.module:name, such as --tasks fleet_app:tasks."


def load_tasks(place: str) -> TaskEngine:
    """Import the engine that *place* names; modules of the current directory are found, too.

    Raises:
        UsageError: There is none.
    """
    module, _, name = place.partition(":")
    if not module or not name:
        raise UsageError(f'"{place}" names no object of a module.', remedy=_FORM)
    if "" not in sys.path:
        sys.path.insert(0, "")
    try:
        found = import_module(module)
    except ModuleNotFoundError as error:
        if error.name is not None and (module == error.name or module.startswith(f"{error.name}.")):
            raise UsageError(
                f"There is no module {module}.", remedy="Run it where the module is, or install its package."
            ) from None
        raise
    for part in name.split("."):
        if not hasattr(found, part):
            raise UsageError(f"The module {module} has no {name}.", remedy=_FORM)
        found = getattr(found, part)
    if not isinstance(found, TaskEngine) or isinstance(found, type):
        raise UsageError(
            f"{place} is {type(found).__name__}, not the tasks of a fleet.",
            remedy="Name a FleetTasks of belvo_async.contrib.procrastinate, or your own fleet.TaskEngine.",
        )
    return found
