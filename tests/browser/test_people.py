"""My account and the administration of people, as somebody with a browser and a phone meets them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import new_context, sign_in
from tests.browser.house import House
from tests.browser.test_screens import violations

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def add_person(house: House, browser: Browser, name: str, role: str = "Agente") -> None:
    context = new_context(browser, house)
    page = context.new_page()
    sign_in(page, "admin")
    page.get_by_role("link", name="Personas").first.click()
    page.get_by_role("link", name="Añadir una persona").click()
    page.get_by_label("Usuario").fill(name)
    page.get_by_label(role, exact=True).check()
    page.get_by_label("Contraseña", exact=True).fill("alta-demo")
    page.get_by_label("Contraseña otra vez").fill("alta-demo")
    page.get_by_role("button", name="Añadir").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)
    context.close()


def test_a_second_factor_is_set_up_and_asked_for_from_then_on(browser: Browser, house: House) -> None:
    add_person(house, browser, "marta")
    context = new_context(browser, house)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    sign_in(page, "marta")
    page.locator(".user-menu summary").click()
    page.get_by_role("link", name="Mi cuenta").click()
    page.get_by_role("link", name="Configurar").click()
    picture = page.locator("img.qr")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.complete && image.naturalWidth") > 100
    page.get_by_text("No puedo escanearla").click()
    phone = pyotp.TOTP(page.locator("#secret").inner_text())
    page.get_by_label("Código").fill(phone.now())
    page.get_by_role("button", name="Activar").click()
    codes = page.locator(".codes code").all_inner_texts()
    assert len(codes) == 10
    page.get_by_role("link", name="Los he guardado").click()
    expect(page.locator("main")).to_contain_text("Quedan 10 códigos de recuperación.")
    assert complaints == []
    context.close()

    context = new_context(browser, house)
    page = context.new_page()
    give_password(page)
    page.get_by_label("Código").fill("000000")
    page.get_by_role("button", name="Iniciar sesión").click()
    expect(page.get_by_role("alert")).to_contain_text("Ese código no vale ahora")
    # The code of the next half minute: that of this one was used to set it up.
    page.get_by_label("Código").fill(phone.at(datetime.now(UTC) + timedelta(seconds=30)))
    page.get_by_role("button", name="Iniciar sesión").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Hola, marta")
    page.goto("/mi-cuenta/")
    expect(page.get_by_role("region", name="Mis sesiones").get_by_role("listitem")).to_have_count(2)
    page.get_by_role("button", name="Cerrar todas las demás").click()
    expect(page.get_by_role("region", name="Mis sesiones").get_by_role("listitem")).to_have_count(1)
    context.close()

    context = new_context(browser, house)
    page = context.new_page()
    give_password(page)
    page.get_by_label("Código").fill(codes[0].upper())
    page.get_by_role("button", name="Iniciar sesión").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Hola, marta")
    context.close()


def give_password(page: Page) -> None:
    page.goto("/entrar/")
    page.get_by_label("Usuario").fill("marta")
    page.get_by_label("Contraseña").fill("alta-demo")
    page.get_by_role("button", name="Iniciar sesión").click()
    page.wait_for_url("**/entrar/codigo/")


def test_a_stock_keeper_sees_no_way_to_what_is_refused(browser: Browser, house: House) -> None:
    context = new_context(browser, house)
    page = context.new_page()
    sign_in(page, "almacen")
    menu = page.get_by_role("navigation", name="Principal")
    expect(menu.get_by_role("link", name="Clientes")).to_have_count(0)
    # The search box is theirs too, for what they may see: stock, and no customers.
    page.goto("/buscar/?q=John+Smith")
    expect(page.locator("main").get_by_role("link", name="John Smith")).to_have_count(0)
    page.goto("/buscar/?q=SIM-00123")
    expect(page.locator("main").get_by_role("link", name="SIM-00123")).to_be_visible()
    page.goto("/productos/")
    expect(page.get_by_role("button", name="Asignar a Cliente")).to_have_count(0)
    page.goto("/trabajos/")
    expect(page.get_by_role("alert")).to_contain_text("Te falta el permiso para ver aprovisionamientos")
    context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_axe_finds_nothing_on_the_pages_about_people(
    browser: Browser, house: House, theme: str, width: int
) -> None:
    context = browser.new_context(
        base_url=house.url, locale="es-ES", color_scheme=theme, viewport={"width": width, "height": 800}
    )
    page = context.new_page()
    sign_in(page, "admin")
    [(agent,)] = house.sql("SELECT id FROM accounts_user WHERE username = 'agente'")
    found: dict[str, list[str]] = {}
    for address in (
        "/mi-cuenta/",
        "/mi-cuenta/contrasena/",
        "/mi-cuenta/segundo-factor/",
        "/personas/",
        "/personas/nueva/",
        f"/personas/{agent}/",
        "/asignar/00000000-0000-0000-0000-000000000001/revision/",
    ):
        page.goto(address)
        for details in page.locator("details").all():
            details.evaluate("element => { element.open = true; }")
        found[address] = violations(page)
        overflow = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        if overflow > 0:
            found[address].append(f"{overflow} px wider than the window")
    context.close()
    assert {address: list_ for address, list_ in found.items() if list_} == {}
