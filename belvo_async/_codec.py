"""Models to and from JSON values: tolerant of what Belvo may add, strict about what we promise."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, TypeVar, cast

from attrs import evolve, fields
from cattrs import Converter, transform_error
from cattrs.gen import make_dict_structure_fn, override

from belvo_async._models import (
    AccessMode,
    Challenge,
    ChallengeKind,
    Institution,
    Link,
    LinkStatus,
    OpenEnum,
    Page,
    TokenGenerationData,
    read_link_id,
)
from belvo_async.errors import ErrorDetail, InvalidValueError

T = TypeVar("T")
_Json = Mapping[str, object]

_WIRE_NAMES: Final[dict[type, dict[str, str]]] = {
    TokenGenerationData: {"kind": "type"},
    Challenge: {"link_id": "link"},
}
_ENCODER: Final = json.JSONEncoder(separators=(",", ":"))
_LONGEST_EXPIRY: Final = 366 * 86400.0
"""Seconds. More makes no sense, and a deadline past the year 9999 cannot be parked."""


class MalformedError(ValueError):
    """A JSON value has not the promised shape. The message names paths, never values."""


def _exactly(kind: type[T]) -> Callable[[object, object], T]:
    def structure(value: object, _: object) -> T:
        if type(value) is not kind:  # else null would become "None", and false would become 0
            raise TypeError(f"expected {kind.__name__}, got {type(value).__name__}")
        return value

    return structure


def _optionally(structure: Callable[[object, object], T]) -> Callable[[object, object], T | None]:
    def structure_optional(value: object, kind: object) -> T | None:
        return None if value is None else structure(value, kind)

    return structure_optional


def _read_time(value: object, _: object) -> datetime:
    if not isinstance(value, str):
        raise TypeError(f"expected a time as text, got {type(value).__name__}")
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is UTC:
        return moment
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _read_seconds(value: object, _: object) -> float | None:
    # The specification says int; Belvo's MFA page shows a string.
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        return None
    return seconds if 0 <= seconds <= _LONGEST_EXPIRY else None


def _list_of(kind: type[T], name: str) -> Callable[[object, object], tuple[T, ...]]:
    def structure(value: object, _: object) -> tuple[T, ...]:
        if value is None:
            return ()
        if isinstance(value, list) and all(isinstance(item, kind) for item in value):
            return tuple(value)
        raise TypeError(f"expected a list of {name}")

    return structure


def _member_of(kind: type[OpenEnum]) -> Callable[[object, object], OpenEnum]:
    members = {member.value: member for member in kind}

    def structure(value: object, _: object) -> OpenEnum:
        if not isinstance(value, str):
            raise TypeError(f"expected text, got {type(value).__name__}")
        return members.get(value) or kind(value)

    return structure


def _keeping_the_rest(converter: Converter, model: type[T]) -> Callable[[object, object], T]:
    """Build a hook that puts the keys the model does not know into its `extra`."""
    names = _WIRE_NAMES.get(model, {})
    # Any: the factory takes a field's override under the field's own name, beside its options.
    overrides: dict[str, Any] = {ours: override(rename=wire) for ours, wire in names.items()}
    # A model is any attrs class; attrs types `fields` for classes that it can see, not for a type variable.
    attributes = {attribute.name for attribute in fields(cast("Any", model))}
    known = {names.get(name, name) for name in attributes} - {"extra"}
    structure = make_dict_structure_fn(cast("Any", model), converter, extra=override(omit=True), **overrides)

    def hook(value: object, _: object) -> T:
        if not isinstance(value, dict):
            raise TypeError(f"expected an object, got {type(value).__name__}")
        result = cast("T", structure(value, model))
        if value.keys() <= known:
            return result
        rest = {key: value[key] for key in value.keys() - known}
        return cast("T", evolve(cast("Any", result), extra=rest))

    return hook


def _build_converter(*, detailed: bool) -> Converter:
    converter = Converter(detailed_validation=detailed)
    hooks: list[tuple[Any, Callable[[object, object], object]]] = [  # Any: types and unions of them
        *((kind, _exactly(kind)) for kind in (str, int, bool)),
        *((kind, _member_of(kind)) for kind in (AccessMode, LinkStatus, ChallengeKind)),
        (datetime, _read_time),
    ]
    for kind, hook in hooks:
        converter.register_structure_hook(kind, hook)
        # Else each optional field would go through a hook for unions first.
        converter.register_structure_hook(kind | None, _optionally(hook))
    converter.register_structure_hook(float | None, _read_seconds)
    converter.register_structure_hook_func(lambda kind: kind == tuple[str, ...], _list_of(str, "texts"))
    converter.register_structure_hook_func(
        lambda kind: kind == tuple[Mapping[str, object], ...], _list_of(dict, "objects")
    )
    models: tuple[type, ...] = (Link, Institution, TokenGenerationData, Challenge)
    for model in models:
        converter.register_structure_hook(model, _keeping_the_rest(converter, model))
    return converter


# Two converters: detailed validation names the field but costs time, so it runs only after a failure.
_FAST: Final = _build_converter(detailed=False)
_DETAILED: Final = _build_converter(detailed=True)


def read_model(value: object, model: type[T]) -> T:
    """Turn one JSON object into a model.

    Raises:
        MalformedError: Names the fields that are not as promised.
    """
    try:
        return _FAST.structure(value, model)
    except Exception:  # noqa: BLE001 - hooks raise many kinds; the second run tells them apart
        problems = _find_problems(value, model)
    raise MalformedError(f"not a {model.__name__}: {problems}")  # outside: the cause would quote values


def _find_problems(value: object, model: type[T]) -> str:
    try:
        _DETAILED.structure(value, model)
    except Exception as error:  # noqa: BLE001 - reported by path, whatever its kind
        return "; ".join(transform_error(error, format_exception=_describe))
    return "cannot be read"


def _describe(error: BaseException, _: type | None) -> str:
    if isinstance(error, KeyError):
        return "required field missing"
    return str(error) if isinstance(error, TypeError) else "invalid value"


def parse_json(body: bytes) -> object:
    """Parse a body.

    Raises:
        MalformedError: It is not JSON, or nested too deeply.
    """
    try:
        return cast("object", json.loads(body))
    except (ValueError, RecursionError):
        problem = "not JSON" if body.strip() else "empty"
    raise MalformedError(problem)


def dump_json(value: object) -> bytes:
    """Write JSON as bytes, without spaces; escaped, as a server may send text that UTF-8 cannot carry."""
    return _ENCODER.encode(value).encode("ascii")


def read_page(value: object, model: type[T]) -> Page[T]:
    """Turn one page of a list into models.

    Raises:
        MalformedError: It is no page, or one of its items is malformed.
    """
    if not isinstance(value, dict) or not isinstance(value.get("results"), list):
        raise MalformedError("not a page: no list of results")
    count, following, previous = (value.get(key) for key in ("count", "next", "previous"))
    return Page(
        results=tuple(read_model(item, model) for item in value["results"]),
        count=count if type(count) is int else None,
        next=following if isinstance(following, str) else None,
        previous=previous if isinstance(previous, str) else None,
    )


def read_challenge(item: _Json, *, link_id: str | None, received_at: datetime) -> Challenge:
    """Turn the object in a 428 into a challenge, whichever of its documented shapes it has.

    Raises:
        MalformedError: It has no session, or a field of a wrong type.
    """
    data = item.get("token_generation_data")
    wire = {key: value for key, value in item.items() if key not in ("code", "detail") and value is not None}
    wire["token_generation_data"] = _normalise_data(data if isinstance(data, dict) else {})
    wire["link"] = _read_link(wire.get("link", link_id))
    for key in ("message", "request_id"):  # they are not worth a session
        if not isinstance(wire.get(key, ""), str):
            del wire[key]
    if not wire.get("session"):
        raise MalformedError("not a Challenge: required field missing @ $.session")
    if "message" not in wire and isinstance(item.get("detail"), str):  # the shape of 2020
        wire["message"] = item["detail"]
    return evolve(read_model(wire, Challenge), received_at=received_at)


def _read_link(value: object) -> str:
    try:
        return read_link_id(value)
    except InvalidValueError:
        pass
    raise MalformedError("not a Challenge: no UUID @ $.link")  # it enters a path when the login is settled


def _normalise_data(data: _Json) -> _Json:
    wire = {key: value for key, value in data.items() if value is not None}
    # The specification spells it with an s, the MFA page without.
    expects = wire.pop("expect_user_input", True)
    wire["expects_user_input"] = wire.get("expects_user_input", expects) is not False
    for key in ("value", "instructions"):
        if isinstance(wire.get(key), int | float):  # a challenge number may come as a number
            wire[key] = str(wire[key])
        elif not isinstance(wire.get(key, ""), str):  # an unknown shape is not worth a session
            del wire[key]
    return wire


def write_challenge(challenge: Challenge) -> dict[str, object]:
    """Write a challenge as the wire has it, so that `read_challenge` can read it back."""
    data = challenge.token_generation_data
    return {
        **challenge.extra,
        "session": challenge.session,
        "link": challenge.link_id,
        "expiry": challenge.expiry,
        "message": challenge.message,
        "request_id": challenge.request_id,
        "token_generation_data": {
            **data.extra,
            "instructions": data.instructions,
            "type": data.kind,
            "value": data.value,
            "expects_user_input": data.expects_user_input,
        },
    }


def read_details(value: object) -> tuple[ErrorDetail, ...]:
    """Read an error body: an array of items, one item, or the 2020 form `{"detail": …}`."""
    items = value if isinstance(value, list) else [value]
    return tuple(_read_detail(item) for item in items if isinstance(item, dict))


def _read_detail(item: Mapping[str, object]) -> ErrorDetail:
    def text(key: str) -> str | None:
        value = item.get(key)
        return value if isinstance(value, str) else None

    known = {"code", "message", "detail", "request_id", "field"}
    return ErrorDetail(
        code=text("code") or "",
        message=text("message") or text("detail") or "",
        request_id=text("request_id"),
        field=text("field"),
        extra={key: item[key] for key in item.keys() - known},
    )
