"""The guide's example of a business customer, and a customer who isn't there yet, in Spanish."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import steps
from tests.browser.conftest import PATIENCE_MS, sign_in
from tests.browser.house import House
from tests.browser.test_screens import violations

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def choose_business_plan(page: Page) -> None:
    page.goto("/productos/?cliente=business&tipo=plan")
    heading = page.get_by_role("heading", name="Móvil Empresas - Plan de 40GB", exact=True)
    card = page.get_by_role("listitem").filter(has=heading)
    card.get_by_role("button", name="Asignar a Cliente").click()


def test_the_business_example_from_the_catalogue_to_the_service(page: Page, house: House) -> None:
    choose_business_plan(page)
    steps.choose_customer(page, "acme", "ACME")
    steps.choose_item(page, "sim")
    steps.choose_item(page, "number")
    page.get_by_role("button", name="Continuar").click()
    expect(page.get_by_role("heading", name="Datos del servicio")).to_be_visible()
    page.get_by_label("Seleccionar Sitio de Instalación").select_option("Oficina de Londres - 123 Main St")
    page.get_by_label("Contacto de Facturación").select_option("Jane Doe - <jane@acme.example.com>")
    page.get_by_label("Contacto Técnico").select_option("Bob Smith - <bob@acme.example.com>")
    number = page.get_by_label("Número de Orden de Compra")
    page.expected_complaints = ("422",)  # type: ignore[attr-defined]
    number.fill("PO-25")
    page.get_by_role("button", name="Continuar").click()
    expect(page.get_by_role("alert")).to_contain_text("Número de Orden de Compra: «PO-25» no está escrito")
    expect(page.get_by_label("Contacto Técnico").locator("option:checked")).to_contain_text("Bob Smith")
    number.fill("PO-2025-001234")
    page.get_by_role("button", name="Continuar").click()
    page.get_by_role("button", name="Sí", exact=True).click()
    review = page.locator("dl.review")
    for words in (
        "Oficina de Londres - 123 Main St",
        "Jane Doe - <jane@acme.example.com>",
        "Bob Smith - <bob@acme.example.com>",
        "PO-2025-001234",
    ):
        expect(review).to_contain_text(words)
    steps.confirm(page)
    expect(page.locator(".result-good")).to_contain_text("Servicio aprovisionado con éxito para ACME")
    page.get_by_role("link", name="Ver Servicio").click()
    expect(page.locator(".facts-list")).to_contain_text("PO-2025-001234")
    expect(page.locator(".facts-list")).to_contain_text("Oficina de Londres - 123 Main St")
    page.goto("/clientes/812/")
    page.get_by_role("navigation", name="Cliente").get_by_role("link", name="Inventario").click()
    expect(page.get_by_text("Tarjeta SIM:")).to_be_visible()


def test_a_customer_not_found_is_created_and_the_assignment_goes_on(page: Page, house: House) -> None:
    steps.choose_plan(page)
    page.get_by_label("Buscar Clientes").last.press_sequentially("eva@nueva.example.com", delay=10)
    expect(page.get_by_role("heading", name="Cliente no encontrado")).to_be_visible()
    page.get_by_role("link", name="Crear cliente").click()
    expect(page.get_by_label("Correo electrónico")).to_have_value("eva@nueva.example.com")
    page.expected_complaints = ("409",)  # type: ignore[attr-defined]
    page.get_by_label("Nombre").fill("John Smiht")
    page.get_by_role("button", name="Crear y continuar").click()
    expect(page.get_by_role("heading", name="¿Es uno de estos?")).to_be_visible()
    expect(page.get_by_role("link", name="John Smith (ID: 123)")).to_be_visible()
    page.get_by_label("Nombre").fill("Eva Nueva")
    page.get_by_role("button", name="Crear y continuar").click()
    expect(page.locator(".chosen")).to_contain_text("Eva Nueva (ID: ")
    steps.choose_item(page, "sim")
    assert house.sql("SELECT kind FROM customers_customer WHERE name = 'Eva Nueva'") == [("individual",)]


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 320)])
def test_axe_finds_nothing_on_the_customer_pages(
    browser: Browser, house: House, theme: str, width: int
) -> None:
    context = browser.new_context(
        base_url=house.url, locale="es-ES", color_scheme=theme, viewport={"width": width, "height": 800}
    )
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    sign_in(page)
    choose_business_plan(page)
    steps.choose_customer(page, "acme", "ACME")
    details = page.url.replace("inventario", "datos")
    [(site, contact)] = house.sql(
        "SELECT min(s.id), min(c.id) FROM customers_site s, customers_contact c WHERE s.customer_id = 812"
    )
    tabs = ("servicios", "ordenes", "inventario", "contactos", "sitios", "pagos", "actividad")
    found: dict[str, list[str]] = {}
    for address in (
        details,
        *(f"/clientes/812/?ver={tab}" for tab in tabs),
        "/clientes/nuevo/?q=eva@nueva.example.com",
        "/clientes/812/editar/",
        "/clientes/812/unir/?q=john",
        "/clientes/812/unir/?otro=789",
        f"/clientes/812/sitios/{site}/",
        "/clientes/812/sitios/nuevo/",
        f"/clientes/812/contactos/{contact}/",
    ):
        page.goto(address)
        for element in page.locator("details").all():
            element.evaluate("element => { element.open = true; }")
        found[address] = violations(page)
        overflow = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        if overflow > 0:
            found[address].append(f"{overflow} px wider than the window")
    context.close()
    assert {address: list_ for address, list_ in found.items() if list_} == {}
