"""What a person sees under a ticket, and what the page never does."""

import asyncio
import base64
import logging
import re

import pytest
from attrs import evolve

from belvo_async import LinkUpdate, ParkedChallenge, SessionPool, TokenRequiredError
from belvo_async.backends import MemoryBackend, MemoryChallengeStore
from belvo_async.errors import ChallengeStoreError, ConfigurationError
from belvo_async.models import ChallengeKind, ChallengePhase
from belvo_async.sandbox import Fault, Sandbox
from belvo_async.testing import ManualClock
from belvo_async.web import ChallengePage
from belvo_async.web._background import AnswerResult
from tests.web.conftest import (
    Browser,
    add_link,
    challenge,
    list_tokens,
    open_browser,
    open_pool,
    park,
    serve_aiohttp,
)

SECURITY = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}


async def test_the_form_shows_what_the_bank_asks(
    sandbox: Sandbox, pool: SessionPool, browser: Browser
) -> None:
    form = await browser.get(await park(sandbox, pool))
    for part in ("Cuentas Claras", "12345", "Use this code to generate the token", "159 min 55 s"):
        assert part in form.text
    assert 'autocomplete="one-time-code"' in form.text
    assert 'inputmode="numeric"' in form.text
    assert '<label for="token">' in form.text


async def park_with_institution(sandbox: Sandbox, pool: SessionPool) -> str:
    """Park what a call has asked for that named the institution, as Belvo does."""
    update = LinkUpdate(add_link(sandbox), password="new", institution="heimdall_mx_retail")
    with pytest.raises(TokenRequiredError) as required:
        await pool.links.update(update)
    return await pool.challenges.park(required.value.state)


async def test_the_institution_is_named_as_the_application_names_it(
    sandbox: Sandbox, pool: SessionPool
) -> None:
    ticket = await park_with_institution(sandbox, pool)
    page = ChallengePage(pool, institution_names={"heimdall_mx_retail": "Heimdall México"})
    async with page, serve_aiohttp(page) as base, open_browser(base) as browser:
        assert "<h1>Heimdall México asks" in (await browser.get(ticket)).text


async def test_a_challenge_costs_its_login_and_its_answer_and_no_request_for_a_name(
    sandbox: Sandbox, pool: SessionPool, browser: Browser
) -> None:
    """A start that a name takes is one that somebody who waits for a token does not have."""
    ticket = await park_with_institution(sandbox, pool)
    assert "<h1>heimdall_mx_retail asks" in (await browser.get(ticket)).text
    assert "Your bank has confirmed" in (await browser.answer(ticket, "111111")).text
    assert [entry.method for entry in sandbox.log] == ["PUT", "PATCH"]


async def test_an_institution_that_nobody_has_named_is_the_persons_bank(
    sandbox: Sandbox, pool: SessionPool, browser: Browser
) -> None:
    assert "<h1>Your bank asks" in (await browser.get(await park(sandbox, pool))).text


async def test_a_name_that_was_parked_with_it_is_shown(
    sandbox: Sandbox, pool: SessionPool, browser: Browser
) -> None:
    state = await challenge(pool, add_link(sandbox))
    ticket = await pool.challenges.park(state, institution="Banco <b>Ñ</b>")
    assert "<h1>Banco &lt;b&gt;Ñ&lt;/b&gt; asks" in (await browser.get(ticket)).text


@pytest.mark.parametrize(
    "path", ["{ticket}", "a" * 32, "static/page.css", "static/nothing", ""], ids=range(5)
)
async def test_nothing_leaves_without_its_headers(
    sandbox: Sandbox, pool: SessionPool, browser: Browser, path: str
) -> None:
    seen = await browser.get(path.format(ticket=await park(sandbox, pool)))
    expected = SECURITY if "page.css" not in path else {**SECURITY, "Cache-Control": "public, max-age=3600"}
    assert {name: seen.headers.get(name) for name in expected} == expected
    policy = seen.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


async def test_no_page_has_a_script_or_a_style_of_its_own(
    sandbox: Sandbox, pool: SessionPool, browser: Browser
) -> None:
    for username in ("x_mfa_numeric", "x_mfa_qr", "x_mfa_text", "x_mfa_inputless", "x_mfa_unknown"):
        text = (await browser.get(await park(sandbox, pool, username))).text
        assert not re.search(r"<script(?! src=)|<style|\son\w+=|\sstyle=", text)


async def test_a_challenge_without_input_has_a_button_and_no_field(
    sandbox: Sandbox, pool: SessionPool, browser: Browser
) -> None:
    ticket = await park(sandbox, pool, "x_mfa_inputless")
    form = await browser.get(ticket)
    assert "I have confirmed" in form.text
    assert 'name="token"' not in form.text
    assert "Your bank has confirmed" in (await browser.answer(ticket, None)).text


async def test_a_question_is_answered_in_words(sandbox: Sandbox, pool: SessionPool, browser: Browser) -> None:
    form = await browser.get(await park(sandbox, pool, "x_mfa_text"))
    assert "first dog" in form.text
    assert 'autocomplete="off"' in form.text
    assert 'inputmode="text"' in form.text


async def test_a_qr_code_is_drawn(sandbox: Sandbox, pool: SessionPool, browser: Browser) -> None:
    form = await browser.get(await park(sandbox, pool, "x_mfa_qr"))
    found = re.search(r'<img src="(data:image/svg\+xml[^"]+)"', form.text)
    assert found is not None
    assert "<svg" not in form.text


async def test_the_next_step_is_shown_after_the_first(
    sandbox: Sandbox, pool: SessionPool, browser: Browser
) -> None:
    ticket = await park(sandbox, pool, "x_mfa_two_step")
    second = await browser.answer(ticket, "111111")
    assert "first dog" in second.text
    assert "asks for one more" in second.text
    assert "Your bank has confirmed" in (await browser.answer(ticket, "111111")).text


async def test_a_token_that_cannot_be_one_is_told_at_the_field(
    sandbox: Sandbox, pool: SessionPool, browser: Browser
) -> None:
    ticket = await park(sandbox, pool)
    seen = await browser.answer(ticket, "   ")
    assert seen.status == 422
    assert 'role="alert">This cannot be a code' in seen.text
    assert 'aria-invalid="true"' in seen.text
    assert await list_tokens(sandbox, pool, ticket) == []
    assert "Your bank has confirmed" in (await browser.answer(ticket, "\uff11\uff11\uff11 111")).text
    assert await list_tokens(sandbox, pool, ticket) == ["111111"]


async def test_what_is_typed_is_never_shown_again(
    sandbox: Sandbox, pool: SessionPool, browser: Browser
) -> None:
    ticket = await park(sandbox, pool)
    assert "999999" not in (await browser.answer(ticket, "999999")).text
    assert "qwertz" not in (await browser.answer(ticket, "qwertz\n")).text


async def test_a_person_may_decline(sandbox: Sandbox, pool: SessionPool, browser: Browser) -> None:
    ticket = await park(sandbox, pool)
    seen = await browser.answer(ticket, "", do="decline")
    assert (seen.status, "You did not answer" in seen.text) == (410, True)
    assert (await pool.challenges.get(ticket)).phase is ChallengePhase.DECLINED


async def test_after_its_time_a_ticket_is_gone(
    sandbox: Sandbox, pool: SessionPool, browser: Browser, clock: ManualClock
) -> None:
    ticket = await park(sandbox, pool)
    form = {"proof": (await browser.get(ticket)).proof, "token": "111111", "do": "answer"}
    await clock.sleep(9600.0)
    for seen in (await browser.get(ticket), await browser.post(ticket, data=form)):
        assert (seen.status, "The time is up" in seen.text) == (410, True)
    assert await list_tokens(sandbox, pool, ticket) == []


async def test_a_form_that_is_sent_again_answers_no_other_question(
    sandbox: Sandbox, pool: SessionPool, browser: Browser
) -> None:
    """The bank asks a second question under the same ticket, and the first form is sent once more."""
    ticket = await park(sandbox, pool, "x_mfa_two_step")
    page = await browser.get(ticket)
    question = re.search(r'name="question" value="(\w+)"', page.text)
    assert question is not None
    form = {"proof": page.proof, "question": question[1], "token": "111111", "do": "answer"}
    for _ in range(2):
        seen = await browser.post(ticket, data=form)
        assert "first dog" in seen.text
    assert await list_tokens(sandbox, pool, ticket) == ["111111"]


async def test_a_session_that_expired_at_the_bank_is_told_as_such(
    sandbox: Sandbox, pool: SessionPool, browser: Browser
) -> None:
    ticket = await park(sandbox, pool, "x_mfa_expired")
    seen = await browser.answer(ticket, "111111")
    assert (seen.status, "The time is up" in seen.text) == (410, True)


async def test_a_refusal_is_told(sandbox: Sandbox, pool: SessionPool, browser: Browser) -> None:
    ticket = await park(sandbox, pool)
    await browser.answer(ticket, "999999")
    await browser.answer(ticket, "999999")
    seen = await browser.answer(ticket, "999999")
    assert (seen.status, "Your bank said no" in seen.text) == (200, True)


async def test_an_answer_whose_end_is_unknown_is_not_to_be_sent_again(
    sandbox: Sandbox, pool: SessionPool, browser: Browser
) -> None:
    ticket = await park(sandbox, pool)
    form = {"proof": (await browser.get(ticket)).proof, "token": "111111", "do": "answer"}
    sandbox.faults.add(Fault(kind="reset_before", method="PATCH"))
    seen = await browser.post(ticket, data=form)
    assert "do not send it again" in seen.text
    assert "<form" not in seen.text
    await browser.post(ticket, data=form)
    assert sum(entry.method == "PATCH" for entry in sandbox.log) == 1


async def test_what_a_killed_process_left_is_settled_by_a_look(
    sandbox: Sandbox, pool: SessionPool, other: SessionPool, browser: Browser, store: MemoryChallengeStore
) -> None:
    ticket = await park(sandbox, pool)
    await other.challenges.resume(ticket, "111111")
    (row,) = store._shelf.rows.values()
    await store.replace(evolve(row, phase=ChallengePhase.ANSWERED, version=row.version + 1))
    assert "is checking" in (await browser.get(ticket)).text
    await sandbox.clock.sleep(30.0)
    await browser.get(ticket)
    async with asyncio.timeout(5.0):
        while (await pool.challenges.get(ticket)).phase is ChallengePhase.ANSWERED:  # noqa: ASYNC110 - aside
            await asyncio.sleep(0.01)
    assert "<h1" in (await browser.get(ticket)).text
    assert (await pool.challenges.get(ticket)).phase is ChallengePhase.UPDATED


async def test_a_second_tab_and_the_back_button_send_nothing(
    sandbox: Sandbox, pool: SessionPool, browser: Browser
) -> None:
    ticket = await park(sandbox, pool)
    form = {"proof": (await browser.get(ticket)).proof, "token": "111111", "do": "answer"}
    seen = await asyncio.gather(*(browser.post(ticket, data=form) for _ in range(10)))
    assert all("is checking" in one.text or "has confirmed" in one.text for one in seen)
    late = await browser.post(ticket, data=form)
    assert "Your bank has confirmed" in late.text
    assert await list_tokens(sandbox, pool, ticket) == ["111111"]


async def test_two_processes_that_serve_the_page_send_one_token(
    sandbox: Sandbox, pool: SessionPool, other: SessionPool, browser: Browser
) -> None:
    ticket = await park(sandbox, pool)
    form = {"proof": (await browser.get(ticket)).proof, "token": "111111", "do": "answer"}
    async with ChallengePage(other) as second, serve_aiohttp(second) as base:
        elsewhere = Browser(browser.session, base)
        await asyncio.gather(
            *((browser, elsewhere)[number % 2].post(ticket, data=form) for number in range(10))
        )
    assert await list_tokens(sandbox, pool, ticket) == ["111111"]


async def test_an_answer_goes_on_when_the_browser_goes_away(
    sandbox: Sandbox, pool: SessionPool, page: ChallengePage, base: str
) -> None:
    ticket = await park(sandbox, pool)
    sandbox.faults.add(Fault(kind="latency", seconds=20.0, method="PATCH"))
    async with open_browser(base) as browser:
        form = {"proof": (await browser.get(ticket)).proof, "token": "111111", "do": "answer"}
        posting = asyncio.create_task(browser.post(ticket, data=form))
        async with asyncio.timeout(5.0):
            while not page._answering.is_under_way(ticket):  # noqa: ASYNC110 - aside
                await asyncio.sleep(0)
        posting.cancel()
        await asyncio.gather(posting, return_exceptions=True)
    await page._answering.aclose(5.0)
    assert (await pool.challenges.get(ticket)).phase is ChallengePhase.UPDATED


async def test_an_answer_that_could_not_be_sent_can_be_given_again(sandbox: Sandbox) -> None:
    store = MemoryChallengeStore()
    async with open_pool(sandbox, backend=MemoryBackend(store)) as pool:
        ticket = await park(sandbox, pool)
    async with (
        open_pool(sandbox, backend=MemoryBackend(store)) as pool,
        ChallengePage(pool) as page,
        serve_aiohttp(page) as base,
        open_browser(base) as browser,
    ):
        form = {"proof": (await browser.get(ticket)).proof, "token": "111111", "do": "answer"}
        await sandbox.stop()
        assert "could not be sent" in (await browser.post(ticket, data=form)).text
        assert (await pool.challenges.get(ticket)).phase is ChallengePhase.OPEN


@pytest.mark.parametrize("proof", ["", "0" * 64, "é", "x" * 5000], ids=range(4))
async def test_a_form_from_elsewhere_is_refused(
    sandbox: Sandbox, pool: SessionPool, browser: Browser, proof: str
) -> None:
    ticket = await park(sandbox, pool)
    await browser.get(ticket)
    seen = await browser.post(ticket, data={"proof": proof, "token": "111111"})
    assert seen.status == 403
    assert await list_tokens(sandbox, pool, ticket) == []


async def test_a_form_needs_the_cookie_that_came_with_it(
    sandbox: Sandbox, pool: SessionPool, base: str, browser: Browser
) -> None:
    ticket = await park(sandbox, pool)
    form = {"proof": (await browser.get(ticket)).proof, "token": "111111"}
    async with open_browser(base) as stranger:
        assert (await stranger.post(ticket, data=form)).status == 403
    assert await list_tokens(sandbox, pool, ticket) == []


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://elsewhere.example"}, 403),
        ({"Origin": "https://[broken"}, 403),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 200),
    ],
    ids=["cross-site", "same-site", "origin", "broken", "same-origin"],
)
async def test_the_browser_tells_where_a_form_comes_from(
    sandbox: Sandbox, pool: SessionPool, browser: Browser, headers: dict[str, str], status: int
) -> None:
    ticket = await park(sandbox, pool)
    form = {"proof": (await browser.get(ticket)).proof, "token": "111111"}
    assert (await browser.post(ticket, data=form, headers=headers)).status == status


async def test_the_cookie_is_for_this_page_alone(
    sandbox: Sandbox, pool: SessionPool, browser: Browser
) -> None:
    form = await browser.get(await park(sandbox, pool))
    assert re.fullmatch(r"belvo_challenge=[0-9a-f]{64}; HttpOnly; SameSite=Lax", form.headers["Set-Cookie"])


async def test_answers_are_counted(sandbox: Sandbox, pool: SessionPool, browser: Browser) -> None:
    ticket = await park(sandbox, pool)
    statuses = [(await browser.answer(ticket, " ")).status for _ in range(12)]
    assert statuses == [422] * 10 + [429] * 2
    await sandbox.clock.sleep(61.0)
    assert (await browser.answer(ticket, "111111")).status == 200


async def test_guessing_tickets_is_slowed_down_and_locks_nobody_out(
    sandbox: Sandbox, pool: SessionPool, browser: Browser
) -> None:
    statuses = [(await browser.get(f"{number:032}")).status for number in range(25)]
    assert statuses == [404] * 20 + [429] * 5
    assert (await browser.get(await park(sandbox, pool))).status == 200


async def test_a_store_that_fails_is_told_kindly(sandbox: Sandbox) -> None:
    class Broken(MemoryChallengeStore):
        async def read(self, key: str) -> None:
            raise ChallengeStoreError(f"secret address {key}")

    async with (
        open_pool(sandbox, backend=MemoryBackend(Broken())) as pool,
        ChallengePage(pool) as page,
        serve_aiohttp(page) as base,
        open_browser(base) as browser,
    ):
        seen = await browser.get("a" * 32)
    assert (seen.status, "secret" in seen.text) == (503, False)


async def test_a_challenge_that_is_damaged_is_gone(
    sandbox: Sandbox, pool: SessionPool, browser: Browser, store: MemoryChallengeStore
) -> None:
    ticket = await park(sandbox, pool)
    (row,) = store._shelf.rows.values()
    await store.replace(evolve(row, record=row.record[:-1], version=row.version + 1))
    assert (await browser.get(ticket)).status == 410


@pytest.mark.parametrize("query", ["", "?lang=pt"])
async def test_the_page_of_a_superseded_challenge_leads_to_the_newer_one(
    sandbox: Sandbox, pool: SessionPool, browser: Browser, query: str
) -> None:
    link_id = add_link(sandbox)
    older = await pool.challenges.park(await challenge(pool, link_id))
    form = {"proof": (await browser.get(older)).proof, "do": "answer", "token": "111111"}
    newer = await pool.challenges.park(await challenge(pool, link_id))
    led = await browser.get(older, query, allow_redirects=False)
    assert (led.status, led.headers["Location"]) == (303, f"{newer}{query}")
    assert "12345" in (await browser.get(older)).text
    assert "12345" in (await browser.post(older, data=form)).text, (
        "the old form sends nothing, and leads there"
    )
    assert sandbox.tokens(link_id) == []
    assert "Your bank has confirmed" in (await browser.answer(newer, "111111")).text


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "No longer needed"), ("es", "Ya no hace falta"), ("pt", "Não é mais necessário")],
)
async def test_a_challenge_of_a_link_that_needs_none_is_no_longer_needed(
    sandbox: Sandbox, pool: SessionPool, browser: Browser, language: str, said: str
) -> None:
    ticket = await park(sandbox, pool)
    await pool.links.delete((await pool.challenges.get(ticket)).link_id)
    seen = await browser.get(ticket, f"?lang={language}")
    assert (seen.status, said in seen.text) == (410, True)


async def test_a_challenge_that_is_superseded_while_its_answer_is_sent_leads_to_the_newer_one(
    sandbox: Sandbox, pool: SessionPool, browser: Browser
) -> None:
    link_id = add_link(sandbox)
    older = await pool.challenges.park(await challenge(pool, link_id))
    newer = await challenge(pool, link_id)
    page = await browser.get(older)
    read = pool.challenges.get

    async def park_right_after(ticket: str) -> ParkedChallenge:
        found = await read(ticket)
        if found.phase is ChallengePhase.OPEN and ticket == older:
            await pool.challenges.park(newer)
        return found

    pool.challenges.get = park_right_after  # type: ignore[method-assign]  # the instant in between
    seen = await browser.post(older, data={"proof": page.proof, "do": "answer", "token": "111111"})
    assert "12345" in seen.text
    assert "could not be sent" not in seen.text
    assert sandbox.tokens(link_id) == []


async def test_a_page_that_closes_waits_for_answers_but_not_for_ever(pool: SessionPool) -> None:
    async with ChallengePage(pool, close_grace=0.05) as page:
        stuck = asyncio.create_task(asyncio.sleep(60.0, AnswerResult.OVER))
        page._answering._under_way["ticket"] = stuck
    assert not stuck.done()
    stuck.cancel()


async def test_nothing_in_the_log_tells_a_ticket_or_a_token(
    sandbox: Sandbox, pool: SessionPool, browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    ticket = await park(sandbox, pool)
    await browser.answer(ticket, "999999")
    await browser.answer(ticket, "111111")
    (cookie,) = browser.session.cookie_jar
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("belvo")]
    assert ours
    assert not [line for line in ours if ticket in line or "111111" in line or cookie.value in line]


@pytest.mark.parametrize(
    ("header", "query", "language"),
    [
        ("", "", "en"),
        ("es-MX,es;q=0.9,en;q=0.8", "", "es"),
        ("pt-BR", "", "pt-BR"),
        ("fr, en;q=0.5, pt;q=0.8", "", "pt-BR"),
        ("es;q=0, en", "", "en"),
        ("es", "?lang=pt", "pt-BR"),
        ("es", "?lang=xx", "es"),
        (";;;,q=,*;q=2", "", "en"),
    ],
)
async def test_the_page_speaks_the_language_of_its_reader(
    sandbox: Sandbox, pool: SessionPool, browser: Browser, header: str, query: str, language: str
) -> None:
    seen = await browser.get(await park(sandbox, pool), query, headers={"Accept-Language": header})
    assert f'<html lang="{language}">' in seen.text
    assert seen.headers["Content-Language"] == language


async def test_a_language_that_was_chosen_stays(
    sandbox: Sandbox, pool: SessionPool, browser: Browser
) -> None:
    ticket = await park(sandbox, pool)
    form = {"proof": (await browser.get(ticket, "?lang=es")).proof, "token": "111111"}
    assert "Su banco confirmó" in (await browser.post(ticket, "?lang=es", data=form)).text


@pytest.mark.parametrize(
    "value", ["x" * 5000, "\x00", "data:text/html;base64,PHNjcmlwdD4=", "<svg onload=alert(1)>"]
)
async def test_a_qr_value_that_is_none_is_shown_as_text(
    sandbox: Sandbox, pool: SessionPool, browser: Browser, value: str
) -> None:
    ticket = await park_value(sandbox, pool, "qr", value)
    text = (await browser.get(ticket)).text
    assert "<svg onload" not in text
    assert "data:text" not in re.sub(r"<p class=\"value\">.*?</p>", "", text, flags=re.DOTALL)


@pytest.mark.parametrize(
    "value",
    [
        "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n").decode(),
        base64.b64encode(b"\x89PNG\r\n\x1a\n").decode(),
        "data:image/png;base64,\niVBORw0K\nGgo=",
        "iVBORw0K\nGgo=",
    ],
    ids=["address", "base64", "address in lines", "base64 in lines"],
)
async def test_a_qr_code_that_is_an_image_is_shown_as_it_is(
    sandbox: Sandbox, pool: SessionPool, browser: Browser, value: str
) -> None:
    ticket = await park_value(sandbox, pool, "qr", value)
    assert '<img src="data:image/png;base64,iVBORw0KGgo="' in (await browser.get(ticket)).text


@pytest.mark.parametrize(
    "value", ["<svg><path d='M0'/></svg>", "data:image/svg+xml;utf8,<svg><path d='M0'/></svg>"]
)
async def test_a_drawing_is_shown_as_a_picture_and_never_as_markup(
    sandbox: Sandbox, pool: SessionPool, browser: Browser, value: str
) -> None:
    text = (await browser.get(await park_value(sandbox, pool, "qr", value))).text
    encoded = base64.b64encode(b"<svg><path d='M0'/></svg>").decode()
    assert f'<img src="data:image/svg+xml;base64,{encoded}"' in text
    assert "<svg" not in text


async def test_a_page_of_html_is_neither_embedded_nor_drawn(
    sandbox: Sandbox, pool: SessionPool, browser: Browser
) -> None:
    value = "data:text/html;base64," + base64.b64encode(b"<script>alert(1)</script>").decode()
    text = (await browser.get(await park_value(sandbox, pool, "qr", value))).text
    assert f'<p class="value">{value}</p>' in text
    assert "<img" not in text


async def test_a_picture_of_an_unknown_kind_is_shown(
    sandbox: Sandbox, pool: SessionPool, browser: Browser
) -> None:
    text = (await browser.get(await park_value(sandbox, pool, "captcha", "data:image/png;base64,AAAA"))).text
    assert '<img src="data:image/png;base64,AAAA"' in text
    assert "QR code" not in text


async def test_choices_and_unknown_forms_are_shown_line_by_line(
    sandbox: Sandbox, pool: SessionPool, browser: Browser
) -> None:
    extra: dict[str, object] = {"value": ["home", "<b>office</b>"], "hint": {"es": "la llave"}}
    text = (await browser.get(await park_value(sandbox, pool, "text", "Where?", extra))).text
    assert re.findall(r'<li dir="auto">(.*?)</li>', text) == [
        "home",
        "&lt;b&gt;office&lt;/b&gt;",
        "hint es: la llave",
    ]


async def park_value(
    sandbox: Sandbox, pool: SessionPool, kind: str, value: str, extra: dict[str, object] | None = None
) -> str:
    """Park a challenge of a kind and a value that the sandbox has not."""
    state = await challenge(pool, add_link(sandbox, "x_mfa_numeric"))
    data = evolve(
        state.challenge.token_generation_data, kind=ChallengeKind(kind), value=value, extra=extra or {}
    )
    asked = evolve(state.challenge, token_generation_data=data)
    return await pool.challenges.park(evolve(state, challenge=asked))


@pytest.mark.parametrize("setting", [{"language": "fr"}, {"pool": None}, {"close_grace": -1.0}])
def test_a_setting_that_makes_no_sense_is_refused(sandbox: Sandbox, setting: dict[str, object]) -> None:
    pool = open_pool(sandbox)
    with pytest.raises(ConfigurationError):
        ChallengePage(**{"pool": pool, **setting})  # type: ignore[arg-type]  # the wrong things
