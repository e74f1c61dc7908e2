"""A person answers a challenge in a browser."""

import io

import pytest
import zxingcpp
from PIL import Image
from playwright.async_api import Browser, BrowserContext, Page, expect

from belvo_async import SessionPool
from belvo_async.models import ChallengePhase
from belvo_async.sandbox import Sandbox
from belvo_async.testing import ManualClock
from belvo_async.web import OperatorPage
from tests.browser.conftest import DESKTOP, PHONE, park, photograph
from tests.challenges.conftest import list_tokens
from tests.web.conftest import serve_aiohttp

DONE = "Your bank has confirmed"


async def answer(tab: Page, token: str) -> None:
    await tab.get_by_label("Your code").fill(token)
    await tab.get_by_role("button", name="Send").click()


async def test_a_number_is_answered(sandbox: Sandbox, pool: SessionPool, base: str, tab: Page) -> None:
    ticket = await park(sandbox, pool)
    await tab.goto(f"{base}/{ticket}")
    await expect(tab.get_by_text("12345")).to_be_visible()
    await photograph(tab, "challenge-desktop")
    await answer(tab, "111111")
    await expect(tab.get_by_text(DONE)).to_be_visible()
    await expect(tab.get_by_role("heading", name="Done")).to_be_focused()
    await photograph(tab, "done-desktop")
    assert await list_tokens(sandbox, pool, ticket) == ["111111"]


async def test_the_keyboard_alone_will_do(sandbox: Sandbox, pool: SessionPool, base: str, tab: Page) -> None:
    await tab.goto(f"{base}/{await park(sandbox, pool)}")
    await expect(tab.get_by_label("Your code")).to_be_focused()
    await tab.keyboard.type("111111")
    await tab.keyboard.press("Enter")
    await expect(tab.get_by_text(DONE)).to_be_visible()


async def test_a_wrong_token_then_the_right_one(
    sandbox: Sandbox, pool: SessionPool, base: str, tab: Page
) -> None:
    ticket = await park(sandbox, pool)
    await tab.goto(f"{base}/{ticket}")
    await answer(tab, "999999")
    await expect(tab.get_by_role("alert")).to_contain_text("did not accept")
    await expect(tab.get_by_label("Your code")).to_have_value("")
    await photograph(tab, "wrong-desktop")
    await answer(tab, "111111")
    await expect(tab.get_by_text(DONE)).to_be_visible()
    assert await list_tokens(sandbox, pool, ticket) == ["999999", "111111"]


async def test_a_token_that_cannot_be_one_is_told_at_its_field(
    sandbox: Sandbox, pool: SessionPool, base: str, tab: Page
) -> None:
    await tab.goto(f"{base}/{await park(sandbox, pool)}")
    await answer(tab, "   ")
    await expect(tab.get_by_role("alert")).to_contain_text("cannot be a code")
    await expect(tab.get_by_label("Your code")).to_be_focused()


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_a_qr_code_can_be_scanned_from_the_screen(
    sandbox: Sandbox, pool: SessionPool, base: str, tab: Page, size: dict[str, int]
) -> None:
    ticket = await park(sandbox, pool, "x_mfa_qr")
    await tab.set_viewport_size(size)  # type: ignore[arg-type]  # a TypedDict
    await tab.goto(f"{base}/{ticket}")
    await expect(tab.get_by_role("img", name="QR code")).to_be_visible()
    picture = Image.open(io.BytesIO(await tab.screenshot(full_page=True)))
    (code,) = zxingcpp.read_barcodes(picture)
    assert code.text == (await pool.challenges.get(ticket)).challenge.value
    await photograph(tab, f"qr-{size['width']}")


async def test_a_confirmation_needs_no_field(
    sandbox: Sandbox, pool: SessionPool, base: str, tab: Page
) -> None:
    await tab.goto(f"{base}/{await park(sandbox, pool, 'x_mfa_inputless')}")
    await expect(tab.get_by_role("textbox")).to_have_count(0)
    await photograph(tab, "confirm-desktop")
    await tab.get_by_role("button", name="I have confirmed").click()
    await expect(tab.get_by_text(DONE)).to_be_visible()


async def test_the_time_runs_down_and_out_while_the_page_is_open(
    sandbox: Sandbox, pool: SessionPool, base: str, tab: Page, clock: ManualClock
) -> None:
    ticket = await park(sandbox, pool)
    await clock.sleep(9500.0)
    await tab.clock.install()
    await tab.goto(f"{base}/{ticket}")
    await expect(tab.get_by_text("1 min 35 s")).to_be_visible()
    await tab.clock.run_for(60_000)
    await expect(tab.get_by_text("0 min 35 s")).to_be_visible()
    await clock.sleep(96.0)
    await tab.clock.run_for(40_000)
    await expect(tab.get_by_role("heading", name="The time is up")).to_be_visible()
    assert await list_tokens(sandbox, pool, ticket) == []


async def test_the_back_button_and_a_second_tab_send_no_second_token(
    sandbox: Sandbox, pool: SessionPool, base: str, tab: Page, context: BrowserContext
) -> None:
    ticket = await park(sandbox, pool)
    second = await context.new_page()
    await second.goto(f"{base}/{ticket}")
    await tab.goto(f"{base}/static/page.css")
    await tab.goto(f"{base}/{ticket}")
    await answer(tab, "111111")
    await expect(tab.get_by_text(DONE)).to_be_visible()
    await answer(second, "111111")
    await expect(second.get_by_text(DONE)).to_be_visible()
    await tab.go_back()
    await tab.go_forward()
    await expect(tab.get_by_text(DONE)).to_be_visible()
    await tab.reload()
    await expect(tab.get_by_text(DONE)).to_be_visible()
    assert await list_tokens(sandbox, pool, ticket) == ["111111"]


async def test_a_link_from_elsewhere_does_not_spoil_what_is_open(
    sandbox: Sandbox, pool: SessionPool, base: str, tab: Page, context: BrowserContext
) -> None:
    await tab.goto(f"{base}/{await park(sandbox, pool)}")
    mail = await context.new_page()
    await mail.set_content(f'<a href="{base}/{await park(sandbox, pool)}">Your bank asks</a>')
    await mail.get_by_role("link").click()
    await expect(mail.get_by_label("Your code")).to_be_visible()
    await answer(tab, "111111")
    await expect(tab.get_by_text(DONE)).to_be_visible()
    await answer(mail, "111111")
    await expect(mail.get_by_text(DONE)).to_be_visible()


async def test_a_double_click_sends_one_token(
    sandbox: Sandbox, pool: SessionPool, base: str, tab: Page
) -> None:
    ticket = await park(sandbox, pool)
    await tab.goto(f"{base}/{ticket}")
    await tab.get_by_label("Your code").fill("111111")
    await tab.get_by_role("button", name="Send").dblclick()
    await expect(tab.get_by_text(DONE)).to_be_visible()
    assert await list_tokens(sandbox, pool, ticket) == ["111111"]


async def test_a_person_who_cannot_answer_declines(
    sandbox: Sandbox, pool: SessionPool, base: str, tab: Page
) -> None:
    ticket = await park(sandbox, pool)
    await tab.goto(f"{base}/{ticket}")
    await tab.get_by_role("button", name="I cannot answer").click()
    await expect(tab.get_by_role("heading", name="You did not answer")).to_be_visible()
    assert (await pool.challenges.get(ticket)).phase is ChallengePhase.DECLINED


@pytest.mark.parametrize(
    ("locale", "label", "button", "done"),
    [
        ("es-MX", "Su código", "Enviar", "Su banco confirmó"),
        ("pt-BR", "O seu código", "Enviar", "O seu banco confirmou"),
    ],
)
async def test_the_page_speaks_spanish_and_portuguese(
    sandbox: Sandbox,
    pool: SessionPool,
    base: str,
    chromium: Browser,
    locale: str,
    label: str,
    button: str,
    done: str,
) -> None:
    ticket = await park(sandbox, pool)
    context = await chromium.new_context(locale=locale, viewport=PHONE)  # type: ignore[arg-type]  # a TypedDict
    tab = await context.new_page()
    await tab.goto(f"{base}/{ticket}")
    await photograph(tab, f"challenge-{locale}")
    await tab.get_by_label(label).fill("111111")
    await tab.get_by_role("button", name=button).click()
    await expect(tab.get_by_text(done)).to_be_visible()
    await context.close()


async def test_the_page_works_without_scripts(
    sandbox: Sandbox, pool: SessionPool, base: str, chromium: Browser
) -> None:
    ticket = await park(sandbox, pool, "x_mfa_two_step")
    context = await chromium.new_context(locale="en-US", java_script_enabled=False)
    tab = await context.new_page()
    await tab.goto(f"{base}/{ticket}")
    await expect(tab.get_by_text("159 min")).to_be_visible()
    await answer(tab, "111111")
    await tab.get_by_label("Your answer").fill("111111")
    await tab.get_by_role("button", name="Send").click()
    await expect(tab.get_by_text(DONE)).to_be_visible()
    await context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("username", ["x_mfa_numeric", "x_mfa_qr", "x_mfa_text"])
async def test_nothing_is_cut_off_on_a_phone(
    sandbox: Sandbox, pool: SessionPool, base: str, tab: Page, username: str, scheme: str
) -> None:
    await tab.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    await tab.set_viewport_size({"width": 320, "height": 640})
    await tab.goto(f"{base}/{await park(sandbox, pool, username)}")
    assert await tab.evaluate("document.documentElement.scrollWidth") <= 320
    await photograph(tab, f"phone-{username}-{scheme}")


async def test_operators_see_what_is_new_without_reloading(
    sandbox: Sandbox, pool: SessionPool, tab: Page, clock: ManualClock
) -> None:
    clock.automatic = False
    operator = OperatorPage(pool, link_to="/challenges/{}".format)
    async with serve_aiohttp(operator) as base:
        await tab.goto(base + "/")
        await expect(tab.get_by_text("Challenges: 0")).to_be_visible()
        clock.automatic = True
        await park(sandbox, pool)
        await expect(tab.get_by_text("Challenges: 1")).to_be_visible()
        await expect(tab.get_by_role("row")).to_have_count(2)
        await photograph(tab, "operator-desktop")
        await tab.goto("about:blank")
