"""Templates into responses, each with the headers that keep a page to itself."""

from collections.abc import AsyncGenerator, Mapping
from importlib.resources import files
from typing import Final

import jinja2

from belvo_async.web._http import PageRequest, PageResponse
from belvo_async.web._languages import CATALOGS, NAMES, TAGS

_POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}
_NOT_KEPT: Final = {"Cache-Control": "no-store"}
_STATIC: Final = {
    "page.css": "text/css; charset=utf-8",
    "page.js": "text/javascript; charset=utf-8",
    "operator.js": "text/javascript; charset=utf-8",
}
_ENVIRONMENT: Final = jinja2.Environment(
    loader=jinja2.PackageLoader("belvo_async.web"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(
    template: str,
    language: str,
    context: Mapping[str, object],
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> PageResponse:
    """Build the page of a template, in a language."""
    text = render_part(template, language, context)
    kind = {"Content-Type": "text/html; charset=utf-8", "Content-Language": TAGS[language]}
    return PageResponse(
        status=status,
        headers={**_HEADERS, **_NOT_KEPT, **kind, **(headers or {})},
        body=text.encode("utf-8", "replace"),
    )


def render_part(template: str, language: str, context: Mapping[str, object]) -> str:
    """Build a piece of a page."""
    texts = CATALOGS[language]
    return _ENVIRONMENT.get_template(template).render(
        texts=texts, language=TAGS[language], languages=NAMES, chosen=language, **context
    )


def redirect(place: str, headers: Mapping[str, str]) -> PageResponse:
    """Send the browser to an address, relative to the present one, with a GET."""
    return PageResponse(status=303, headers={**_HEADERS, **_NOT_KEPT, "Location": place, **headers})


def stream_events(events: AsyncGenerator[bytes, None]) -> PageResponse:
    """Send events for as long as they come; a proxy must not hold them back."""
    kind = {"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"}
    return PageResponse(headers={**_HEADERS, **_NOT_KEPT, **kind}, stream=events)


def refuse_method(allowed: str) -> PageResponse:
    """Answer a method that there is not."""
    return PageResponse(status=405, headers={**_HEADERS, **_NOT_KEPT, "Allow": allowed})


def serve_file(request: PageRequest, name: str) -> PageResponse | None:
    """Return a file of ours, or None where there is no such file."""
    kind = _STATIC.get(name)
    if kind is None:
        return None
    if request.method not in {"GET", "HEAD"}:
        return refuse_method("GET, HEAD")
    headers = {**_HEADERS, "Content-Type": kind, "Cache-Control": "public, max-age=3600"}
    return PageResponse(headers=headers, body=files("belvo_async.web").joinpath("static", name).read_bytes())
