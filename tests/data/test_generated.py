"""What is written from the schema is what is committed, and costs nothing until it is used."""

import subprocess
import sys

from attrs import AttrsInstance, fields, has

from tests.data.resources import list_data_resources
from tools.models.__main__ import PACKAGE, find_differences, write_modules
from tools.models.resources import RESOURCES


def test_models_and_calls_are_as_the_schema_has_them() -> None:
    assert find_differences(write_modules()) == [], "run: make models"


def test_a_difference_would_be_found() -> None:
    """Without this, the test above would prove nothing."""
    text = (PACKAGE / "models" / "accounts.py").read_text("utf-8")
    assert find_differences({"models/accounts.py": f"{text} ", "models/none.py": ""}) == [
        "models/accounts.py",
        "models/none.py",
    ]


def test_all_resources_of_the_schema_are_there() -> None:
    assert list_data_resources().keys() == RESOURCES.keys()
    assert len(RESOURCES) == 25


def test_no_resource_is_imported_before_it_is_used() -> None:
    code = (
        "import sys, belvo_async, belvo_async.models, belvo_async.resources\n"
        f"names = {sorted(RESOURCES)!r}\n"
        "print([name for name in sys.modules if name.rpartition('.')[2] in names])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - ours
    assert ran.stdout == "[]\n"


def test_generated_code_stays_small() -> None:
    assert sum(text.count("\n") for text in write_modules().values()) < 6000


def test_no_model_shows_anything_of_a_person() -> None:
    """Ids and times are shown, all else is not: a field with a name that nobody has thought of is hidden."""
    shown = {
        one.name
        for kind in list_data_resources().values()
        for model in _list_models(vars(kind)["_spec"].model)
        for one in fields(model)
        if one.repr
    }
    assert shown <= {
        "accounting_date",
        "collected_at",
        "created_at",
        "id",
        "link",
        "received_at",
        "value_date",
        "valued_at",
    }


def _list_models(model: object) -> list[type[AttrsInstance]]:
    """Return a model, and all that are parts of it."""
    found: list[type[AttrsInstance]] = []
    waiting = [model]
    while waiting:
        kind = waiting.pop()
        if isinstance(kind, type) and has(kind) and kind not in found:
            found.append(kind)
            waiting += [one.type for one in fields(kind)]
        waiting += getattr(kind, "__args__", ())
    return found
