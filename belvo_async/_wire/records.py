"""What the package itself has written down, as JSON and back: strictly, as only another hand changes it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, TypeVar

from cattrs import Converter

from belvo_async._wire.json import MalformedError

T = TypeVar("T")


def _exactly(*kinds: type) -> Callable[[object, Callable[[object], object]], object]:
    def structure(value: object, kind: Callable[[object], object]) -> object:
        if kind not in kinds:  # an enum, whose values are such
            return kind(value)
        if type(value) in kinds:
            return value
        raise TypeError(f"expected {kinds[0].__name__}, got {type(value).__name__}")

    return structure


def _read_time(value: object, _: object) -> datetime:
    moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    if moment is None or moment.tzinfo is None:
        raise TypeError("expected a time with its zone")
    return moment


def _build_converter() -> Converter:
    converter = Converter(detailed_validation=False)
    for kinds in ((str,), (int,), (bool,), (float, int)):
        converter.register_structure_hook(kinds[0], _exactly(*kinds))
    converter.register_structure_hook_func(lambda kind: kind is object, lambda value, _: value)
    converter.register_structure_hook(datetime, _read_time)
    converter.register_unstructure_hook(datetime, datetime.isoformat)
    return converter


_CONVERTER: Final = _build_converter()


def write_record(value: object) -> dict[str, Any]:
    """Return an attrs value as what JSON can hold; times as ISO 8601."""
    written: dict[str, Any] = _CONVERTER.unstructure(value)
    return written


def read_record(record: object, kind: type[T]) -> T:
    """Read what `write_record` has written; keys that are not known are left out.

    Raises:
        MalformedError: Something is missing, or not what it should be.
    """
    try:
        return _CONVERTER.structure(record, kind)
    except Exception as error:  # noqa: BLE001 - whatever a converter or a validator raises
        raise MalformedError(f"not a {kind.__name__}: {type(error).__name__}") from None
