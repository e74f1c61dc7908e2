"""What a debugger, or a tool that shows variables, sees of an exception.

Frames of aiohttp hold keys, headers and bodies, and are taken off. Ours stay, and a token in them is behind a
type whose `repr` hides it.
"""

from collections.abc import Iterator
from types import CodeType, TracebackType
from typing import Final, TypeVar

T = TypeVar("T")

_FOREIGN: Final = frozenset({"aiohttp", "aiohappyeyeballs", "multidict", "yarl"})
"""Packages whose variables are headers, addresses and bodies."""


def drop_frames(error: BaseException, *also: CodeType) -> None:
    """Take the frames of aiohttp, and those of *also*, off an error and off whatever led to it."""
    for one in _follow(error):
        one.__traceback__ = _drop(one.__traceback__, frozenset(also))


def _follow(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    left: list[BaseException | None] = [error]
    while left:
        one = left.pop()
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            yield one
            left += [one.__cause__, one.__context__]


def _drop(trace: TracebackType | None, also: frozenset[CodeType]) -> TracebackType | None:
    kept: TracebackType | None = None
    for one in reversed(list(_walk(trace))):
        if not _is_foreign(one) and one.tb_frame.f_code not in also:
            kept = TracebackType(kept, one.tb_frame, one.tb_lasti, one.tb_lineno)
    return kept


def _walk(trace: TracebackType | None) -> Iterator[TracebackType]:
    while trace is not None:
        yield trace
        trace = trace.tb_next


def _is_foreign(trace: TracebackType) -> bool:
    name = trace.tb_frame.f_globals.get("__name__", "")
    return isinstance(name, str) and name.partition(".")[0] in _FOREIGN
