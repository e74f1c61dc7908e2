"""Keep the facts of Belvo's OpenAPI document: `python -m tools.models.trim openapi.json`."""

import json
import sys
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any, Final, TypeAlias

from tools.models.schema import EXAMPLES, RESOURCES, SCHEMA, merge_properties

Json: TypeAlias = Any
"""A part of the document: of any form."""

KEPT: Final = frozenset(
    {
        *("$ref", "type", "format", "nullable", "enum", "default", "deprecated", "required"),
        *("items", "properties", "oneOf", "anyOf", "allOf"),
    }
)
_VERBS: Final = ("delete", "get", "patch", "post")


def trim(document: Json) -> Json:
    """Return the operations of the data resources, and the schemas that they name, without prose."""
    paths = tuple(resource.path for resource in RESOURCES.values())
    operations = {
        f"{verb.upper()} {path}": _trim_operation(document, item[verb])
        for path, item in document["paths"].items()
        if path.startswith(paths)
        for verb in _VERBS
        if verb in item
    }
    schemas = document["components"]["schemas"]
    names = sorted(_find_names(operations, schemas, set()))
    return {
        "version": document["info"]["version"],
        "operations": operations,
        "schemas": {name: _strip(schemas[name]) for name in names},
    }


def _trim_operation(document: Json, operation: Json) -> Json:
    parameters = [_follow(document, parameter) for parameter in operation.get("parameters", [])]
    responses = {
        status: _find_schema(_follow(document, response))
        for status, response in operation["responses"].items()
    }
    return {
        "query": {
            parameter["name"]: _strip(parameter["schema"])
            | ({"required": True} if parameter.get("required") else {})
            for parameter in parameters
            if parameter["in"] == "query"
        },
        "headers": [parameter["name"] for parameter in parameters if parameter["in"] == "header"],
        "body": _find_schema(_follow(document, operation.get("requestBody", {}))),
        "successes": {status: schema for status, schema in responses.items() if status[0] == "2"},
        "failures": [status for status in responses if status[0] != "2"],
    }


def _follow(document: Json, part: Json) -> Json:
    """Return what a reference to a parameter, a body or a response names."""
    while "$ref" in part:
        place = document
        for step in part["$ref"].removeprefix("#/").split("/"):
            place = place[step]
        part = place
    return part


def _find_schema(part: Json) -> Json:
    contents = [*part.get("content", {}).values()]
    return _strip(contents[0].get("schema", {})) if contents else {}


def _strip(schema: Json, *, names: bool = False) -> Json:
    """Return a schema without prose; the keys of *names* are those of fields, and stay."""
    if isinstance(schema, list):
        return [_strip(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: _strip(value, names=key == "properties" and not names)
        for key, value in schema.items()
        if names or key in KEPT
    }


def _find_names(part: Json, schemas: Json, found: set[str]) -> set[str]:
    """Add the schemas that a part leads to, directly or through others."""
    inner = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    name = part.get("$ref") if isinstance(part, dict) else None
    name = name.removeprefix("#/components/schemas/") if isinstance(name, str) else None
    if name and name not in found:
        found.add(name)
        _find_names(_strip(schemas[name]), schemas, found)
    for item in inner:
        _find_names(item, schemas, found)
    return found


def collect_examples(document: Json) -> dict[str, list[Json]]:
    """Return the rows that the document shows, by the name of their class: one for each profile."""
    schemas = document["components"]["schemas"]
    found: dict[str, list[Json]] = {}
    for name, resource in RESOURCES.items():
        response = _follow(document, document["paths"][f"{resource.path}{{id}}/"]["get"]["responses"]["200"])
        schema = response["content"]["application/json"]["schema"]
        schema = schema.get("items", schema)
        found[f"{name}.{resource.model}"] = [
            _show(profile, schemas) for profile in schema.get("oneOf", [schema])
        ]
    return found


def _show(schema: Json, schemas: Json) -> Json:
    if "$ref" in schema:
        schema = schemas[schema["$ref"].removeprefix("#/components/schemas/")]
    if "example" in schema:
        return schema["example"]
    if "items" in schema:
        return [_show(schema["items"], schemas)]
    fields = merge_properties(schema, schemas)
    return {name: _show(field, schemas) for name, field in fields.items()} or None


def write_lines(parts: Mapping[str, Json], indent: str = "") -> Iterator[str]:
    """Write an object as JSON, a line for each of its entries, so that a change can be reviewed."""
    last = len(parts) - 1
    for number, (name, part) in enumerate(parts.items()):
        text = json.dumps(part, ensure_ascii=False, separators=(", ", ": "))
        yield f"{indent}{json.dumps(name)}: {text}{'' if number == last else ','}"


def _write_schema(schema: Json) -> str:
    lines = chain(
        ("{", f' "version": {json.dumps(schema["version"])},', ' "operations": {'),
        write_lines(schema["operations"], "  "),
        (" },", ' "schemas": {'),
        write_lines(schema["schemas"], "  "),
        (" }", "}"),
    )
    return "".join(f"{line}\n" for line in lines)


def main(source: Path) -> None:
    """Write both files."""
    document = json.loads(source.read_text("utf-8"))
    SCHEMA.write_text(_write_schema(trim(document)), "utf-8")
    examples = chain("{", write_lines(collect_examples(document), " "), "}")
    EXAMPLES.write_text("".join(f"{line}\n" for line in examples), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
