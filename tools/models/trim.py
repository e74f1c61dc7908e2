"""Keeps of an official schema what the models and calls need: `python -m tools.models.trim openapi.json`."""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from tools.models.resources import RESOURCES, SCHEMA, Json, find_name

_KEPT: Final = frozenset(
    {
        "$ref",
        "allOf",
        "anyOf",
        "enum",
        "format",
        "items",
        "nullable",
        "oneOf",
        "properties",
        "required",
        "type",
    }
)


def trim(document: Json) -> dict[str, object]:
    """Return what is needed of an official schema."""
    operations = {
        f"{verb.upper()} {path}": _trim_operation(document, verb, operation)
        for _, collection in RESOURCES.values()
        for path in (collection, f"{collection}{{id}}/", f"{collection}{{id}}/history/")
        for verb, operation in document["paths"].get(path, {}).items()
        if verb in {"get", "post", "patch", "delete"}
    }
    named: dict[str, object] = {}
    _collect(document, operations, named)
    return {"version": document["info"]["version"], "operations": operations, "schemas": named}


def _trim_operation(document: Json, verb: str, operation: Json) -> dict[str, object]:
    parameters = [_resolve(document, one) for one in operation.get("parameters", ())]
    kept: dict[str, object] = {}
    if verb == "get":
        kept["query"] = {
            one["name"]: _strip(one["schema"]) | ({"required": True} if one.get("required") else {})
            for one in parameters
            if one["in"] == "query"
        }
        kept["row"] = _strip(_find_row(document, operation))
    if verb == "post":
        kept["body"] = _strip(_find_content(_resolve(document, operation["requestBody"])))
        kept["is_async"] = any(one["name"] == "X-Belvo-Request-Mode" for one in parameters)
    if verb in {"post", "patch"}:
        kept["asks_for_token"] = "428" in operation["responses"]
    return kept


def _find_row(document: Json, operation: Json) -> Json:
    """Return the schema of what one row is: of a page, of a list of one, or of the object itself."""
    schema = _find_content(_resolve(document, operation["responses"]["200"]))
    for part in schema.get("allOf", ()):
        if "results" in part.get("properties", {}):
            schema = part["properties"]["results"]
    found: Json = schema.get("items", schema)
    return found


def _resolve(document: Json, item: Json) -> Json:
    if "$ref" not in item:
        return item
    _, _, kind, name = item["$ref"].split("/")
    found: Json = document["components"][kind][name]
    return found


def _find_content(item: Json) -> Json:
    found: Json = next(iter(item["content"].values()))["schema"]
    return found


def _strip(schema: Any, *, is_properties: bool = False) -> Any:  # Any: JSON
    if isinstance(schema, list):
        return [_strip(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: _strip(value, is_properties=key == "properties")
        for key, value in schema.items()
        if is_properties or key in _KEPT
    }


def _collect(document: Json, schema: object, named: dict[str, object]) -> None:
    for name in _list_names(schema):
        if name not in named:
            named[name] = _strip(document["components"]["schemas"][name])
            _collect(document, named[name], named)


def _list_names(schema: object) -> Iterator[str]:
    if isinstance(schema, Mapping):
        if name := find_name(schema):
            yield name
        schema = list(schema.values())
    if isinstance(schema, list):
        for item in schema:
            yield from _list_names(item)


if __name__ == "__main__":
    official = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    SCHEMA.write_text(json.dumps(trim(official), indent=1, sort_keys=True) + "\n", "utf-8")
