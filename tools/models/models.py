"""Writes the models of each resource: one module each. A class lives in the module that needs it first."""

import json
import keyword
import re
import unicodedata
from collections.abc import Collection, Iterator
from typing import Final

from tools.models.resources import RESOURCES, Json, Schema, find_name, write_camel

_SCALARS: Final = {
    ("string", "date"): "dt.date",
    ("string", "date-time"): "dt.datetime",
    ("string", None): "str",
    ("boolean", None): "bool",
    ("integer", None): "int",
    ("number", None): "Decimal",
}
_SUFFIXES: Final = ("OpenFinanceBrazil", "OpenFinance", "Brazil", "Sat", "PublicApi")
"""Of Belvo's schemas, where no other schema has the name without it."""
_UNLISTED: Final = "UNLISTED"
"""The name of a value that is in no list; see `OpenEnum`."""


class ModelWriter:
    """Writes the modules of all resources, so that each class stands in one of them.

    Args:
        schema: What Belvo says.
        taken: Names that no class may have, as others in the package have them.
    """

    def __init__(self, schema: Schema, taken: Collection[str]) -> None:
        self._schema: Final = schema
        self._homes: Final[dict[str, str]] = dict.fromkeys(taken, "")
        self._names: Final[dict[object, str]] = {}
        self._classes: Final[dict[str, list[str]]] = {}
        self._imports: Final[dict[str, set[tuple[str, str]]]] = {}
        self._module = ""

    def write_all(self) -> Iterator[tuple[str, str]]:
        """Yield the name and the text of each module, unformatted."""
        for model, _ in RESOURCES.values():
            self._homes[model] = "reserved"
        for module, (model, path) in RESOURCES.items():
            self._module = module
            self._classes[module], self._imports[module] = [], set()
            row = self._schema.operations[f"GET {path}{{id}}/"]["row"]
            self._write_class(row, model, f"One row of `pool.{module}`.")
            history = self._schema.operations.get(f"GET {path}{{id}}/history/")
            if history is not None:
                self._write_class(history["row"], f"{model}History", f"What has become of an `{model}`.")
        for module in RESOURCES:
            yield module, self._join(module)

    def _join(self, module: str) -> str:
        body = "\n\n\n".join(self._classes[module])
        used = {
            "import datetime as dt": "dt.",
            "from collections.abc import Mapping": "Mapping[",
            "from decimal import Decimal": "Decimal",
        }
        ours = sorted((home, name) for home, name in self._imports[module])
        public = sorted(re.findall(r"^class (\w+)", body, re.MULTILINE))
        lines = [
            f'"""Models of {module.replace("_", " ")}. Generated from Belvo\'s schema: `make models`."""',
            "",
            *(line for line, sign in used.items() if sign in body),
            "",
            *(["from belvo_async.models._enums import OpenEnum"] if "(OpenEnum)" in body else []),
            "from belvo_async.models._rows import DataRow, row",
            *(f"from belvo_async.models.{home} import {name}" for home, name in ours),
            "",
            f"__all__ = [{', '.join(map(_quote, public))}]",
        ]
        return "\n".join(lines) + f"\n\n\n{body}\n"

    def _write_class(self, schema: Json, name: str, told: str) -> None:
        for part in (schema, *self._schema.resolve(schema).get("oneOf", ())):
            if origin := find_name(part):
                self._names[origin] = name
        self._homes[name] = self._module
        fields = [self._write_field(wire, part, name) for wire, part in self._find_properties(schema).items()]
        self._classes[self._module].append(
            "\n".join(["@row", f"class {name}(DataRow):", f'    """{told}"""', "", *fields])
        )

    def _find_properties(self, schema: Json) -> dict[str, Json]:
        """Return the fields of an object, those of all its forms."""
        schema = self._schema.resolve(schema)
        found: dict[str, Json] = {}
        for part in (*schema.get("allOf", ()), *schema.get("oneOf", ()), *schema.get("anyOf", ())):
            for key, value in self._find_properties(part).items():
                found[key] = self._merge(found[key], value) if key in found else value
        found.update(schema.get("properties", {}))
        return found

    def _merge(self, one: Json, other: Json) -> Json:
        """Return the schema of a field that has two forms: of two objects, one with the fields of both."""
        if one == other:
            return one
        first, second = self._schema.resolve(one), self._schema.resolve(other)
        if first.get("type") == second.get("type") == "array":
            return {"type": "array", "items": self._merge(first["items"], second["items"])}
        are_objects = self._find_properties(one) and self._find_properties(other)
        return {"anyOf": [one, other]} if are_objects else one

    def _write_field(self, wire: str, schema: Json, owner: str) -> str:
        is_name = wire.isidentifier() and not keyword.iskeyword(wire)
        name = wire if is_name else re.sub(r"\W", "_", wire) + "_"
        kind = self._find_kind(schema, owner, wire)
        return f"    {name}: {kind} = ()" if kind.startswith("tuple") else f"    {name}: {kind} | None = None"

    def _find_kind(self, schema: Json, owner: str, wire: str) -> str:
        resolved = self._schema.resolve(schema)
        if "enum" in resolved and resolved.get("type") == "string":
            return self._find_enum(schema, owner, wire)
        if resolved.get("type") == "array":
            return f"tuple[{self._find_kind(resolved['items'], owner, wire)}, ...]"
        if self._find_properties(schema):
            return self._find_class(schema, owner, wire)
        if resolved.get("type") == "object" or "type" not in resolved:
            return "Mapping[str, object]"
        kind = resolved["type"]
        return _SCALARS.get((kind, resolved.get("format"))) or _SCALARS[kind, None]

    def _find_class(self, schema: Json, owner: str, wire: str) -> str:
        origin = find_name(schema)
        key: object = origin or (owner, wire)
        if key not in self._names:
            name = self._choose_name(origin, owner, wire)
            self._names[key] = name
            self._write_class(schema, name, f"The `{wire}` of {_write_article(owner)} `{owner}`.")
        return self._use(self._names[key])

    def _find_enum(self, schema: Json, owner: str, wire: str) -> str:
        values = tuple(value for value in self._schema.resolve(schema)["enum"] if value is not None)
        key = (find_name(schema) or wire, values)
        if key not in self._names:
            name = self._choose_name(find_name(schema).removeprefix("Enum"), owner, wire)
            self._names[key], self._homes[name] = name, self._module
            members = [f"    {_name_member(value)} = {_quote(value)}" for value in dict.fromkeys(values)]
            told = f'    """The `{wire}` of {_write_article(owner)} `{owner}`."""'
            self._classes[self._module].append("\n".join([f"class {name}(OpenEnum):", told, "", *members]))
        return self._use(self._names[key])

    def _choose_name(self, origin: str, owner: str, wire: str) -> str:
        named = write_camel(origin)
        for suffix in _SUFFIXES:
            named = named.removesuffix(suffix)
        own = f"{owner}{write_camel(wire)}"
        for name in (named, own, f"{own}Detail"):
            if name and name not in self._homes:
                return name
        raise LookupError(f"no name is free for {owner}.{wire}")

    def _use(self, name: str) -> str:
        home = self._homes[name]
        if home != self._module:
            self._imports[self._module].add((home, name))
        return name


def _write_article(name: str) -> str:
    return "an" if name[0] in "AEIO" else "a"


def _name_member(value: str) -> str:
    plain = unicodedata.normalize("NFKD", value).encode("ascii", "ignore").decode()
    name = re.sub(r"\W+", "_", plain).strip("_").upper() or "EMPTY"
    if name == _UNLISTED:
        raise ValueError("a value has the name of those that are in no list")
    return f"N{name}" if name[0].isdigit() else name


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
