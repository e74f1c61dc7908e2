"""The rows of JSON lines: one object a line, its values text or null."""

import json
from collections.abc import Iterator
from typing import Final

from belvo_async import LinkUpdate
from belvo_async.cli._rows._fields import NAMES, BadRow, Row, build_flawed, build_row, show_name, suggest
from belvo_async.cli._rows._lines import Lines, LongLineError

_OBJECT_REMEDY: Final = 'Write one object a line, such as {"link_id": "…", "password": "…"}.'
_TEXT_REMEDY: Final = "Write text in quotes, or null for what is not given."


class _Pairs(tuple[tuple[str, object], ...]):
    """The keys and values of an object, in its order: a key that comes twice is not lost."""

    __slots__ = ()


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_Pairs)


def read_json(lines: Lines) -> Iterator[Row]:
    """Read row after row, lazily."""
    while True:
        line = lines.begin_row()
        try:
            text = next(lines, None)
        except LongLineError:
            yield line, BadRow(line=line, problem="is too long", remedy=_OBJECT_REMEDY)
            continue
        if text is None:
            return
        if text.strip():
            yield line, build_flawed(line, {"": text}) if lines.is_flawed else _read_row(line, text)


def _read_row(line: int, text: str) -> LinkUpdate | BadRow:
    pairs = _decode(text)
    if pairs is None:
        return BadRow(line=line, problem="is not a JSON object", remedy=_OBJECT_REMEDY)
    given: dict[str, str] = {}
    for position, (key, value) in enumerate(pairs, 1):
        column = NAMES.get(key)
        if column is None:
            shown = show_name(key, position)
            return BadRow(line=line, field=shown, problem="is not known", remedy=suggest(key))
        if column in given:
            return BadRow(line=line, field=column, problem="is given twice", remedy="Keep one of them.")
        if isinstance(value, str):
            given[column] = value
        elif value is not None:
            return BadRow(line=line, field=column, problem="is not text", remedy=_TEXT_REMEDY)
    return build_row(line, given)


def _decode(text: str) -> _Pairs | None:
    """Return None for what is no object; the decoder's own errors would quote the whole line."""
    try:
        decoded = _DECODER.decode(text)
    except (ValueError, RecursionError):  # ValueError: also a number of thousands of digits
        return None
    return decoded if isinstance(decoded, _Pairs) else None
