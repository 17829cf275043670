"""The guide's «Flujo de Trabajo 2» in Spanish, from the customer's page to the technician who is done; and the screens of the
installations for everybody's eyes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import steps
from tests.browser.conftest import sign_in, signed_in
from tests.browser.house import House
from tests.browser.test_screens import violations

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
FIBRE = True


def picture(page: Page, name: str) -> None:
    """For whoever wants to see: ALTA_PICTURES names a folder."""
    if "ALTA_PICTURES" in os.environ:
        page.screenshot(path=Path(os.environ["ALTA_PICTURES"]) / f"{name}.png", full_page=True)


def up_to_the_date(page: Page) -> None:
    """Adds internet to a customer who is there, as far as the installation's date."""
    page.goto("/clientes/?q=john+smith")
    page.get_by_role("link", name="John Smith").click()
    page.get_by_role("navigation", name="Cliente").get_by_role("link", name="Servicios").click()
    page.get_by_role("button", name="Agregar Servicio").click()
    page.goto(page.url + "?servicio=internet")
    card = page.get_by_role("listitem").filter(
        has=page.get_by_role("heading", name="Fibra - 100Mbps", exact=True)
    )
    card.get_by_role("button").click()
    steps.choose_item(page, "modem")
    page.get_by_role("button", name="Continuar").click()
    page.get_by_role("link", name="Agregar sitio").click()
    name = f"Casa {len(page.url)}-{os.urandom(3).hex()}"
    page.get_by_label("Nombre del sitio").fill(name)
    page.get_by_label("Dirección", exact=False).first.fill("12 Mill Lane")
    page.get_by_label("Ciudad").fill("London")
    page.get_by_role("button", name="Guardar").click()
    page.get_by_label("Seleccionar Sitio de Instalación").select_option(f"{name} - 12 Mill Lane")
    page.get_by_role("button", name="Continuar").click()
    expect(page.get_by_role("heading", name="Establece la fecha de instalación")).to_be_visible()


def test_internet_for_a_customer_who_is_there_and_the_technician_who_installs_it(
    browser: Browser, house: House
) -> None:
    with signed_in(browser, house, "agente") as page:
        up_to_the_date(page)
        picture(page, "step")
        # With the keyboard alone: the first place that is free, then on.
        page.locator(".slot:not([disabled])").first.focus()
        page.keyboard.press("Enter")
        held = page.locator(".picked")
        expect(held).to_contain_text("queda en reserva durante")
        expect(page.locator(".picked time")).to_contain_text("14:")
        expect(page.get_by_role("link", name="Continuar")).to_be_focused()
        picture(page, "step-held")
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Sí", exact=True).click()
        expect(page.locator("dl.review")).to_contain_text("Instalación:")
        picture(page, "review")
        steps.confirm(page)
        expect(page.locator(".result-good")).to_contain_text(
            "Servicio aprovisionado con éxito para John Smith"
        )
        expect(page.locator(".task-list")).to_contain_text("Creando ticket de instalación")
        page.get_by_role("link", name="Ver Servicio").click()
        expect(page.get_by_role("link", name="Orden de trabajo")).to_be_visible()
        picture(page, "service")
        page.get_by_role("link", name="Instalaciones").click()
        expect(page.get_by_role("row").filter(has_text="John Smith")).to_contain_text("Planificada")
        picture(page, "list")
    with signed_in(browser, house, "tecnico") as page:
        page.goto("/instalaciones/?tecnico=")
        page.get_by_role("row").filter(has_text="John Smith").get_by_role("link").click()
        page.get_by_role("button", name="Tomar esta orden de trabajo").click()
        picture(page, "assigned")
        page.get_by_role("button", name="Empezar instalación").click()
        page.get_by_label("número de serie o MAC").fill("OTRO-1")
        page.get_by_label("Qué se hizo").fill("Módem instalado en el salón, señal correcta")
        page.expected_complaints = ("422",)  # type: ignore[attr-defined]
        page.get_by_role("button", name="Completar").click()
        expect(page.get_by_role("alert")).to_contain_text("«OTRO-1» no es Módem CPE")
        picture(page, "wrong-serial")
        modem = page.locator("section[aria-labelledby=equipment] strong").inner_text()
        expect(page.get_by_label("Qué se hizo")).to_have_value("Módem instalado en el salón, señal correcta")
        page.get_by_label("número de serie o MAC").fill(modem)
        page.get_by_role("button", name="Completar").click()
        expect(page.locator(".page-head .state")).to_have_text("Completada")
        picture(page, "completed")
    assert house.sql("SELECT state, serials FROM installations_workorder") == [("completed", {modem: modem})]
    events = house.sql("SELECT event FROM runner_outsideevent ORDER BY id")
    assert [event.split(":")[0] for (event,) in events] == ["installation.completed", "installation.ended"]


def test_no_slots_says_why_and_the_date_can_be_left_for_later(browser: Browser, house: House) -> None:
    house.sql("UPDATE installations_slot SET areas = '{Leeds}'")
    with signed_in(browser, house, "agente") as page:
        up_to_the_date(page)
        empty = page.locator(".empty-state")
        expect(empty).to_contain_text("No hay huecos esta semana")
        expect(empty).to_contain_text("Los técnicos no van a esta zona.")
        picture(page, "no-slots")
        page.get_by_role("button", name="Acordar la fecha después").click()
        page.get_by_role("button", name="Sí", exact=True).click()
        expect(page.locator("dl.review")).to_contain_text("La fecha se acordará después.")
        page.get_by_role("button", name="Cancelar").click()
    house.sql("UPDATE installations_slot SET areas = '{}'")


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 320)])
def test_axe_finds_nothing_on_the_screens_of_installations(
    browser: Browser, house: House, theme: str, width: int
) -> None:
    found: dict[str, list[str]] = {}
    with signed_in(browser, house, "supervisora") as page:
        up_to_the_date(page)
        step = page.url
    house.sql("UPDATE accounts_user SET roles = '{supervisor,administrator}' WHERE username = 'supervisora'")
    [(number,)] = house.sql("SELECT min(id) FROM installations_workorder")
    context = browser.new_context(
        base_url=house.url, locale="es-ES", color_scheme=theme, viewport={"width": width, "height": 800}
    )
    page = context.new_page()
    sign_in(page, "supervisora")
    for name, address in {
        "step": step,
        "list": "/instalaciones/?tecnico=",
        "list-all": "/instalaciones/?estado=completed",
        "work-order": f"/instalaciones/{number}/",
        "date": f"/instalaciones/{number}/fecha/",
        "load": "/instalaciones/ocupacion/",
        "settings": "/instalaciones/calendario/",
    }.items():
        page.goto(address)
        for details in page.locator("main details").all():
            details.evaluate("element => { element.open = true; }")
        found[address] = violations(page)
        picture(page, f"{name}-{theme}-{width}")
        wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        if page.evaluate(wider) > 0:
            found[address].append(f"{page.evaluate(wider)} px wider than the window")
    context.close()
    assert {address: list_ for address, list_ in found.items() if list_} == {}
