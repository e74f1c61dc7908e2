"""A value that holds a secret keeps it: no pickle, no repr, no copy elsewhere."""

import copy
import pickle
from collections.abc import Callable

import pytest

from belvo_async import Credentials, LinkRegistration, LinkUpdate
from belvo_async._http import Response
from belvo_async._wire.requests import build_registration, build_update
from tests.pure.bodies import LINK_ID

SECRET = "hunter22"
MODELS: list[object] = [
    LinkUpdate(LINK_ID, password=SECRET),
    LinkRegistration(institution="erebor_mx_retail", username=SECRET, password=SECRET),
    Credentials(SECRET, SECRET),
]
REQUESTS: list[object] = [
    build_update(LinkUpdate(LINK_ID, password=SECRET)),
    build_registration(LinkRegistration(institution="erebor_mx_retail", username=SECRET)),
]


def kind(value: object) -> str:
    return type(value).__name__


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("value", [*MODELS, REQUESTS[0]], ids=kind)
def test_a_value_with_a_secret_is_never_pickled(value: object, protocol: int) -> None:
    with pytest.raises(TypeError, match="never pickled"):
        pickle.dumps(value, protocol)


@pytest.mark.parametrize("value", [*MODELS, REQUESTS[0]], ids=kind)
def test_the_refusal_to_pickle_shows_no_secret(value: object) -> None:
    with pytest.raises(TypeError) as caught:
        pickle.dumps([value])
    assert SECRET not in repr(caught.value)


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy])
@pytest.mark.parametrize("value", MODELS, ids=kind)
def test_a_copy_of_a_model_is_the_model_itself(value: object, duplicate: Callable[[object], object]) -> None:
    assert duplicate(value) is value


@pytest.mark.parametrize("value", [MODELS, REQUESTS], ids=["models", "requests"])
def test_no_repr_shows_a_secret(value: list[object]) -> None:
    assert SECRET not in f"{value!r} {[str(item) for item in value]}"


def test_the_repr_of_an_answer_shows_neither_body_nor_headers() -> None:
    response = Response(status=200, headers={"set-cookie": SECRET}, body=SECRET.encode())
    assert repr(response) == "Response(status=200)"


@pytest.mark.parametrize("value", MODELS, ids=kind)
def test_a_model_cannot_be_changed(value: object) -> None:
    with pytest.raises(AttributeError):
        value.password = "other"  # type: ignore[attr-defined]


def test_credentials_have_no_place_for_another_attribute() -> None:
    assert [value for value in MODELS if hasattr(value, "__dict__")] == []
