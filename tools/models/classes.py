"""The modules of models: a class for each object of the document, an enumeration for each list of texts."""

from typing import Final, TypeAlias

from tools.models.names import name_class, name_field, name_member
from tools.models.schema import RESOURCES, Resource, Schema, find_origin, merge_properties, resolve
from tools.models.text import write_class, write_enum, write_module

_TIMES: Final = {"date": "dt.date", "date-time": "dt.datetime"}
_SCALARS: Final = {"string": "str", "boolean": "bool", "integer": "int", "number": "Decimal"}
_BASE: Final = "DataModel"


_Module: TypeAlias = dict[str, str]
"""The text of each class by its name, after those that it needs."""


class ModelWriter:
    """Writes the modules in order; a class stands in the first that needs it, and before its first user."""

    def __init__(self, schema: Schema) -> None:
        self._operations: Final[Schema] = schema["operations"]
        self._schemas: Final[Schema] = schema["schemas"]
        self._modules: Final[dict[str, _Module]] = {}
        self._here: _Module = {}

    def write_all(self) -> dict[str, str]:
        """Return the text of each module."""
        for name, resource in RESOURCES.items():
            self._modules[name] = self._here = {}
            self._write_rows(resource)
            self._write_history(resource)
        names = {name: sorted(module) for name, module in self._modules.items()}
        return {
            name: write_module(name, module, {home: names[home] for home in names if home != name})
            for name, module in self._modules.items()
        }

    def _write_rows(self, resource: Resource) -> None:
        """Write the class of the rows; where they have profiles, one that inherits from it for each."""
        rows = self._operations[f"GET {resource.path}{{id}}/"]["successes"]["200"]
        rows = rows.get("items", rows)
        profiles = {find_origin(profile): profile for profile in rows.get("oneOf", ())}
        common = profiles.pop(resource.model, rows)
        title = f"A row of `{resource.path}`."
        self._write_object(common, resource.model, title)
        if common is not rows:
            for origin, profile in profiles.items():
                name = name_class(str(origin), is_item=False)
                self._write_object(profile, name, title, base=(resource.model, common))

    def _write_history(self, resource: Resource) -> None:
        path = f"{resource.path}{{id}}/history/"
        operation = self._operations.get(f"GET {path}")
        if operation is not None:
            page = merge_properties(operation["successes"]["200"], self._schemas)
            self._write_object(page["results"]["items"], f"{resource.model}Event", f"A row of `{path}`.")

    def _write_object(
        self, schema: Schema, name: str, title: str, base: tuple[str, Schema] | None = None
    ) -> None:
        parent = _BASE if base is None else base[0]
        inherited = {} if base is None else merge_properties(base[1], self._schemas)
        fields = {}
        for wire, inner in merge_properties(schema, self._schemas).items():
            kind = self._find_kind(inner, name, wire, is_item=False)
            if wire in inherited and kind != self._find_kind(inherited[wire], parent, wire, is_item=False):
                raise ValueError(f"{name}.{wire} differs from that of {parent}")
            if wire not in inherited:
                fields[name_field(wire)] = kind, bool(resolve(inner, self._schemas).get("deprecated"))
        self._add(name, write_class(name, parent, title, fields))

    def _find_kind(self, schema: Schema, owner: str, wire: str, *, is_item: bool) -> str:
        """Return the type of a field; a class that it needs is written on the way."""
        origin = find_origin(schema)
        schema = resolve(schema, self._schemas)
        kind = schema.get("type", "object")
        if kind == "array":
            return f"tuple[{self._find_kind(schema['items'], owner, wire, is_item=True)}, ...]"
        name = name_class(origin or f"{owner}_{wire}", is_item=is_item)
        if kind == "string" and "enum" in schema:
            self._add(name, write_enum(name, f"Values of `{owner}.{wire}`.", _list_members(schema)))
        elif kind == "object" and merge_properties(schema, self._schemas):
            title = f"{'An item of' if is_item else 'The value of'} `{owner}.{wire}`."
            self._write_object(schema, name, title)
        elif kind == "object":
            return "Mapping[str, object]"
        else:
            return _TIMES.get(schema.get("format", "")) or _SCALARS[kind]
        return name

    def _add(self, name: str, text: str) -> None:
        """Add a class, where it stands nowhere yet."""
        known = next((module[name] for module in self._modules.values() if name in module), None)
        if known is None:
            self._here[name] = text
        elif _get_body(known) != _get_body(text):
            raise ValueError(f"two classes are called {name}")


def _get_body(text: str) -> str:
    """Return what a class says below its docstring, which names the first place that needs it."""
    return text.partition('."""')[2]


def _list_members(schema: Schema) -> dict[str, str]:
    """Return the values by name; where null may stand, the document has it, or "null", among them."""
    return {name_member(value): value for value in schema["enum"] if value not in (None, "null")}
