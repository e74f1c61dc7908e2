"""The public names with their parameters, as text: `python -m tests.surface` writes it to `surface.txt`.

A change of it is a change for users: review it, and note it in the changelog.
"""

import enum
import inspect
from collections.abc import Iterator
from importlib import import_module
from itertools import chain
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from typing import Final

import attrs

from belvo_async import models, resources
from belvo_async.resources import Challenges, Institutions, Links


def _list_public(package: ModuleType) -> tuple[str, ...]:
    found = [one.name for one in iter_modules(package.__path__) if not one.name.startswith("_")]
    return tuple(f"{package.__name__}.{name}" for name in found)


DATA_MODELS: Final = _list_public(models)
DATA_CALLS: Final = _list_public(resources)
"""One for each data resource."""
MODULES: Final = (
    "belvo_async",
    "belvo_async.backends",
    "belvo_async.bulk",
    "belvo_async.contrib.opentelemetry",
    "belvo_async.contrib.procrastinate",
    "belvo_async.contrib.temporal",
    "belvo_async.errors",
    "belvo_async.fleet",
    "belvo_async.mfa",
    "belvo_async.models",
    *DATA_MODELS,
    "belvo_async.params",
    "belvo_async.resources",
    *DATA_CALLS,
    "belvo_async.sandbox",
    "belvo_async.telemetry",
    "belvo_async.testing",
    "belvo_async.web",
    "belvo_async.webhooks",
)
RESOURCES: Final = {"challenges": Challenges, "institutions": Institutions, "links": Links}
"""What a pool leads to."""
RECORD: Final = Path(__file__).with_name("surface.txt")
_ENTERED: Final = ("__aenter__", "__aiter__", "__call__", "__iter__", "__len__")
_IMPLIED: Final = ("cls", "self")


def write_surface() -> str:
    """Return all of it, a line for each name."""
    lines = chain(
        *(_list_names(import_module(name)) for name in MODULES),
        *(_list_class(f"pool.{name}", kind) for name, kind in RESOURCES.items()),
    )
    return "".join(f"{line}\n" for line in lines)


def _list_names(module: ModuleType) -> Iterator[str]:
    yield f"{module.__name__}:"
    for name in sorted(find_public(module)):
        thing = getattr(module, name)
        if isinstance(thing, type) and thing.__module__.startswith("belvo_async"):
            yield from (f"  {line}" for line in _list_class(f"{name}{_describe(thing)}", thing))
        else:
            yield f"  {name}{_describe(thing)}"


def _list_class(title: str, kind: type) -> Iterator[str]:
    yield title
    yield from (f"  .{line}" for line in _list_members(kind))


def find_public(module: ModuleType) -> list[str]:
    """Return the names that a module shows to its users."""
    names: list[str] = module.__all__
    return names


def _describe(thing: object) -> str:
    if not inspect.isroutine(thing) and (not isinstance(thing, type) or not _is_made_by_users(thing)):
        return ""
    parameters = inspect.signature(thing).parameters.values()
    return f"({', '.join(_list_parameters([one for one in parameters if one.name not in _IMPLIED]))})"


def _is_made_by_users(kind: type) -> bool:
    made = "__init__" in vars(kind)
    return made and not issubclass(kind, enum.Enum) and not getattr(kind, "_is_protocol", False)


def _list_parameters(parameters: list[inspect.Parameter]) -> Iterator[str]:
    named = [one for one in parameters if one.kind is one.KEYWORD_ONLY]
    for parameter in parameters:
        if named and parameter is named[0]:
            yield "*"
        stars = "*" if parameter.kind is parameter.VAR_POSITIONAL else ""
        stars = "**" if parameter.kind is parameter.VAR_KEYWORD else stars
        yield f"{stars}{parameter.name}{'' if parameter.default is parameter.empty else '='}"


def _list_members(kind: type) -> Iterator[str]:
    own = {field.name for field in attrs.fields(kind)} if attrs.has(kind) else set()
    ours = [parent for parent in reversed(kind.__mro__) if parent.__module__.startswith("belvo_async")]
    members = {name: member for parent in ours for name, member in vars(parent).items() if name not in own}
    for name, member in sorted(members.items()):
        if name.startswith("_") and name not in _ENTERED:
            continue
        called = member.__func__ if isinstance(member, classmethod | staticmethod) else member
        prefix = "async " if inspect.iscoroutinefunction(called) else ""
        yield f"{prefix}{name}{_describe(called) if inspect.isfunction(called) else ''}"


if __name__ == "__main__":
    RECORD.write_text(write_surface(), "utf-8")
