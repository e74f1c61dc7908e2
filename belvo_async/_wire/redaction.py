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
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import Final
from urllib.parse import quote, quote_plus

from attrs import fields, frozen

from belvo_async._http import Request, Response
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


def read_contents(response: Response, request: Request) -> object:
    """Parse a body, and black out the secrets of its request, and of its pool, in all forms.

    Raises:
        MalformedError: It is not JSON, or nested too deeply.
    """
    value = parse_json(response.body)
    secrets = _Secrets.of((*request.secrets, *response.secrets))
    if not secrets.may_be_in(response.body):
        return value
    redactor = _Redactor(secrets, frozenset((request.link_id, request.institution)))
    with suppress(RecursionError):
        return redactor.redact(value)
    raise MalformedError("nested too deeply")


@frozen
class _Secrets:
    """What is searched, in every form in which a server may echo it."""

    plain: frozenset[str]
    """As they were sent."""
    forms: tuple[str, ...]
    """Found in either case."""
    exact: tuple[str, ...]
    """Found as they are: parts of base64, and letters whose case is not one to one."""

    @classmethod
    def of(cls, values: tuple[str, ...]) -> "_Secrets":
        """Take those that are worth a search."""
        plain = frozenset(value for value in values if len(value) >= _SHORTEST)
        forms = {form for value in plain for form in _list_forms(value)}
        exact = {form for value in plain for form in _list_base64(value)}
        exact |= {form for form in forms if not form.isascii()}
        lowered = {form.lower() for form in forms}
        return cls(plain, tuple(form for form in lowered if form not in _WORDS), tuple(exact))

    def may_be_in(self, body: bytes) -> bool:
        """Whether a body may hold one; a body with escapes may hide it."""
        if b"\\" in body or b"\0" in body:
            return True
        text = body.decode("utf-8", "replace")
        return self.are_in(text) or any(number in text for number in map(str, self.numbers))

    def are_in(self, text: str) -> bool:
        """Whether a text holds one of them."""
        lowered = text.lower()
        return any(form in lowered for form in self.forms) or any(form in text for form in self.exact)

    @property
    def numbers(self) -> frozenset[int]:
        """Those that may come as numbers of JSON."""
        digits = (int(form) for form in self.forms if form.isascii() and form.isdigit() and len(form) < 19)
        return frozenset(number for number in digits if number >= _LEAST_NUMBER)

    def build_pattern(self) -> re.Pattern[str]:
        """Build what finds them; the longest first, as one may begin with another."""
        forms = sorted((re.escape(form) for form in self.forms), key=len, reverse=True)
        exact = sorted((re.escape(form) for form in self.exact), key=len, reverse=True)
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

    def __init__(self, secrets: _Secrets, own: frozenset[str | None]) -> None:
        self._secrets: Final = secrets
        self._pattern: Final = secrets.build_pattern()
        self._numbers: Final = secrets.numbers
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
            case int() | float():
                return REDACTED if value in self._numbers else value
            case _:
                return value

    def _redact_text(self, text: str) -> str:
        if text in self._own or not self._secrets.are_in(text):
            return text
        if _is_id_or_time(text):
            return REDACTED if text in self._secrets.plain else text
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
