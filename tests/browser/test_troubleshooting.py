"""The guide's five entries of «Solución de Problemas», each on its screen with the remedy it names, in Spanish and English."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import new_context, sign_in
from tests.browser.house import House

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
MOVE_SIMS = (
    "UPDATE inventory_item SET state = %s WHERE state = %s AND holder IS NULL"
    " AND template_id = (SELECT id FROM inventory_template WHERE name = 'SIM Card')"
)
LANGUAGES = {"es": 0, "en": 1}
WORDS = {
    "products": ("No hay productos disponibles", "No products available"),
    "show_all": ("Mostrar todos los planes", "Show all plans"),
    "customer": ("Cliente no encontrado", "Customer not found"),
    "create": ("Crear cliente", "Create customer"),
    "stock": ("No hay inventario disponible", "No inventory available"),
    "see_stock": ("Ver el inventario", "See the stock"),
    "assign": ("Asignar a Cliente", "Assign to Customer"),
    "search": ("Buscar Clientes", "Search customers"),
    "go_on": ("Continuar", "Continue"),
    "yes": ("Sí", "Yes"),
    "confirm": ("Confirmar y Aprovisionar", "Confirm and Provision"),
    "no_ocs": ("No se pudo conectar a OCS", "Could not connect to OCS"),
    "logs": ("Ver Registros", "View Logs"),
    "retry": ("Reintentar", "Retry"),
    "view": ("Ver Servicio", "View Service"),
    "diagnose": ("Diagnosticar", "Diagnose"),
    "all_right": ("Todos los sistemas tienen lo que deben.", "Every system has what it should."),
    "differs": ("No todos los sistemas tienen lo que deben.", "Not every system has what it should."),
    "again": ("Preguntar otra vez", "Ask again"),
}


@dataclass
class Screen:
    """A signed-in agent's page and the words of its language."""

    page: Page
    language: str

    def __getattr__(self, name: str) -> str:
        return WORDS[name][LANGUAGES[self.language]]


@pytest.fixture(params=["es", "en"])
def screen(request: pytest.FixtureRequest, browser: Browser, house: House) -> Iterator[Screen]:
    context = new_context(browser, house, request.param)
    page = context.new_page()
    sign_in(page)
    page.locator("details.user-menu summary").click()
    other = page.get_by_role("button", name="English" if request.param == "en" else "Español")
    if other.is_visible():
        other.click()
    yield Screen(page, request.param)
    context.close()


def begin(screen: Screen) -> None:
    page = screen.page
    page.goto("/productos/?q=20GB")
    page.get_by_role("button", name=screen.assign).first.click()


def up_to_stock(screen: Screen) -> None:
    begin(screen)
    screen.page.get_by_label(screen.search).last.fill("john smith")
    screen.page.get_by_role("button", name="John Smith").click()


def test_nothing_to_choose_says_why_and_offers_the_way_out(screen: Screen, house: House) -> None:
    page = screen.page
    # «No hay productos disponibles»: the filters exclude all.
    page.goto("/productos/?cliente=business&tipo=addon&servicio=iptv")
    expect(page.locator(".empty-state")).to_contain_text(screen.products)
    page.locator(".empty-state").get_by_role("link", name=screen.show_all).click()
    expect(page.get_by_role("button", name=screen.assign).first).to_be_visible()
    # «Cliente no encontrado»: created with what was typed.
    begin(screen)
    page.get_by_label(screen.search).last.fill("nobody@nowhere.example.com")
    expect(page.get_by_role("heading", name=screen.customer)).to_be_visible()
    expect(page.get_by_role("link", name=screen.create)).to_have_attribute("href", re.compile("nobody"))
    # «No hay inventario disponible»: all in quarantine.
    house.sql(MOVE_SIMS, "retired", "new")
    try:
        page.get_by_label(screen.search).last.fill("john smith")
        page.get_by_role("button", name="John Smith").click()
        picker = page.locator("#picker-sim")
        expect(picker).to_contain_text(screen.stock)
        expect(picker.get_by_role("link", name=screen.see_stock)).to_be_visible()
    finally:
        house.sql(MOVE_SIMS, "new", "retired")


def test_a_job_that_is_stuck_and_a_service_that_does_not_work(screen: Screen, house: House) -> None:
    page = screen.page
    up_to_stock(screen)
    for name in ("sim", "number"):
        page.locator(f"#picker-{name} .item").first.click()
        expect(page.locator(f"#picker-{name} .picked")).to_be_visible()
    page.get_by_role("button", name=screen.go_on).click()
    page.get_by_role("button", name=screen.yes, exact=True).click()
    # «El aprovisionamiento se queda atascado»: a system is away.
    house.ocs.down()
    page.get_by_role("button", name=screen.confirm).click()
    expect(page.locator(".result-bad")).to_contain_text(screen.no_ocs)
    expect(page.get_by_role("link", name=screen.logs)).to_be_visible()
    house.ocs.up()
    page.get_by_role("button", name=screen.retry).click()
    expect(page.locator(".result-good")).to_be_visible()
    # «El aprovisionamiento tiene éxito pero el servicio no funciona»: somebody suspended the account in the OCS.
    page.get_by_role("link", name=screen.view).click()
    page.get_by_role("link", name=screen.diagnose).click()
    expect(page.get_by_text(screen.all_right)).to_be_visible()
    [(uuid,)] = house.sql("SELECT uuid FROM services_service ORDER BY id DESC LIMIT 1")
    house.ocs.engine.accounts[f"cgrates.org:{uuid}"]["Disabled"] = True
    page.get_by_role("link", name=screen.again).click()
    expect(page.get_by_text(screen.differs)).to_be_visible()
    row = page.get_by_role("row").filter(has_text="OCS")
    expect(row.locator("strong")).to_contain_text("✗")
