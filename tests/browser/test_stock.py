"""A stock keeper's day: a delivery comes in as a file, single items by scanner, and agents can sell them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from alta.demo.stock import iccid
from tests.browser import steps
from tests.browser.conftest import PATIENCE_MS, sign_in, signed_in
from tests.browser.house import House
from tests.browser.test_screens import violations

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
KEY = "0123456789ABCDEF" * 2


@pytest.fixture
def keeper(browser: Browser, house: House) -> Iterator[Page]:
    """A stock keeper, signed in."""
    with signed_in(browser, house, "almacen") as page:
        yield page


def choose_file(page: Page, *rows: str) -> None:
    content = "\n".join(["identifier,iccid,imsi,k,opc,location", *rows]).encode()
    file: Any = {"name": "entrega.csv", "mimeType": "text/csv", "buffer": content}
    page.get_by_label("Archivo CSV").set_input_files(file)
    page.get_by_role("button", name="Comprobar el archivo").click()


def open_sims(page: Page) -> None:
    page.goto("/")
    page.get_by_role("link", name="Inventario", exact=True).click()
    page.get_by_role("link", name="Tarjeta SIM").click()


def test_a_delivery_with_a_bad_row_comes_in_and_can_be_sold(keeper: Page, page: Page, house: House) -> None:
    open_sims(keeper)
    keeper.get_by_role("link", name="Importar").click()
    choose_file(
        keeper,
        f"SIM-00001,{iccid(601)},901700000000601,{KEY},{KEY},Oxford Street",
        f"SIM-00002,{iccid(602)[:-1]},901700000000602,{KEY},{KEY},Oxford Street",
    )
    expect(keeper.get_by_role("heading", level=1)).to_have_text("Comprueba antes de importar")
    expect(keeper.locator(".counts dd")).to_have_text(["1", "0", "1"])
    expect(keeper.locator("tbody tr")).to_have_count(1)
    expect(keeper.locator("tbody tr")).to_contain_text("un ICCID tiene 19 o 20 dígitos y empieza por 89")
    with keeper.expect_download() as download:
        keeper.get_by_role("link", name="Descargar las filas con errores").click()
    errors = download.value.path().read_text("utf-8-sig")
    assert "SIM-00002" in errors and KEY not in errors
    assert house.sql("SELECT count(*) FROM inventory_item WHERE identifier = 'SIM-00001'") == [(0,)]

    keeper.get_by_role("button", name="Importar 1 artículo").click()
    expect(keeper.get_by_role("heading", level=1)).to_have_text("Importación completada")
    expect(keeper.locator(".counts dd")).to_have_text(["1", "0", "1"])

    steps.choose_plan(page)
    steps.choose_customer(page)
    assert steps.choose_item(page, "sim") == "SIM-00001"
    keeper.goto("/inventario/")
    keeper.get_by_role("link", name="Tarjeta SIM").click()
    keeper.get_by_label("Buscar o escanear").fill(iccid(601)[-4:])
    keeper.locator("#items tbody").get_by_role("link", name="SIM-00001", exact=True).click()
    expect(keeper.locator("dl")).to_contain_text("reservado por un borrador")


def test_a_scanner_adds_one_item_after_the_other(keeper: Page, house: House) -> None:
    open_sims(keeper)
    keeper.get_by_role("link", name="Agregar artículos").first.click()
    keeper.get_by_label("Ubicación").fill("Tienda 7")
    keeper.get_by_label("ICCID").focus()
    for number in (701, 702):
        for scanned in (iccid(number), f"{901700000000000 + number}", KEY, KEY, f"SIM-T{number}"):
            keeper.keyboard.type(scanned)
            keeper.keyboard.press("Enter")
        expect(keeper.locator(".done-note")).to_contain_text(f"Agregado: SIM-T{number}")
        expect(keeper.get_by_label("ICCID")).to_be_focused()
        expect(keeper.get_by_label("Ubicación")).to_have_value("Tienda 7")
    assert house.sql(
        "SELECT identifier, location, state FROM inventory_item WHERE identifier LIKE 'SIM-T%%' ORDER BY 1"
    ) == [("SIM-T701", "Tienda 7", "new"), ("SIM-T702", "Tienda 7", "new")]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_axe_finds_nothing_on_the_pages_of_the_stock(
    browser: Browser, house: House, theme: Any, width: int
) -> None:
    context = browser.new_context(
        base_url=house.url, locale="es-ES", color_scheme=theme, viewport={"width": width, "height": 800}
    )
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    sign_in(page, "almacen")
    house.sql("UPDATE inventory_template SET low_stock = 100 WHERE name = 'CPE Modem'")
    [(template, sim)] = house.sql("SELECT template_id, id FROM inventory_item WHERE identifier = 'SIM-00130'")
    found = {}
    for address in (
        "/",
        "/inventario/",
        "/inventario/plantillas/nueva/",
        f"/inventario/{template}/",
        f"/inventario/{template}/?q=zzzz",
        f"/inventario/{template}/agregar/",
        f"/inventario/{template}/importar/",
        f"/inventario/{template}/editar/",
        f"/inventario/articulos/{sim}/",
    ):
        page.goto(address)
        found[address] = violations(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
    page.goto(f"/inventario/{template}/agregar/")
    page.get_by_role("button", name="Guardar y agregar otro").click()
    found["refused"] = violations(page)
    page.goto(f"/inventario/{template}/importar/")
    choose_file(page, "SIM-1,1,2,3,4,")
    found["preview"] = violations(page)
    context.close()
    assert {address: one for address, one in found.items() if one} == {}
