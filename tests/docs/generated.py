"""The parts of the pages that are written from the code.

`python -m tests.docs.generated` writes them; `test_generated.py` fails where a page holds anything else.
"""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Final

from belvo_async import errors
from belvo_async._engine.retry import is_repeatable
from belvo_async._http import Repeat
from belvo_async._wire.error_codes import MEANINGS, Meaning
from belvo_async.cli._exit_codes import EXIT_CODES
from belvo_async.resources import DeletableData, ResumableData
from belvo_async.sandbox import SandboxOptions
from belvo_async.sandbox._data.resources import RESOURCES, ServedData
from belvo_async.sandbox._institutions import INSTITUTIONS
from belvo_async.sandbox._test_users import MFA_PEOPLE, OWN_PEOPLE, REFUSED, BankUser, Oddity, Trouble
from tests.data.resources import list_data_resources
from tests.docs.drawing import draw
from tests.docs.machine import find_transitions
from tests.docs.pages import CONTRIBUTING, DOCS, ROOT, list_pages
from tests.docs.window import draw_windows

_CODED: Final = (errors.ErrorDetail(code="unexpected_error"),)
_FAILURES: Final = (
    (errors.NotSentError(""), "no connection was made"),
    (errors.RateLimitedError(""), "refused for coming too fast"),
    (errors.TooManySessionsError(""), "somebody is logged in already"),
    (errors.ServerError("", details=_CODED), "a 5xx with an error of Belvo's"),
    (errors.ServerError(""), "a 5xx without one, from a gateway"),
    (errors.RequestTimeoutError(""), "Belvo gave up"),
    (errors.ResponseLostError(""), "the connection broke"),
)
_ODDITIES: Final[Mapping[Oddity, str]] = {
    "number": "a number as text",
    "null": "a null where text is due",
    "enum": "a choice that Belvo does not document",
    "key": "a key that Belvo does not document",
    "date": "a date with its day first",
    "object": "an array of one where an object is due",
}
_PART: Final = re.compile(
    r"(?P<start><!-- generated: (?P<name>[a-z ]+) -->\n).*?(?P<end><!-- end -->)", re.DOTALL
)


def _write_table(heads: Sequence[str], rows: Iterator[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _list_codes() -> Iterator[str]:
    grouped: dict[Meaning, list[str]] = {}
    for code, meaning in MEANINGS.items():
        grouped.setdefault(meaning, []).append(f"`{code}`")
    rows = (
        (
            f"{', '.join(codes)}<br>{{class}}`~belvo_async.errors.{kind.__name__}`",
            f"{_find_cause(kind)} **{remedy}**",
        )
        for (kind, remedy), codes in grouped.items()
    )
    yield from _write_table(("code, and class", "what it means, and what to do"), rows)


def _find_cause(kind: type[errors.ApiError]) -> str:
    first, *_ = (kind.__doc__ or "").split("\n\n")
    return " ".join(first.split())


def _list_errors() -> Iterator[str]:
    yield "```text"
    yield errors.BelvoError.__name__
    yield from _list_children(errors.BelvoError, "")
    yield "```"


def _list_children(parent: type[errors.BelvoError], indent: str) -> Iterator[str]:
    children = [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.BelvoError) and parent in kind.__bases__
    ]
    for child in children:
        last = child is children[-1]
        yield f"{indent}{'└── ' if last else '├── '}{child.__name__}"
        yield from _list_children(child, indent + ("    " if last else "│   "))


def _list_transitions() -> Iterator[str]:
    rows = (
        (
            f"`{one.state}`",
            f"`{one.event}`",
            one.condition,
            f"`{one.target}`",
            f"`{one.error}`" if one.error.endswith("Error") else one.error,
        )
        for one in find_transitions()
    )
    yield from _write_table(("in state", "the event", "where", "leads to", "which raises"), rows)


def _list_institutions() -> Iterator[str]:
    rows = (
        (
            f"`{one.name}`",
            one.type,
            "yes" if one.asks_token else "no",
            ", ".join(f"`{form_field.name}`" for form_field in one.form_fields if form_field.is_required),
        )
        for one in INSTITUTIONS.values()
    )
    yield from _write_table(("institution", "type", "asks for tokens", "registration needs"), rows)


def _list_refusals() -> Iterator[str]:
    rows = ((f"`{name}`", f"`{value}`") for name, value in REFUSED.items())
    yield from _write_table(("field", "value"), rows)


def _list_people(people: Mapping[str, BankUser]) -> Callable[[], Iterator[str]]:
    def list_them() -> Iterator[str]:
        rows = ((f"`{name}`", "; ".join(_describe(person))) for name, person in people.items())
        yield from _write_table(("username", "what happens at a login"), rows)

    return list_them


def _describe(person: BankUser) -> Iterator[str]:
    options = SandboxOptions()
    if person.prompts:
        kinds = [
            f"`{prompt.kind}`" + ("" if prompt.expects_input else " (confirmed elsewhere, no token)")
            for prompt in person.prompts
        ]
        yield f"challenge {', then '.join(kinds)}"
    if person.expiry == "at_once":
        yield "its session has expired by the time the token comes"
    if person.expiry == "short":
        yield f"its session lives for {options.short_expiry} s"
    if person.trouble is not None:
        yield _describe_trouble(person.trouble, options)
    if person.is_slow:
        yield f"it takes {options.slow_seconds:g} s longer"
    if person.loses_reply:
        yield "it succeeds, and the connection is reset before the answer"
    if person.oddity is not None:
        yield f"the first record of each retrieval has {_ODDITIES[person.oddity]}"


def _describe_trouble(trouble: Trouble, options: SandboxOptions) -> str:
    if trouble.html:
        return f"{trouble.status} with an HTML page, as at the rate limit"
    said = f"{trouble.status} `{trouble.problem.code}`"
    if trouble.lasts == "always":
        return f"{said}: {trouble.problem.message.rstrip('.')}"
    times: int = getattr(options, trouble.lasts)
    return f"{said} {'once' if times == 1 else f'{times} times'}, then it succeeds"


def _list_sandbox_data() -> Iterator[str]:
    rows = (
        (
            f"`/api/{one.path}/`",
            _list_fields(one) or "nothing: there is no POST",
            "PATCH" if one.can_resume else "yes" if one.meets_mfa else "no",
            "yes" if one.is_async else "no",
            f"`{one.needed_filter}`" if one.needed_filter else "",
        )
        for one in RESOURCES
    )
    heads = ("resource", "a POST takes", "challenge", "asynchronous", "a list needs")
    yield from _write_table(heads, rows)


def _list_fields(resource: ServedData) -> str:
    names = (entry.partition("=")[0] for entry in resource.takes.split())
    return ", ".join(f"**`{name[:-1]}`**" if name.endswith("*") else f"`{name}`" for name in names)


def _list_repeats() -> Iterator[str]:
    kinds = (Repeat.READ, Repeat.LOGIN, Repeat.TOKEN, Repeat.CHANGE)
    rows = (
        (f"`{type(error).__name__}`", said, *(_tell_repeat(error, kind) for kind in kinds))
        for error, said in _FAILURES
    )
    heads = ("after this error", "which is", "a read", "a login", "a token", "another change")
    yield from _write_table(heads, rows)


def _tell_repeat(error: errors.BelvoError, kind: Repeat) -> str:
    if not is_repeatable(error, kind, can_settle=True):
        return "no"
    looks = kind is Repeat.LOGIN and isinstance(error, errors.ServerError)
    return "after a status check" if looks else "yes"


def _list_exit_codes() -> Iterator[str]:
    rows = ((f"`{code.value}`", meaning) for code, meaning in EXIT_CODES)
    yield from _write_table(("code", "meaning"), rows)


def _list_floors() -> Iterator[str]:
    """Draw the folders in their order, as the import contract has it, each with what it says of itself."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    floors = settings["tool"]["importlinter"]["contracts"][0]["layers"]
    names = [(name, depth == 0) for floor in floors for depth, name in enumerate(floor.split(" | "))]
    yield "```text"
    for name, is_lower in names:
        module = import_module(f"belvo_async.{name}")
        first = (module.__doc__ or "").partition("\n")[0].rstrip(".")
        label = f"{name}/" if hasattr(module, "__path__") else f"{name}.py"
        yield f"{'↓' if is_lower else ' '} {label:<16}{first}"
    yield "```"


def _list_data_resources() -> Iterator[str]:
    def tell(*, has: bool) -> str:
        return "yes" if has else ""

    rows = (
        (
            f"`{name}`",
            f"`{vars(kind)['_spec'].collection}`",
            tell(has=hasattr(kind, "retrieve")),
            tell(has=hasattr(kind, "retrieve_in_background")),
            tell(has=issubclass(kind, ResumableData)),
            tell(has=issubclass(kind, DeletableData)),
        )
        for name, kind in sorted(list_data_resources().items())
    )
    heads = ("attribute", "path", "`retrieve`", "in the background", "takes a token", "`delete`")
    yield from _write_table(heads, rows)


PARTS: Final[Mapping[str, Callable[[], Iterator[str]]]] = {
    "error codes": _list_codes,
    "error tree": _list_errors,
    "transitions": _list_transitions,
    "institutions": _list_institutions,
    "refusals": _list_refusals,
    "belvo users": _list_people(MFA_PEOPLE),
    "repeats": _list_repeats,
    "exit codes": _list_exit_codes,
    "floors": _list_floors,
    "own users": _list_people(OWN_PEOPLE),
    "data resources": _list_data_resources,
    "sandbox data": _list_sandbox_data,
}


DRAWINGS: Final[Mapping[Path, Callable[[], str]]] = {
    DOCS / "explanation" / "state-machine.svg": lambda: draw(find_transitions()),
    DOCS / "explanation" / "rate-limit.svg": draw_windows,
}


def find_parts(page: Path) -> list[str]:
    """Return the names of the generated parts of a page."""
    return [match["name"] for match in _PART.finditer(page.read_text("utf-8"))]


def render(page: Path) -> str:
    """Return a page's text with its generated parts made anew."""

    def fill(match: re.Match[str]) -> str:
        return f"{match['start']}\n{chr(10).join(PARTS[match['name']]())}\n\n{match['end']}"

    return _PART.sub(fill, page.read_text("utf-8"))


def main() -> None:
    """Write all of it."""
    for page in (*list_pages(), CONTRIBUTING):
        page.write_text(render(page), "utf-8")
    for drawing, render_drawing in DRAWINGS.items():
        drawing.write_text(render_drawing(), "utf-8")


if __name__ == "__main__":
    main()
