"""A server echoes a secret in any text of any response: it is in nothing that leaves a call."""

import asyncio
import base64
import copy
import io
import json
import logging
import pickle
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from belvo_async import (
    BelvoError,
    Credentials,
    Link,
    LinkChanges,
    LinkRegistration,
    LinkUpdate,
    RetryPolicy,
    SessionPool,
    TokenRequiredError,
    bulk,
)
from belvo_async.backends import MemoryBackend, SqliteChallengeStore
from belvo_async.errors import InvalidTokenError
from belvo_async.models import AwaitingToken
from belvo_async.testing import ManualClock
from tests.contrib.telemetry import Telemetry, open_telemetry
from tests.engine.dialogues import give
from tests.engine.servers import Wire, build_answer, serve
from tests.pure.bodies import CHALLENGE, LEGACY_CHALLENGE, LINK, LINK_ID, OTHER_LINK_ID
from tests.storm.bank import say_error
from tests.storm.faults import Reply, seed_with

PASSWORD, TOKEN, WRONG_TOKEN = "PW-SECRET-99", "right-token-864209", "wrong-token-135790"
SENT = (PASSWORD, WRONG_TOKEN, TOKEN)
"""What one call sends: an update, and two answers to its challenges."""
KEYS = Credentials("the-id-of-the-keys", "the-password-of-the-keys")
HEADER = base64.b64encode(b"the-id-of-the-keys:the-password-of-the-keys").decode()
SECRETS = (PASSWORD, TOKEN, "the-id-of-the-keys", "the-password-of-the-keys", HEADER)
ECHOED = ((PASSWORD,), (TOKEN,), SECRETS[2:])
"""What one text echoes at a time."""

ITEM = {"code": "invalid", "message": "m", "request_id": "r", "field": "f", "institution_user_id": "u"}
EXTRA = {"new": {"a": "b"}, "choices": ["one", {"two": "three"}]}
CHALLENGED = {
    **CHALLENGE,
    **EXTRA,
    "token_generation_data": {**CHALLENGE["token_generation_data"], **EXTRA},
}


def list_errors_of_the_storm() -> Iterator[tuple[str, tuple[int, Any]]]:
    """Build what the storm's server sends besides links and challenges; its 429 has no text."""
    for reply in Reply:
        if reply not in {Reply.TRUTH, Reply.FOREIGN_LINK, Reply.TOO_MANY_REQUESTS}:
            message = say_error(reply, seed_with(""))
            is_page = message.body.startswith(b"<html>")
            yield reply.value, (message.status, message.body if is_page else json.loads(message.body))


FORMS: dict[str, tuple[int, Any]] = {  # Any: JSON
    "error list": (400, [ITEM, ITEM]),
    "error object": (400, {**ITEM, "detail": "d"}),
    "repeated error": (400, [{**ITEM, "code": "too_many_sessions"}]),
    "server error": (500, [{**ITEM, "code": "unexpected_error"}]),
    "unreadable": (200, ["x", {"y": "z"}]),
    "no json": (400, "x"),
    "challenge": (428, [CHALLENGED]),
    "bare challenge": (428, CHALLENGED),
    "challenge of 2020": (428, LEGACY_CHALLENGE),
    "challenge in words": (428, [{**CHALLENGE, "token_generation_data": "Type what you see"}]),
    "activation": (428, [{**ITEM, "code": "activation_required"}]),
    "link": (200, {**LINK, **EXTRA}),
    "another link": (200, {**LINK, "id": OTHER_LINK_ID}),
    "another link's challenge": (428, [{**CHALLENGE, "link": OTHER_LINK_ID}]),
    "page": (200, {"count": 1, "next": None, "previous": None, "results": [{**LINK, **EXTRA}, {"no": "id"}]}),
    **dict(list_errors_of_the_storm()),
}


def echo_everywhere(body: Any, echo: str) -> Iterator[Any]:
    """Build the variants of a body in which one text, or one key, says *echo*."""
    if isinstance(body, bytes):
        yield body.replace(b"openresty", f"x\n{echo}\ny".encode())
    for path, is_key in find_texts(body, ()):
        yield put(copy.deepcopy(body), path, f"x\n{echo}\ny", is_key=is_key)


def find_texts(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], bool]]:
    match value:
        case str():
            yield path, False
        case dict():
            for key, inner in value.items():
                yield (*path, key), True
                yield from find_texts(inner, (*path, key))
        case list():
            for index, inner in enumerate(value):
                yield from find_texts(inner, (*path, index))
        case _:
            pass


def put(body: Any, path: tuple[Any, ...], text: str, *, is_key: bool) -> Any:
    if not path:
        return text
    holder = body
    for step in path[:-1]:
        holder = holder[step]
    if is_key:
        holder[text] = holder.pop(path[-1])
    else:
        holder[path[-1]] = text
    return body


class Echo:
    """A server that gives every request the body that is set, or, as its mode says, something before it.

    - `token first`: each update is challenged until the right token comes.
    - `checked`: so it is, and then it fails, so that the link is read.
    - `logins`: all but updates get a link.
    - `lost`, `cut`, `garbled`, `silent`: there is no whole response.
    - `mute`: there is none as long as a test is on.
    """

    def __init__(self, clock: ManualClock, telemetry: Telemetry) -> None:
        self.clock = clock
        self.telemetry = telemetry
        self.status = 200
        self.body: Any = {}
        self.mode = ""
        self.challenges = 0
        self.has_arrived = asyncio.Event()

    async def reply(self, wire: Wire, writer: asyncio.StreamWriter) -> bool:
        status, body, request = self.status, self.body, wire.requests[-1]
        is_login = request.startswith((b"PUT", b"PATCH /api/links/ "))
        if self.mode == "logins" and not is_login:
            status, body = 200, LINK
        if self.mode == "lost":
            return False
        if self.mode == "cut":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n" + PASSWORD.encode())
            return False
        if self.mode == "garbled":
            writer.write(f"HTTP/1.1 200 OK\r\n{PASSWORD} {TOKEN}\r\n\r\n".encode())
            return False
        if self.mode == "mute":
            self.has_arrived.set()
            await asyncio.sleep(60.0)
        if self.mode == "silent":
            await asyncio.sleep(0.3)
            return False
        if self.mode == "checked" and is_login:
            status, body = 500, [{**ITEM, "code": "unexpected_error"}]
        if self.mode in ("token first", "checked") and is_login and TOKEN.encode() not in request:
            self.challenges += 1
            status, body = 428, [{**CHALLENGE, "session": f"session-{self.challenges}"}]
        head = f"X-Request-Id: {PASSWORD} {TOKEN}\r\n"
        now = (await self._take_a_second()).isoformat()
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        data = data.replace(LINK["last_accessed_at"].encode(), now.encode())
        writer.write(build_answer(data, f"{status} Echo", head))
        await writer.drain()
        return True

    async def _take_a_second(self) -> datetime:
        await self.clock.sleep(1)
        return self.clock.wall()


@contextmanager
def all_logs() -> Iterator[io.StringIO]:
    """Collect what every logger writes at the level DEBUG, asyncio's and aiohttp's too."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield written
    finally:
        root.removeHandler(handler)
        root.setLevel(before)


@asynccontextmanager
async def open_echo(path: Path) -> AsyncIterator[tuple[Echo, SessionPool]]:
    with open_telemetry() as telemetry:
        echo = Echo(ManualClock(automatic=True), telemetry)
        async with (
            serve(echo.reply) as wire,
            SqliteChallengeStore(path / "store.sqlite") as store,
            SessionPool(
                KEYS,
                environment=wire.url,
                clock=echo.clock,
                backend=MemoryBackend(store),
                retry=RetryPolicy(retries=1),
                observer=telemetry.observe(),
            ) as pool,
        ):
            yield echo, pool


def show(error: BaseException) -> str:
    """Show an error as a tool does that shows the variables of every frame of its whole chain."""
    with_locals = traceback.TracebackException.from_exception(error, capture_locals=True)
    shown = ["".join(with_locals.format()), str(error), repr(error), repr(error.args), repr(vars(error))]
    return "\n".join([*shown, pickle.dumps(error).decode("latin-1"), repr(show_state(error))])


def show_state(error: BaseException) -> object:
    state = getattr(error, "state", None)
    if not isinstance(state, AwaitingToken):
        return None
    data = state.challenge.token_generation_data
    return state, state.challenge.extra, data.extra, state.challenge.extra_lines


# In frames of their own, which have no secret among their variables: those of the caller are the caller's.
CALLS: dict[str, Callable[[SessionPool], Awaitable[object]]] = {
    "update": lambda pool: pool.links.update(build_update()),
    "register": lambda pool: pool.links.register(build_registration()),
    "get": lambda pool: pool.links.get(LINK_ID),
    "modify": lambda pool: pool.links.modify(LINK_ID, LinkChanges(stale_in="365d")),
    "list": lambda pool: pool.links.list().page(1),
    "delete": lambda pool: pool.links.delete(LINK_ID, in_background=True),
    "refresh_data": lambda pool: pool.links.refresh_data(LINK_ID),
}
CALLS_WITH: dict[tuple[str, ...], tuple[str, ...]] = {(PASSWORD,): ("update", "register")}
"""Which calls send a secret; the keys go with all of them."""


async def take_challenge(pool: SessionPool) -> AwaitingToken:
    with pytest.raises(TokenRequiredError) as caught:
        await pool.links.update(build_update())
    return caught.value.state


async def resume(pool: SessionPool) -> Link:
    state = await take_challenge(pool)
    return await pool.links.resume(state, TOKEN)


async def update_with_tokens(pool: SessionPool) -> Link:
    return await pool.links.update(build_update(), provide_token=give(WRONG_TOKEN, TOKEN, TOKEN))


def build_update() -> LinkUpdate:
    return LinkUpdate(LINK_ID, password=PASSWORD)


def build_registration() -> LinkRegistration:
    return LinkRegistration(institution="erebor_mx_retail", username="username-1", password=PASSWORD)


async def see(
    call: Callable[[SessionPool], Awaitable[object]], pool: SessionPool, telemetry: Telemetry
) -> tuple[str, BelvoError | None]:
    try:
        with telemetry.tracing.get_tracer("application").start_as_current_span("a call"):
            result = await call(pool)
    except BelvoError as error:
        return show(error), error
    shown = [repr(result)]
    if isinstance(result, Link):
        shown.append(repr(result.extra))
    shown += [f"{item.extra}" for item in getattr(result, "results", ())]
    return "\n".join([*shown, repr(getattr(result, "unreadable", None))]), None


def find_files(path: Path, secret: str) -> list[str]:
    return [file.name for file in path.iterdir() if secret.encode() in file.read_bytes()]


@pytest.mark.parametrize("secrets", ECHOED, ids=["password", "token", "keys"])
@pytest.mark.parametrize("form", FORMS)
async def test_no_text_of_any_response_brings_a_secret_out(
    tmp_path: Path, form: str, secrets: tuple[str, ...]
) -> None:
    calls = [resume] if secrets == (TOKEN,) else [CALLS[name] for name in CALLS_WITH.get(secrets, CALLS)]
    with all_logs() as written:
        async with open_echo(tmp_path) as (echo, pool):
            echo.mode = "token first" if secrets == (TOKEN,) else ""
            for variant in echo_everywhere(FORMS[form][1], " ".join(secrets)):
                echo.status, echo.body = FORMS[form][0], variant
                for call in calls:
                    shown, error = await see(call, pool, echo.telemetry)
                    assert [secret for secret in secrets if secret in shown] == []
                    assert error is None or str(error).isprintable()
                    state = getattr(error, "state", None)
                    if isinstance(state, AwaitingToken):
                        parked = pool.links.park(state)
                        assert [secret for secret in secrets if secret in parked] == []
                        await pool.challenges.park(state)
            exported = echo.telemetry.write()
    assert [secret for secret in secrets if secret in written.getvalue() + exported] == []
    assert "\ny" not in written.getvalue()
    assert [file for secret in secrets for file in find_files(tmp_path, secret)] == []


@pytest.mark.parametrize("form", FORMS)
async def test_no_later_response_of_a_call_brings_out_what_it_has_sent(tmp_path: Path, form: str) -> None:
    with all_logs() as written:
        async with open_echo(tmp_path) as (echo, pool):
            echo.mode = "token first"
            for variant in echo_everywhere(FORMS[form][1], f"{PASSWORD} {WRONG_TOKEN}"):
                echo.status, echo.body = FORMS[form][0], variant
                shown, error = await see(update_with_tokens, pool, echo.telemetry)
                assert [secret for secret in SENT if secret in shown] == []
                state = getattr(error, "state", None)
                if isinstance(state, AwaitingToken):
                    await pool.challenges.park(state)
            exported = echo.telemetry.write()
    assert [secret for secret in SENT if secret in written.getvalue() + exported] == []
    assert [file for secret in SENT for file in find_files(tmp_path, secret)] == []


async def test_no_status_check_brings_out_what_its_login_has_sent(tmp_path: Path) -> None:
    ends = []
    with all_logs() as written:
        async with open_echo(tmp_path) as (echo, pool):
            echo.mode = "checked"
            for variant in echo_everywhere(FORMS["link"][1], " ".join(SENT)):
                echo.body = variant
                shown, error = await see(update_with_tokens, pool, echo.telemetry)
                assert [secret for secret in SENT if secret in shown] == []
                ends.append(error)
            exported = echo.telemetry.write()
    assert ends.count(None) > len(ends) / 2
    assert [secret for secret in SENT if secret in written.getvalue() + exported] == []


@pytest.mark.parametrize("form", FORMS)
async def test_a_job_writes_no_echo_into_its_journal(tmp_path: Path, form: str) -> None:
    with all_logs() as written:
        async with open_echo(tmp_path) as (echo, pool):
            echo.mode = "logins"
            for number, variant in enumerate(echo_everywhere(FORMS[form][1], PASSWORD)):
                echo.status, echo.body = FORMS[form][0], variant
                journal = tmp_path / f"job-{number}.sqlite"
                with suppress(BelvoError):
                    async with bulk.refresh(pool, [build_update()], journal=journal) as run:
                        async for outcome in run:
                            assert PASSWORD not in f"{outcome!r} {run.report.to_table()}"
            assert PASSWORD not in echo.telemetry.write()
    assert PASSWORD not in written.getvalue()
    assert find_files(tmp_path, PASSWORD) == []


@pytest.mark.parametrize("mode", ["lost", "cut", "garbled", "silent", "refused"])
@pytest.mark.parametrize("name", [*CALLS, "resume"])
async def test_no_variable_of_any_frame_shows_a_secret(tmp_path: Path, name: str, mode: str) -> None:
    async with open_echo(tmp_path) as (echo, pool):
        echo.mode = "token first"
        state = await take_challenge(pool)
        every = {**CALLS, "resume": lambda pool: pool.links.resume(state, TOKEN)}
        echo.mode = mode
        echo.status, echo.body = 401, [{"code": "authentication_failed", "message": KEYS.secret_password}]
        shown, error = await see(every[name], pool, echo.telemetry)
        exported = echo.telemetry.write()
    assert error is not None
    assert [secret for secret in SECRETS if secret in shown + exported] == []


async def test_a_token_that_cannot_be_one_is_in_no_frame(tmp_path: Path) -> None:
    async with open_echo(tmp_path) as (echo, pool):
        echo.mode = "token first"
        asked, error = await see(give_odd_token, pool, echo.telemetry)
        assert isinstance(error, InvalidTokenError)
        state = await take_challenge(pool)
        resumed, error = await see(
            lambda pool: pool.links.resume(state, f"{TOKEN}\x00"), pool, echo.telemetry
        )
        assert isinstance(error, InvalidTokenError)
        exported = echo.telemetry.write()
    assert TOKEN not in asked + resumed + exported


async def give_odd_token(pool: SessionPool) -> Link:
    return await pool.links.update(build_update(), provide_token=lambda _: f"{TOKEN}\x00")


@pytest.mark.parametrize("name", ["update", "register", "get", "modify"])
async def test_a_cancellation_keeps_no_frame_with_a_secret(tmp_path: Path, name: str) -> None:
    async with open_echo(tmp_path) as (echo, pool):
        echo.mode = "mute"
        task = asyncio.ensure_future(CALLS[name](pool))
        await echo.has_arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await task
    shown = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert [secret for secret in SECRETS if secret in shown] == []
    assert "/aiohttp/" not in shown


def test_the_control_finds_a_secret_in_a_frame() -> None:
    """Without it, the other tests would prove nothing."""

    def fail(token: str) -> None:
        raise BelvoError("no" * len(token))

    with pytest.raises(BelvoError) as caught:
        fail(TOKEN)
    assert TOKEN in show(caught.value)


def test_the_control_finds_a_secret_in_a_span() -> None:
    with (
        open_telemetry() as telemetry,
        suppress(BelvoError),
        telemetry.tracing.get_tracer("application").start_as_current_span("a call"),
    ):
        raise BelvoError(f"no {TOKEN}")
    assert TOKEN in telemetry.write()
