"""The modules of models, and the facts that they are written from."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from belvo_async.params._options import list_options
from tests.data.resources import list_data_resources
from tools.models.__main__ import write_files
from tools.models.classes import ModelWriter
from tools.models.names import name_class, name_field, name_member
from tools.models.schema import RESOURCES, load_schema
from tools.models.trim import KEPT, collect_examples, trim

FILES = write_files()


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}.{file.stem}")
def test_a_module_is_what_the_schema_says(file: Any) -> None:
    assert file.read_text("utf-8") == FILES[file], "run: make models"


def test_no_module_is_left_of_a_resource_that_is_gone() -> None:
    written = {file for file in FILES if file.stem[0] != "_"}
    folders = {file.parent for file in written}
    assert {file for folder in folders for file in folder.glob("*.py") if file.stem[0] != "_"} == written


def test_what_is_written_stays_small() -> None:
    assert sum(text.count("\n") for text in FILES.values()) < 6000


def test_a_client_has_an_attribute_for_each_resource() -> None:
    assert list_data_resources().keys() == RESOURCES.keys()
    assert len(RESOURCES) == 25


def test_every_resource_has_its_calls_in_the_schema() -> None:
    operations = load_schema()["operations"]
    for resource in RESOURCES.values():
        assert {"body", "failures", "headers", "query", "successes"} == set(
            operations[f"GET {resource.path}"]
        )
    resumed = [name for name, one in RESOURCES.items() if f"PATCH {one.path}" in operations]
    assert len(resumed) == 7
    assert sum("X-Belvo-Request-Mode" in operation["headers"] for operation in operations.values()) == 7


@pytest.mark.parametrize("name", RESOURCES)
def test_a_query_takes_what_the_schema_declares_and_nothing_else(name: str) -> None:
    operations, path = load_schema()["operations"], RESOURCES[name].path
    spec = vars(list_data_resources()[name])["_spec"]
    assert list_options(spec.filters) == operations[f"GET {path}"]["query"].keys() - {"page"}
    if retrieval := operations.get(f"POST {path}"):
        assert list_options(spec.options) & {"fields", "omit"} == retrieval["query"].keys()


def test_the_schema_holds_no_prose() -> None:
    def list_keys(part: Any, *, names: bool = False) -> Iterator[str]:
        if isinstance(part, dict):
            yield from () if names else part
            for key, value in part.items():
                yield from list_keys(value, names=key == "properties" and not names)
        if isinstance(part, list):
            for item in part:
                yield from list_keys(item)

    schema = load_schema()
    assert {key for named in schema["schemas"].values() for key in list_keys(named)} <= KEPT


DOCUMENT = {
    "info": {"version": "1.0", "description": "Prose."},
    "paths": {
        f"{resource.path}{{id}}/": {
            "get": {
                "description": "Prose.",
                "parameters": [
                    {"in": "query", "name": "omit", "required": True, "schema": {"type": "string"}}
                ],
                "responses": {
                    "200": {
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Row"}}}
                    },
                    "428": {"$ref": "#/components/responses/Asked"},
                },
            }
        }
        for resource in RESOURCES.values()
    },
    "components": {
        "responses": {"Asked": {"content": {"application/json": {"schema": {"type": "array"}}}}},
        "schemas": {
            "Row": {
                "type": "object",
                "description": "Prose.",
                "properties": {"description": {"type": "string", "description": "Prose.", "example": "Rent"}},
            },
            "Unused": {"type": "string"},
        },
    },
}


def test_what_is_kept_of_a_document_are_its_facts() -> None:
    kept = trim(DOCUMENT)
    assert kept["schemas"] == {"Row": {"type": "object", "properties": {"description": {"type": "string"}}}}
    assert kept["operations"]["GET /api/accounts/{id}/"] == {
        "query": {"omit": {"type": "string", "required": True}},
        "headers": [],
        "body": {},
        "successes": {"200": {"$ref": "#/components/schemas/Row"}},
        "failures": ["428"],
    }
    assert collect_examples(DOCUMENT)["accounts.Account"] == [{"description": "Rent"}]
    assert "Prose" not in json.dumps(kept)


def test_two_classes_of_one_name_have_to_be_the_same() -> None:
    schema = load_schema()
    schema["schemas"]["OwnerBusinessProducts"]["properties"]["new"] = {"type": "string"}
    with pytest.raises(ValueError, match="two classes are called OwnerProduct"):
        ModelWriter(schema).write_all()


@pytest.mark.parametrize(
    ("origin", "is_item", "name"),
    [
        ("EnumTransactionCategory", False, "TransactionCategory"),
        ("AccountCreditDataCardsOpenFinanceBrazil", True, "AccountCreditDataCard"),
        ("OwnerNationalities", True, "OwnerNationality"),
        ("OwnerAddresses", True, "OwnerAddress"),
        ("tax_status_sii_phone", True, "ChileTaxStatusPhone"),
    ],
)
def test_a_class_is_called_by_what_it_is(origin: str, name: str, *, is_item: bool) -> None:
    assert name_class(origin, is_item=is_item) == name


def test_a_field_or_a_member_without_a_rule_is_refused() -> None:
    assert [name_field("class"), name_member("Bills & Utilities"), name_member("Nómina")] == [
        "class_",
        "BILLS_UTILITIES",
        "NOMINA",
    ]
    for wire in ("two words", "class_", "extra"):
        with pytest.raises(ValueError, match="no rule"):
            name_field(wire)
    for value in ("", "7 days", "Unlisted"):
        with pytest.raises(ValueError, match="no rule"):
            name_member(value)
