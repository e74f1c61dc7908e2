"""`--tasks package.module:name`: the queue of a fleet's tasks, from a module of the user's own."""

import sys
from importlib import import_module
from types import TracebackType
from typing import Final, NoReturn

import typer

from belvo_async.fleet import TaskQueue
from belvo_async.models import write_line

_OPTION: Final = "--tasks"


def load_tasks(place: str) -> TaskQueue:
    """Import what *place* names; the current folder comes first, as with other servers of Python.

    Raises:
        BadParameter: There is no such module or name, the module raises, or it is no queue of tasks.
    """
    module_name, _, name = place.partition(":")
    if not (all(part.isidentifier() for part in module_name.split(".")) and name.isidentifier()):
        _refuse("is not written as package.module:name, such as fleet_tasks:tasks")
    sys.path.insert(0, "")
    try:
        module = import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            _refuse(f"cannot be imported, as {module_name} needs the module {error.name}: install it")
        _refuse(f"names the module {error.name}, which is not there: run this in the folder that holds it")
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever code of the user raises
        # Not its text: where an address makes no sense, that quotes its password.
        where = f"{type(error).__name__}{_find_place(error.__traceback__)}"
        _refuse(f'cannot be imported: {where}. To see all of it: python -c "import {module_name}"')
    found: object = getattr(module, name, None)
    if found is None:
        _refuse(f"names {name}, which {module_name} does not have: name the variable that holds the tasks")
    if isinstance(found, type) or not isinstance(found, TaskQueue):
        kind = "the class" if isinstance(found, type) else "an object of"
        told = found.__name__ if isinstance(found, type) else type(found).__name__
        _refuse(
            f"names {kind} {told}: name a FleetTasks of belvo_async.contrib, or a belvo_async.fleet.TaskQueue"
        )
    return found


def _find_place(trace: TracebackType | None) -> str:
    """Tell where code raised."""
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else f" in {trace.tb_frame.f_code.co_filename}, line {trace.tb_lineno}"


def _refuse(problem: str) -> NoReturn:
    raise typer.BadParameter(f"{write_line(problem)}.", param_hint=_OPTION) from None
