"""What a response says, as JSON values in which no secret of its request is left.

Every text and every key is searched, whatever field it stands in. Four rules say what stays:

- A secret of less than four characters, or one that is a part of the API's own words (`login`, `token`), is
  not searched. Each replacement tells which secret stood there, so for these it would be an oracle; and it
  would shred words that everybody has, and the codes by which errors are told apart.
- An id or a time stays as it is, unless it is a secret as a whole: a short token may be in it by chance.
- So does what the request itself is about, the link and the institution.
- A number is replaced only as a whole: part of an amount may equal a token.
"""

import base64
import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from typing import Final
from urllib.parse import quote, quote_plus

from attrs import fields

from belvo_async._http import Request, Response, SearchForms
from belvo_async._wire.error_codes import MEANINGS
from belvo_async._wire.json import MalformedError, parse_json
from belvo_async.models import (
    AccessMode,
    Challenge,
    ChallengeKind,
    Institution,
    Link,
    LinkStatus,
    TokenGenerationData,
)
from belvo_async.params import LinkRegistration

REDACTED: Final = "[redacted]"
"""What stands where a secret was."""

_SHORTEST: Final = 4
"""Characters of a secret that is searched."""
_SHORTEST_BASE64: Final = 8
"""Characters of an encoded part that is searched: shorter ones are in a picture by chance."""
_LONGEST_TO_ENCODE: Final = 1000
_LEAST_NUMBER: Final = 1000
_ID: Final = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_ESCAPE: Final = r'\\(?:u[0-9a-fA-F]{4}|["\\/bfnrt])'
_ESCAPES: Final = re.compile(f"{_ESCAPE}(?:{_ESCAPE})*")  # begins with one sign: such a search is quick
"""Signs that JSON writes by others: together where they follow each other, as some are written by two."""
_SHORTEST_TIME: Final = 10
_LONGEST_TIME: Final = 40


def _list_words() -> Iterator[str]:
    yield from MEANINGS
    for kind in (AccessMode, ChallengeKind, LinkStatus):
        yield from kind
    for model in (Challenge, Institution, Link, LinkRegistration, TokenGenerationData):
        yield from (attribute.name for attribute in fields(model))
    yield from ("code", "detail", "field", "type", "token_generation_data")
    yield from ("results", "count", "next", "previous")


_WORDS: Final = " ".join(_list_words())
"""Codes, statuses and names of fields: what everybody has."""


def read_contents(
    response: Response, request: Request, parse: Callable[[bytes], object] = parse_json
) -> object:
    """Parse a body, and black out the secrets of its request, and of its pool, in all forms.

    Raises:
        MalformedError: It is not JSON, or nested too deeply.
    """
    value = parse(response.body)
    forms = response.secrets + build_forms(request.secrets) if request.secrets else response.secrets
    if not _may_be_in(response.body, forms):
        return value
    redactor = _Redactor(forms, frozenset((request.link_id, request.institution)))
    with suppress(RecursionError):
        return redactor.redact(value)
    raise MalformedError("nested too deeply")


def build_forms(secrets: Iterable[str]) -> SearchForms:
    """Build every form in which a server may echo secrets, of those that are worth a search."""
    plain = frozenset(value for value in secrets if len(value) >= _SHORTEST)
    forms = {form for value in plain for form in _list_forms(value)}
    exact = {form for value in plain for form in _list_base64(value)}
    exact |= {form for form in forms if not form.isascii()}
    lowered = tuple(form for form in {form.lower() for form in forms} if form not in _WORDS)
    digits = (int(form) for form in lowered if form.isascii() and form.isdigit() and len(form) < 19)
    numbers = frozenset(number for number in digits if number >= _LEAST_NUMBER)
    return SearchForms(plain=plain, forms=lowered, exact=tuple(exact), numbers=numbers)


def _may_be_in(body: bytes, forms: SearchForms) -> bool:
    """Whether a body may hold a secret."""
    if not (forms.forms or forms.exact or forms.numbers):
        return False
    if b"\0" in body:  # not UTF-8
        return True
    text = _ESCAPES.sub(_unescape, body.decode("utf-8", "replace"))
    return _are_in(text, forms) or any(str(number) in text for number in forms.numbers)


def _unescape(escapes: re.Match[str]) -> str:
    text: str = json.loads(f'"{escapes[0]}"')
    return text


def _are_in(text: str, forms: SearchForms) -> bool:
    """Whether a text holds one of the secrets."""
    lowered = text.lower()
    return any(form in lowered for form in forms.forms) or any(form in text for form in forms.exact)


def _build_pattern(searched: SearchForms) -> re.Pattern[str]:
    """Build what finds them; the longest first, as one may begin with another."""
    forms = sorted((re.escape(form) for form in searched.forms), key=len, reverse=True)
    exact = sorted((re.escape(form) for form in searched.exact), key=len, reverse=True)
    return re.compile("|".join([*(f"(?i:{form})" for form in forms), *exact]))


def _list_forms(secret: str) -> Iterator[str]:
    """List how texts of the web write it: plainly, in JSON inside a text, and in an address."""
    yield secret
    if not (secret.isascii() and secret.isalnum()):
        yield json.dumps(secret)[1:-1]
        yield json.dumps(secret, ensure_ascii=False)[1:-1]
        data = secret.encode("utf-8", "surrogatepass")
        yield quote(data, safe="")
        yield quote_plus(data)


def _list_base64(secret: str) -> Iterator[str]:
    """List the parts of base64 that show it, wherever it begins in what was encoded."""
    if len(secret) > _LONGEST_TO_ENCODE:
        return
    data = secret.encode("utf-8", "surrogatepass")
    for ahead, first in ((0, 0), (1, 2), (2, 3)):
        last = (ahead + len(data)) * 8 // 6
        part = base64.b64encode(b"\0" * ahead + data)[first:last].decode("ascii")
        if len(part) >= _SHORTEST_BASE64:
            yield part
            yield part.replace("+", "-").replace("/", "_")


class _Redactor:
    """Blacks secrets out of JSON values."""

    def __init__(self, forms: SearchForms, own: frozenset[str | None]) -> None:
        self._forms: Final = forms
        self._pattern: Final = _build_pattern(forms)
        self._own: Final = own

    def redact(self, value: object) -> object:
        """Return a value without them."""
        match value:
            case str():
                return self._redact_text(value)
            case dict():
                return {self._redact_text(key): self.redact(inner) for key, inner in value.items()}
            case list():
                return [self.redact(inner) for inner in value]
            case bool():
                return value
            case int() | float() | Decimal():
                return REDACTED if value in self._forms.numbers else value
            case _:
                return value

    def _redact_text(self, text: str) -> str:
        if text in self._own or not _are_in(text, self._forms):
            return text
        if _is_id_or_time(text):
            return REDACTED if text in self._forms.plain else text
        return self._pattern.sub(REDACTED, text)


def _is_id_or_time(text: str) -> bool:
    if _ID.fullmatch(text):
        return True
    if not (_SHORTEST_TIME <= len(text) <= _LONGEST_TIME and "-" in text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
