"""Whatever is sent to the page, and whatever a bank sends, it answers, and nobody's markup is obeyed."""

import asyncio
import re
from datetime import timedelta
from html.parser import HTMLParser
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from belvo_async import Challenge, Credentials, SessionPool
from belvo_async.backends import MemoryBackend, MemoryChallengeStore
from belvo_async.models import AwaitingToken, ChallengeKind, TokenGenerationData
from belvo_async.testing import ManualClock
from belvo_async.web import ChallengePage
from belvo_async.web._http import PageRequest, PageResponse

MARK: Final = "x" + "mark"
MARKUP: Final = (
    f"<script>{MARK}</script>",
    f'"><img src=x onerror={MARK}>',
    f"'onmouseover='{MARK}",
    f"</title><svg/onload={MARK}>",
    f"javascript:{MARK}",
    f"{{{{ {MARK} }}}}",
    f"\u2028<b id={MARK}>",
)
TEXT: Final = (
    st.text(max_size=60)
    | st.sampled_from(MARKUP)
    | st.tuples(st.text(max_size=9), st.sampled_from(MARKUP)).map("".join)
)
TICKET: Final = "t" * 32
NAMES: Final = st.sampled_from(("token", "proof", "do", "lang", "x"))
HEADERS: Final = st.sampled_from(
    ("accept-language", "cookie", "origin", "host", "sec-fetch-site", "content-type")
)
REQUESTS: Final = st.builds(
    PageRequest,
    method=st.sampled_from(("GET", "POST", "HEAD", "PUT")),
    path=st.just(TICKET) | TEXT | TEXT.map("static/{}".format),
    query=st.dictionaries(NAMES, TEXT, max_size=3),
    headers=st.dictionaries(HEADERS, TEXT, max_size=4),
    cookies=st.dictionaries(st.just("belvo_challenge"), TEXT | st.just("a" * 64), max_size=1),
    body=st.none()
    | st.binary(max_size=200)
    | TEXT.map(lambda text: f"proof={'a' * 64}&token={text}".encode()),
    remote=TEXT,
    is_secure=st.booleans(),
)
CHALLENGES: Final = st.builds(
    TokenGenerationData,
    instructions=TEXT,
    kind=st.none() | st.sampled_from(tuple(ChallengeKind)) | TEXT.map(ChallengeKind),
    value=st.none() | TEXT,
    expects_user_input=st.booleans(),
)


class Elements(HTMLParser):
    """Collects the elements and attributes of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.names: set[str] = set()
        self.addresses: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.names |= {name for name, _ in attrs}
        self.addresses |= {value or "" for name, value in attrs if name in {"href", "src", "action"}}


ALLOWED: Final = frozenset(
    (
        *("html", "head", "meta", "title", "link", "script", "noscript", "body", "header", "main", "footer"),
        *("h1", "h2", "p", "section", "form", "label", "input", "button", "nav", "span", "a", "time", "img"),
    )
)


def check(response: PageResponse) -> None:
    assert response.status < 500
    text = response.body.decode()
    elements = Elements()
    elements.feed(text)
    assert elements.tags <= ALLOWED
    assert not [name for name in elements.names if name.startswith("on") or name in {"style", "srcdoc"}]
    for address in elements.addresses:
        assert re.match(r"(static/|\?lang=|data:,$|data:image/|$)", address), address
    for value in (*response.headers, *response.headers.values()):
        assert "\n" not in value
        assert "\r" not in value


def serve(data: TokenGenerationData, requests: list[PageRequest]) -> None:
    async def run() -> None:
        clock = ManualClock(automatic=True)
        store = MemoryChallengeStore()
        pool = SessionPool(
            Credentials("id", "word"),
            environment="http://127.0.0.1:1",
            clock=clock,
            backend=MemoryBackend(store),
        )
        challenge = Challenge(
            session="s",
            link_id="30cb4806-6e00-48a4-91c9-ca55968576c8",
            expiry=600.0,
            token_generation_data=data,
            received_at=clock.wall() - timedelta(seconds=1),
        )
        state = AwaitingToken(challenge=challenge, deadline=clock.monotonic() + 500.0)
        await pool.challenges.park(state, ticket=TICKET, institution="Bank")
        async with pool, ChallengePage(pool) as page:
            for request in requests:
                check(await page.handle(request))

    asyncio.run(run())


@given(data=CHALLENGES, requests=st.lists(REQUESTS, min_size=1, max_size=4))
def test_every_request_is_answered_and_no_markup_is_obeyed(
    data: TokenGenerationData, requests: list[PageRequest]
) -> None:
    shown = PageRequest(method="GET", path=TICKET)
    serve(data, [shown, *requests, shown])
