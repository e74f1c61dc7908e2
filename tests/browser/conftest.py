"""A real Chromium without a screen, before the page on a real socket."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from tests.web.conftest import base, clock, other, page, park, pool, sandbox, store

__all__ = ["base", "clock", "other", "page", "park", "pool", "sandbox", "store"]

FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    program = shutil.which("chromium")
    if program is None:
        problem = "chromium is missing: apt-get install chromium; the page is NOT tested in a browser"
        if os.environ.get("CI"):
            pytest.fail(problem)
        pytest.skip(problem)
    async with async_playwright() as playwright:
        flags = [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else FLAGS
        browser = await playwright.chromium.launch(executable_path=program, args=flags)
        yield browser
        await browser.close()


@pytest.fixture
async def context(chromium: Browser) -> AsyncIterator[BrowserContext]:
    """One person's browser, in English."""
    async with AsyncExitStack() as stack:
        context = await chromium.new_context(locale="en-US", viewport=DESKTOP)  # type: ignore[arg-type]  # a TypedDict
        stack.push_async_callback(context.close)
        yield context


@pytest.fixture
async def tab(context: BrowserContext) -> AsyncIterator[Page]:
    """A tab that must meet no error: none of a script, and none of the security policy."""
    tab = await context.new_page()
    errors: list[str] = []
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    yield tab
    assert [error for error in errors if "status of 410" not in error and "status of 422" not in error] == []


async def photograph(tab: Page, name: str) -> None:
    """Keep a picture where BELVO_PICTURES says, to look at or to put into the documentation."""
    directory = os.environ.get("BELVO_PICTURES")
    if directory:
        await tab.screenshot(path=Path(directory) / f"{name}.png")
