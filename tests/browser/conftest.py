from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.house import House, chromium, open_house

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# What is expected comes in well under a second; on a busy machine it may take this long before it counts as missing.
PATIENCE_MS = 20_000
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="module")
def house(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, database_server: None
) -> Iterator[House]:
    """Alta, running. A module that sets REAL_HLR gets the real osmo-hlr, one that sets FIBRE a fibre network."""
    real, fibre = getattr(request.module, "REAL_HLR", False), getattr(request.module, "FIBRE", False)
    name = request.module.__name__.rsplit(".", 1)[-1]
    with open_house(tmp_path_factory.mktemp(name), real_hlr=real, fibre=fibre) as house:
        yield house


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = chromium()
    if path is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


def new_context(browser: Browser, house: House, language: str = "es") -> BrowserContext:
    context = browser.new_context(locale="es-ES" if language == "es" else "en-GB", base_url=house.url)
    context.set_default_timeout(PATIENCE_MS)
    return context


def sign_in(page: Page, user: str = "agente") -> None:
    page.goto("/entrar/")
    page.locator("#id_username").fill(user)
    page.locator("#id_password").fill("alta-demo")
    page.locator("main form button.btn-primary").click()
    page.wait_for_url("**/")


@contextmanager
def signed_in(browser: Browser, house: House, user: str) -> Iterator[Page]:
    """A page of that person, in Spanish. Anything a browser complains about fails the test."""
    context = new_context(browser, house)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    sign_in(page, user)
    yield page
    context.close()
    # Typing on calls the search before off: that is meant.
    expected = ("AbortError", *getattr(page, "expected_complaints", ()))
    assert [c for c in complaints if not any(part in c for part in expected)] == []


@pytest.fixture
def page(browser: Browser, house: House) -> Iterator[Page]:
    """An agent, signed in."""
    with signed_in(browser, house, "agente") as page:
        yield page
