"""Whoever keeps the catalogue makes a product, is told what is wrong with it, and puts it on the shelf."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import sign_in, signed_in
from tests.browser.house import House
from tests.browser.test_screens import violations

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def fill_in(page: Page) -> None:
    page.get_by_label("Nombre en español").fill("Móvil - Plan de 100GB")
    page.get_by_label("Nombre en inglés").fill("Mobile - 100GB Plan")
    page.get_by_label("Nombre corto").fill("mobile-100gb")
    page.get_by_label("Precio recurrente", exact=True).fill("35,00")
    page.get_by_label("Libro de jugadas del alta").select_option("mobile-plan")


def test_a_product_is_made_and_its_price_changes_on_a_day(browser: Browser, house: House) -> None:
    with signed_in(browser, house, "ingeniera") as page:
        page.expected_complaints = ("422",)  # type: ignore[attr-defined]
        page.get_by_role("link", name="Productos").first.click()
        page.get_by_role("link", name="Administrar el catálogo").click()
        page.get_by_role("link", name="Nuevo producto").click()
        page.get_by_label("Categoría").select_option("bundle")
        expect(page.get_by_role("heading", name="Miembros")).to_be_visible()
        page.get_by_label("Categoría").select_option("plan")
        expect(page.get_by_role("heading", name="Inventario requerido")).to_be_visible()
        fill_in(page)
        page.get_by_role("button", name="Guardar").click()
        reasons = page.locator(".alert-danger li")
        expect(reasons).to_have_count(3)
        expect(reasons.last).to_contain_text("el libro de jugadas necesita un valor para «data_gb»")
        page.locator("#feature-name-0").fill("data_gb")
        page.locator("#feature-value-0").fill("100")
        for number, (name, template) in enumerate({"sim": "SIM Card", "number": "Mobile Number"}.items()):
            if number:
                page.get_by_role("button", name="Más filas").click()
            page.locator(f"#item-name-{number}").fill(name)
            option = page.locator(f"#item-template-{number} option").filter(has_text=template)
            page.locator(f"#item-template-{number}").select_option(option.get_attribute("value"))
        page.get_by_role("button", name="Guardar").click()
        expect(page.get_by_text("Guardado: Móvil - Plan de 100GB")).to_be_visible()
        page.get_by_label("Precio recurrente", exact=True).fill("39.00")
        page.get_by_label("A partir de").fill((datetime.now() + timedelta(days=9)).strftime("%Y-%m-%dT%H:%M"))
        page.get_by_role("button", name="Guardar").click()
        expect(page.get_by_text("Espera su fecha")).to_be_visible()
        page.goto("/productos/?vista=carrusel")
        card = page.get_by_role("listitem").filter(has_text="Móvil - Plan de 100GB")
        expect(card).to_contain_text("£35.00")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_axe_finds_nothing_on_the_catalogue_s_screens(
    browser: Browser, house: House, theme: str, width: int
) -> None:
    [(product,)] = house.sql("SELECT id FROM catalog_product WHERE slug = 'mobile-20gb'")
    [(bundle,)] = house.sql("SELECT id FROM catalog_product WHERE slug = 'fibre-tv-voice'")
    context = browser.new_context(
        base_url=house.url, locale="es-ES", color_scheme=theme, viewport={"width": width, "height": 800}
    )
    page = context.new_page()
    sign_in(page, "ingeniera")
    found = {}
    for address in (
        "/productos/?vista=carrusel",
        "/productos/?q=zzzz",
        "/productos/gestion/",
        "/productos/gestion/nuevo/",
        f"/productos/gestion/{product}/",
        f"/productos/gestion/{product}/versiones/",
        f"/productos/gestion/{bundle}/",
        "/productos/tipos/",
        "/productos/cobertura/",
    ):
        page.goto(address)
        found[address] = violations(page)
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if wider > 0:
            found[address].append(f"{wider} px wider than the window")
    context.close()
    assert {address: list_ for address, list_ in found.items() if list_} == {}
