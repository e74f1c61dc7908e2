"""Python as text, in the form that `ruff format` gives it."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

_LINE_LENGTH: Final = 110
_STANDARD: Final = {
    "dt": "import datetime as dt",
    "Mapping": "from collections.abc import Mapping",
    "Decimal": "from decimal import Decimal",
}
"""What a module may need of the standard library, in the order of the lines."""
_OUR_OWN: Final[Mapping[str, Iterable[str]]] = {
    "_data_model": ["DataModel", "show_ids_only"],
    "_enums": ["OpenEnum"],
}


def write_class(name: str, parent: str, title: str, fields: Mapping[str, tuple[str, bool]]) -> str:
    """Write a model; each field has a type, and may be deprecated."""
    lines = [
        "@frozen(kw_only=True, field_transformer=show_ids_only)",
        f"class {name}({parent}):",
        f'    """{title}"""',
        "",
    ]
    for field, (kind, is_deprecated) in fields.items():
        many = kind.startswith("tuple[")
        lines.append(f"    {field}: {kind} = ()" if many else f"    {field}: {kind} | None = None")
        if is_deprecated:
            lines.append('    """Deprecated by Belvo."""')
    return "\n".join(lines)


def write_enum(name: str, title: str, members: Mapping[str, str]) -> str:
    """Write an enumeration."""
    lines = [f"class {name}(OpenEnum):", f'    """{title}"""', ""]
    for member, value in members.items():
        text = json.dumps(value, ensure_ascii=False)
        line = f"    {member} = {text}"
        lines += [line] if len(line) <= _LINE_LENGTH else [f"    {member} = (", f"        {text}", "    )"]
    return "\n".join(lines)


def write_module(name: str, classes: Mapping[str, str], others: Mapping[str, Iterable[str]]) -> str:
    """Write a module of models, with the names that it needs of *others*."""
    text = "\n\n\n".join(classes.values())
    words = frozenset(re.findall(r"\w+", re.sub(r'"+[^"]*"+', "", text)))
    standard = [line for word, line in _STANDARD.items() if word in words]
    needed = {home: [one for one in names if one in words] for home, names in {**_OUR_OWN, **others}.items()}
    lines = [
        f'"""{name.replace("_", " ").capitalize()}, from Belvo\'s schema: `make models` writes this."""',
        "",
        *standard,
        *([""] if standard else []),
        "from attrs import frozen",
        "",
        *(line for home, names in sorted(needed.items()) if names for line in _write_import(home, names)),
        "",
        *_write_list("__all__ = [", [f'"{public}"' for public in sorted(classes)], "]"),
    ]
    return "\n".join(lines) + f"\n\n\n{text}\n"


def _write_import(home: str, names: Iterable[str]) -> Iterator[str]:
    start = f"from belvo_async.models.{home} import "
    line = start + ", ".join(names)
    yield from [line] if len(line) <= _LINE_LENGTH else _write_list(f"{start}(", names, ")")


def _write_list(start: str, items: Iterable[str], end: str) -> Iterator[str]:
    line = start + ", ".join(items) + end
    if len(line) <= _LINE_LENGTH:
        yield line
    else:
        yield from (start, *(f"    {item}," for item in items), end)
