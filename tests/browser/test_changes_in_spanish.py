"""The guide's «Flujo de Trabajo 3» and what comes after: an add-on on the phone, another plan, another SIM, a rest, the end;
in a real browser, in Spanish, on the real HLR."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import steps
from tests.browser.conftest import signed_in
from tests.browser.house import House

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
REAL_HLR = True


def done(page: Page, words: str) -> None:
    """The order ends well; on to the service."""
    expect(page.locator(".result-good")).to_contain_text(words)
    page.get_by_role("link", name="Ver Servicio").click()


def choose(page: Page, product: str) -> None:
    card = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name=product, exact=True))
    card.get_by_role("button", name="Elegir").click()


def begin(page: Page, action: str) -> None:
    page.get_by_role("group", name="Acciones").get_by_role("button", name=action).click()


def give_reason(page: Page, reason: str, button: str = "Confirmar") -> None:
    page.get_by_label("Motivo").fill(reason)
    page.get_by_role("button", name=button, exact=True).click()


def test_an_addon_by_phone_and_the_life_of_the_service(browser: Browser, house: House) -> None:
    with signed_in(browser, house, "supervisora") as page:
        steps.up_to_review(page)
        steps.confirm(page)
        done(page, "Servicio aprovisionado con éxito para John Smith")
        # The customer calls: «Necesito más datos».
        page.get_by_role("link", name="John Smith").click()
        page.get_by_role("navigation", name="Cliente").get_by_role("link", name="Servicios").click()
        page.get_by_role("row").filter(has_text="+44 7700").get_by_role("button", name="Complementos").click()
        choose(page, "5GB Data Boost")
        expect(page.locator("dl.review")).to_contain_text("£5.00")
        expect(page.locator("dl.review")).to_contain_text("pago único")
        steps.confirm(page)
        done(page, "Complemento aprovisionado con éxito para John Smith")
        balances = page.locator(".balances")
        expect(balances).to_contain_text("20 GB")
        expect(balances).to_contain_text("5GB Data Boost")
        expect(balances).to_contain_text("5 GB")
        # Another plan, now.
        begin(page, "Cambio de plan")
        choose(page, "Móvil - Plan de 50GB")
        page.locator(".choice").first.click()
        expect(page.locator("dl.review")).to_contain_text("£10.00")
        page.get_by_role("button", name="Confirmar", exact=True).click()
        done(page, "Cambio de plan: completado para John Smith")
        expect(page.locator(".page-head")).to_contain_text("Móvil - Plan de 50GB")
        expect(page.locator(".balances")).to_contain_text("50 GB")
        # The SIM is lost.
        begin(page, "Cambio de equipo")
        sim = steps.choose_item(page, "sim")
        page.get_by_role("button", name="Continuar").click()
        give_reason(page, "SIM perdida")
        done(page, "Cambio de equipo: completado")
        expect(page.locator("main")).to_contain_text(sim)
        # A rest, and back.
        begin(page, "Suspensión")
        give_reason(page, "robo")
        done(page, "Suspensión: completado")
        expect(page.locator(".page-head")).to_contain_text("Suspendido")
        expect(page.get_by_text("La cuenta está suspendida")).to_be_visible()
        begin(page, "Reactivación")
        page.get_by_role("button", name="Confirmar", exact=True).click()
        done(page, "Reactivación: completado")
        # The end is said twice.
        begin(page, "Dar de baja")
        expect(page.locator("dl.review")).to_contain_text("No se puede deshacer")
        give_reason(page, "se muda", "Dar de baja")
        done(page, "Baja: completado")
        expect(page.locator(".page-head")).to_contain_text("Dado de baja")
        expect(page.get_by_role("group", name="Acciones").get_by_role("button")).to_have_count(0)
