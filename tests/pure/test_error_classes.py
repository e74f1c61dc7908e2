"""One family of errors, which crosses process borders whole."""

import copy
import inspect
import pickle
from typing import Any

import pytest

from belvo_async import errors
from belvo_async.errors import (
    ApiError,
    BelvoError,
    ChallengeError,
    ConfigurationError,
    ErrorDetail,
    InvalidValueError,
)
from belvo_async.mfa import IllegalTransitionError
from belvo_async.models import AwaitingToken
from tests.mfa.builders import build_awaiting
from tests.pure.bodies import LINK_ID, REQUEST_ID, answer, challenged, error_of, refusal


def find_classes(root: type[BelvoError]) -> list[type[BelvoError]]:
    return [root, *(kind for child in root.__subclasses__() for kind in find_classes(child))]


CLASSES = [kind for kind in find_classes(BelvoError) if kind.__module__.startswith("belvo_async.")]
IN_MODULE = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, Exception)]
DETAILS = (
    ErrorDetail(
        code="duplicated",
        message="Exists",
        request_id=REQUEST_ID,
        field="link",
        extra={"institution_user_id": "u"},
    ),
    ErrorDetail(code="blank"),
)
EACH_CLASS = pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)


def build(kind: type[BelvoError]) -> BelvoError:
    # Any: the classes take different attributes.
    more: dict[str, Any] = {}
    if issubclass(kind, ApiError):
        more["retry_after"] = 12.5
    if issubclass(kind, ChallengeError):
        more["state"] = build_awaiting()
    return kind("It broke.", remedy="Mend it.", status=400, details=DETAILS, link_id=LINK_ID, **more)


def through_pickle(error: BelvoError) -> BelvoError:
    found = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert isinstance(found, BelvoError)
    return found


def test_no_class_of_the_module_is_missing_here() -> None:
    assert [kind for kind in IN_MODULE if kind not in CLASSES] == []


@pytest.mark.parametrize("duplicate", [through_pickle, copy.copy, copy.deepcopy])
@EACH_CLASS
def test_an_error_is_duplicated_with_every_attribute(kind: type[BelvoError], duplicate: Any) -> None:
    error = build(kind)
    twin = duplicate(error)
    assert (type(twin), twin.__dict__, twin.args, str(twin)) == (kind, error.__dict__, error.args, str(error))
    assert (twin.code, twin.codes, twin.request_id, twin.field) == (
        "duplicated",
        ("duplicated", "blank"),
        REQUEST_ID,
        "link",
    )


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_every_protocol_carries_an_error(protocol: int) -> None:
    error = build(ApiError)
    twin = pickle.loads(pickle.dumps(error, protocol))  # noqa: S301 - our own bytes
    assert (twin.__dict__, twin.__notes__ if hasattr(twin, "__notes__") else None) == (error.__dict__, None)


def test_a_note_travels_with_its_error() -> None:
    error = build(ApiError)
    error.add_note("link 7 of 9")
    assert through_pickle(error).__notes__ == ["link 7 of 9"]


@EACH_CLASS
def test_one_except_catches_all(kind: type[BelvoError]) -> None:
    with pytest.raises(BelvoError, match="It broke"):
        raise build(kind)


@EACH_CLASS
def test_a_class_says_when_it_is_raised_and_ends_in_error(kind: type[BelvoError]) -> None:
    assert (kind.__name__.endswith("Error"), bool(kind.__doc__)) == (True, True)


@pytest.mark.parametrize("kind", [InvalidValueError, ConfigurationError])
def test_a_wrong_argument_is_a_value_error_too(kind: type[BelvoError]) -> None:
    assert issubclass(kind, ValueError)


def test_a_defect_of_a_driver_is_a_runtime_error_too() -> None:
    assert issubclass(IllegalTransitionError, RuntimeError)


def test_the_text_tells_what_where_and_what_next() -> None:
    assert str(build(ApiError)) == (
        f"It broke (status 400, code duplicated, blank, field link, link {LINK_ID}, request_id {REQUEST_ID})."
        " Mend it."
    )


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (BelvoError("It broke."), "It broke."),
        (BelvoError("It broke.", remedy="Mend it."), "It broke. Mend it."),
        (BelvoError("It broke", status=500), "It broke (status 500)."),
    ],
    ids=["alone", "remedy", "status"],
)
def test_the_text_leaves_out_what_is_not_known(error: BelvoError, text: str) -> None:
    assert str(error) == text


def test_an_error_without_details_has_no_code() -> None:
    error = BelvoError("It broke.")
    assert (error.code, error.codes, error.request_id, error.field) == (None, (), None, None)


def test_the_request_id_is_the_first_one_given() -> None:
    details = (ErrorDetail(code="a"), ErrorDetail(code="b", request_id="r", field="f"))
    error = BelvoError("It broke.", details=details)
    assert (error.code, error.request_id, error.field) == ("a", "r", "f")


@EACH_CLASS
def test_a_class_can_be_built_with_a_message_alone(kind: type[BelvoError]) -> None:
    error = kind("It broke.")
    assert (error.message, error.remedy, error.status, error.details, error.link_id) == (
        "It broke.",
        "",
        None,
        (),
        None,
    )


def test_an_error_made_of_an_answer_travels_whole() -> None:
    error = error_of(answer(400, refusal("duplicated", institution_user_id="u"), {"retry-after": "3"}))
    twin = through_pickle(error)
    assert (type(twin), twin.__dict__) == (type(error), error.__dict__)


def test_the_state_of_a_challenge_travels_with_its_error() -> None:
    challenge = challenged([{"session": "s", "type": "x", "more": 1}]).challenge
    state = AwaitingToken(challenge=challenge, deadline=80.0)
    twin = through_pickle(errors.TokenRequiredError("Asked.", state=state))
    assert isinstance(twin, errors.TokenRequiredError)
    assert (twin.state, twin.state.challenge.extra) == (state, {"type": "x", "more": 1})
