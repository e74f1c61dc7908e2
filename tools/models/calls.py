"""Writes the calls of each data resource from Belvo's schema: one module each, and the attributes of a client."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from attrs import frozen

from tools.models.schema import Schema, resolve

_SCALARS: Final[Mapping[tuple[str, str | None], str]] = {
    ("string", "date"): "Day",
    ("string", "uuid"): "str | UUID",
    ("integer", None): "int",
    ("number", None): "Amount",
    ("boolean", None): "bool",
}
_OURS: Final = frozenset({"link", "fields", "omit", "save_data", "page", "page_size"})
"""What the engine declares, or does itself."""
_SHORTEST_PERIODS: Final = {"incomes": 90}
"""Days (error code `invalid_period`)."""
_TITLES: Final = {
    "tax_compliance_status": "TaxComplianceStatuses",
    "tax_status": "TaxStatuses",
    "chile_tax_status": "ChileTaxStatuses",
    "risk_insights": "RiskInsightReports",
}
"""Of resources whose model has their name."""


_BASES: Final = ("DataResource", "DeletableData", "ResumableData", "RetrievableData")
_OPTIONS: Final = (
    *("BackgroundOptions", "DataSpec", "ListOptions", "PageOptions", "RetrievalOptions", "TokenOptions"),
    "WholeRowOptions",
)
"""What a module of calls may need of the engine."""


@frozen
class Calls:
    """The calls of one resource, as the schema has them."""

    name: str
    """The attribute of a client, and its module's name."""
    model: str
    path: str
    operations: Schema
    schemas: Schema

    @property
    def title(self) -> str:
        """The name of its class."""
        return _TITLES.get(self.name) or "".join(map(str.capitalize, self.name.split("_")))

    @property
    def post(self) -> Schema | None:
        """The operation that retrieves it."""
        return self.operations.get(f"POST {self.path}")

    @property
    def is_async(self) -> bool:
        """Whether it can be retrieved in the background."""
        return self.post is not None and "X-Belvo-Request-Mode" in self.post["headers"]

    @property
    def can_resume(self) -> bool:
        """Whether a call takes the token of a challenge."""
        return f"PATCH {self.path}" in self.operations

    @property
    def can_delete(self) -> bool:
        """Whether a row can be deleted."""
        return f"DELETE {self.path}{{id}}/" in self.operations

    def has_choice(self, verb: str) -> bool:
        """Whether an operation can be told which fields of a row are wanted."""
        query: Schema = self.operations[f"{verb} {self.path}"]["query"]
        return {"fields", "omit"} <= query.keys()

    def find_kind(self, schema: Schema, *, is_many: bool = False) -> str:
        """Return the Python type of an argument."""
        schema = resolve(schema, self.schemas)
        if schema.get("type") == "array":
            return f"Iterable[{self.find_kind(schema['items'])}]"
        choices = [choice for choice in schema.get("enum", ()) if choice is not None]
        if choices:
            kind = f"Literal[{', '.join(map(_quote, choices))}]"
        else:
            declared, form = str(schema.get("type", "string")), schema.get("format")
            kind = _SCALARS.get((declared, form)) or _SCALARS.get((declared, None)) or "str"
        return f"Iterable[{kind}]" if is_many else kind

    def list_filters(self) -> Iterator[tuple[str, str]]:
        """Yield what its list can be filtered by."""
        for name, schema in sorted(self.operations[f"GET {self.path}"]["query"].items()):
            if name in _OURS - {"link"}:
                continue
            plain = {key: value for key, value in resolve(schema, self.schemas).items() if key != "enum"}
            if plain.get("type") == "array":
                plain["items"] = {
                    "type": "string",
                    **{k: v for k, v in plain["items"].items() if k != "enum"},
                }
            is_many = name.endswith(("__in", "__not_in", "__range")) and plain.get("type") != "array"
            kind = self.find_kind(plain, is_many=is_many)
            yield name, f"Required[{kind}]" if schema.get("required") else kind

    def list_options(self) -> Iterator[tuple[str, str]]:
        """Yield what a retrieval can be told, besides what all can be told."""
        if self.post is None:
            return
        found, required = self._read_body(self.post["body"])
        for name in sorted(found.keys() - _OURS):
            kind = self.find_kind(found[name])
            yield name, f"Required[{kind}]" if name in required else kind

    def list_alternatives(self) -> tuple[tuple[str, ...], ...]:
        """Return the names of which one set has to be given, where there is a choice of bodies."""
        schema = {} if self.post is None else resolve(self.post["body"], self.schemas)
        parts = [self._read_body(part)[1] for part in schema.get("oneOf", ())]
        of_all = frozenset.intersection(*parts) if parts else frozenset[str]()
        return tuple(tuple(sorted(part - of_all)) for part in parts)

    def _read_body(self, schema: Schema) -> tuple[Schema, frozenset[str]]:
        """Return the properties of a body, and the required ones: of a choice of bodies those of all."""
        schema = resolve(schema, self.schemas)
        if "oneOf" not in schema:
            return schema.get("properties", {}), frozenset(schema.get("required", ()))
        parts = [self._read_body(part) for part in schema["oneOf"]]
        found = {name: value for properties, _ in parts for name, value in properties.items()}
        return found, frozenset.intersection(*(required for _, required in parts))


def write_calls(resource: Calls) -> str:
    """Return the module of a resource's calls, unformatted."""
    parts = [_write_filters(resource)]
    if resource.post is not None:
        parts += _write_options(resource)
    parts.append(_write_class(resource))
    return _write_head(resource, "\n\n\n".join(parts)) + "\n\n\n".join(parts) + "\n"


def _write_filters(resource: Calls) -> str:
    base = "ListOptions" if resource.has_choice("GET") else "PageOptions"
    lines = [
        f"class {resource.model}Filters({base}, total=False):",
        f'    """What `{resource.name}.list` can filter by."""',
        "",
        *(f"    {name}: {kind}" for name, kind in resource.list_filters()),
    ]
    return "\n".join(lines)


def _write_options(resource: Calls) -> Iterator[str]:
    own = [f"    {name}: {kind}" for name, kind in resource.list_options()]
    chosen = "TokenOptions" if resource.can_resume else "RetrievalOptions"
    base = chosen if resource.has_choice("POST") else "WholeRowOptions"
    if resource.post is not None and resource.is_async:
        yield _write_typed_dict(
            f"{resource.model}BackgroundOptions",
            "BackgroundOptions",
            f"What `{resource.name}.retrieve_in_background` can be told.",
            own,
        )
        base, own = f"{resource.model}BackgroundOptions, {base}", []
    yield _write_typed_dict(
        f"{resource.model}Options", base, f"What `{resource.name}.retrieve` can be told.", own
    )


def _write_typed_dict(name: str, base: str, told: str, fields: list[str]) -> str:
    return "\n".join(
        [f"class {name}({base}, total=False):", f'    """{told}"""', *([""] if fields else []), *fields]
    )


def _write_class(resource: Calls) -> str:
    model, name = resource.model, resource.name
    retrieval = "ResumableData" if resource.can_resume else "RetrievableData"
    bases = [f"{retrieval if resource.post else 'DataResource'}[{model}]"]
    if resource.can_delete:
        bases.insert(0, f"DeletableData[{model}]")
    spec = [f'collection="{resource.path}"', f"model={model}", f"filters={model}Filters"]
    if resource.post is not None:
        spec.append(f"options={model}Options")
    if alternatives := resource.list_alternatives():
        spec.append(f"alternatives={alternatives!r}")
    if name in _SHORTEST_PERIODS:
        spec.append(f"shortest_period={_SHORTEST_PERIODS[name]}")
    lines = [
        f"class {resource.title}({', '.join(bases)}):",
        f'    """`pool.{name}`."""',
        "",
        f"    _spec = DataSpec({', '.join(spec)})",
        "",
        f"    def list(self, **filters: Unpack[{model}Filters]) -> Paginator[{model}]:",
        '        """List what Belvo has stored; see `DataResource`."""',
        "        return self._list(filters)",
    ]
    if resource.post is not None:
        lines += [
            "",
            f"    async def retrieve(self, link_id: str | UUID, **options: Unpack[{model}Options]) -> tuple[{model}, ...]:",
            '        """Retrieve them from the institution, with one login; see `RetrievableData`."""',
            "        return await self._retrieve(link_id, options)",
        ]
    if resource.post is not None and resource.is_async:
        lines += [
            "",
            "    async def retrieve_in_background(",
            f"        self, link_id: str | UUID, **options: Unpack[{model}BackgroundOptions]",
            "    ) -> AcceptedRequest:",
            '        """Let Belvo retrieve them, and tell by a webhook; see `RetrievableData`."""',
            "        return await self._retrieve_in_background(link_id, options)",
        ]
    if f"GET {resource.path}{{id}}/history/" in resource.operations:
        lines += _write_history(resource)
    return "\n".join(lines)


def _write_history(resource: Calls) -> list[str]:
    return [
        "",
        f"    def history(self, item_id: str | UUID, **options: Unpack[ListOptions]) -> Paginator[{resource.model}Event]:",
        '        """List what has become of one of them."""',
        f'        return self._list_below(item_id, "history/", {resource.model}Event, options)',
    ]


def _write_head(resource: Calls, body: str) -> str:
    engine, options = (
        [name for name in names if re.search(rf"[(\[, ]{name}\b", body)] for names in (_BASES, _OPTIONS)
    )
    typed = sorted(name for name in ("Literal", "Required", "Unpack") if f"{name}[" in body)
    models = [resource.model, *([f"{resource.model}Event"] if "Event]" in body else [])]
    params = sorted(name for name in ("Amount", "Day") if re.search(rf"\b{name}\b", body))
    public = sorted({f"{match}" for match in re.findall(r"^class (\w+)", body, re.MULTILINE)})
    lines = [
        f'"""The calls about {resource.name.replace("_", " ")}. Generated from Belvo\'s schema: `make models`."""',
        "",
        *(["from collections.abc import Iterable"] if "Iterable[" in body else []),
        f"from typing import {', '.join(typed)}",
        *(["from uuid import UUID"] if "UUID" in body else []),
        "",
        *(["from belvo_async.models import AcceptedRequest"] if "AcceptedRequest" in body else []),
        f"from belvo_async.models.{resource.name} import {', '.join(models)}",
        *([f"from belvo_async.params._options import {', '.join(params)}"] if params else []),
        f"from belvo_async.resources._data import {', '.join(engine)}",
        f"from belvo_async.resources._data_options import {', '.join(options)}",
        "from belvo_async.resources._paginator import Paginator",
        "",
        f"__all__ = [{', '.join(map(_quote, public))}]",
    ]
    return "\n".join(lines) + "\n\n\n"


def write_attributes(resources: list[Calls]) -> str:
    """Return the module with the attributes of a client, unformatted."""
    resumable = "".join(f'    "{one.path}": "{one.name}",\n' for one in resources if one.can_resume)
    imports = "".join(f"    from belvo_async.resources.{one.name} import {one.title}\n" for one in resources)
    attributes = "".join(
        f'    {one.name}: "LazyResource[{one.title}]" = LazyResource("{one.title}")\n' for one in resources
    )
    return (
        '"""The data resources of a client. Generated from Belvo\'s schema: `make models`."""\n\n'
        "from collections.abc import Mapping\n"
        "from typing import TYPE_CHECKING, Final\n\n"
        "from belvo_async.models import DataModel\n"
        "from belvo_async.resources._data import ResumableData\n"
        "from belvo_async.resources._lazy import LazyResource\n\n"
        f"if TYPE_CHECKING:  # each is imported when it is first used\n{imports}\n"
        f"_RESUMABLE: Final[Mapping[str, str]] = {{\n{resumable}}}\n"
        '"""The collections at which a token can be given, and their resources."""\n\n\n'
        "class DataResources:\n"
        '    """One attribute for each data resource, imported when it is first used."""\n\n'
        f"{attributes}\n"
        "    def _find_resumable(self, collection: str) -> ResumableData[DataModel] | None:\n"
        '        """Return the resource at whose collection a token can be given; None where there is none."""\n'
        "        name = _RESUMABLE.get(collection)\n"
        "        return None if name is None else getattr(self, name)\n"
    )


def _quote(text: str) -> str:
    return f'"{text}"'
