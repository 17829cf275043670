"""How the screens behave for people in a hurry, with a keyboard, a small telephone, two tabs, or rubbish in the clipboard."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser import steps
from tests.browser.conftest import PATIENCE_MS, new_context, sign_in
from tests.browser.house import House

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
AXE = Axe()
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}


def violations(page: Page) -> list[str]:
    found = AXE.run(page, options=RULES).response["violations"]
    return [
        f"{one['id']}: {node['html'][:160]} {node['failureSummary']}"
        for one in found
        for node in one["nodes"]
    ]


@pytest.fixture(scope="module")
def failed_and_done(browser: Browser, house: House) -> tuple[int, int]:
    """A job that failed and one that succeeded, with the order of the second."""
    context = new_context(browser, house)
    page = context.new_page()
    sign_in(page)
    steps.up_to_review(page)
    house.ocs.rude = "error"
    steps.confirm(page)
    expect(page.locator(".result-bad")).to_be_visible()
    house.ocs.rude = None
    steps.up_to_review(page)
    steps.confirm(page)
    expect(page.locator(".result-good")).to_be_visible()
    context.close()
    [(failed,)] = house.sql("SELECT id FROM runner_job WHERE state = 'failed' ORDER BY id DESC LIMIT 1")
    [(done,)] = house.sql("SELECT id FROM runner_job WHERE state = 'done' ORDER BY id DESC LIMIT 1")
    return failed, done


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_axe_finds_nothing_on_any_screen(
    browser: Browser, house: House, failed_and_done: tuple[int, int], theme: str, width: int
) -> None:
    failed, done = failed_and_done
    context = browser.new_context(
        base_url=house.url, locale="es-ES", color_scheme=theme, viewport={"width": width, "height": 800}
    )
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto("/entrar/")
    found = {"/entrar/": violations(page)}
    sign_in(page)
    draft = _draft(page)
    order = {
        name: house.sql("SELECT uuid FROM orders_order WHERE job_id = %s", job)[0][0]
        for name, job in (("failed", failed), ("done", done))
    }
    [(service,)] = house.sql("SELECT service_id FROM runner_job WHERE id = %s", done)
    for address in (
        "/",
        "/buscar/?q=900123",
        "/buscar/?q=zzzz",
        "/productos/",
        "/productos/?q=zzzz",
        "/clientes/",
        "/clientes/?q=john",
        "/clientes/?q=zzzz",
        "/clientes/123/",
        "/clientes/123/?ver=actividad",
        f"/servicios/{service}/",
        f"/servicios/{service}/diagnostico/",
        f"/trabajos/{done}/deshacer/",
        f"{draft}producto/",
        f"{draft}cliente/?q=john",
        f"{draft}inventario/",
        f"{draft}renovacion/",
        f"{draft}revision/",
        f"/asignar/{order['failed']}/progreso/",
        f"/asignar/{order['done']}/progreso/",
        "/trabajos/",
        f"/trabajos/{failed}/",
        f"/trabajos/{done}/",
        "/clientes/99999999/",
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
    page.goto(draft)
    page.get_by_role("button", name="Cancelar").first.click()
    context.close()
    assert {address: list_ for address, list_ in found.items() if list_} == {}


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 320)])
def test_axe_finds_nothing_in_the_settings(
    browser: Browser, house: House, failed_and_done: tuple[int, int], theme: str, width: int
) -> None:
    context = browser.new_context(
        base_url=house.url, locale="es-ES", color_scheme=theme, viewport={"width": width, "height": 800}
    )
    page = context.new_page()
    sign_in(page, "admin")
    found = {}
    for name in ("", "campos/", "campos/nuevo/", "renovaciones/", "claves/"):
        page.goto(f"/ajustes/{name}")
        found[name] = violations(page)
        overflow = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        if overflow > 0:
            found[name].append(f"{overflow} px wider than the window")
    context.close()
    assert {name: list_ for name, list_ in found.items() if list_} == {}


def _draft(page: Page) -> str:
    """The address of a draft that has everything."""
    steps.up_to_review(page)
    return re.sub(r"revision/$", "", page.url)


def test_the_main_job_works_in_english(browser: Browser, house: House) -> None:
    context = new_context(browser, house, "en")
    page = context.new_page()
    sign_in(page)
    page.locator("details.user-menu summary").click()
    page.get_by_role("button", name="English").click()
    page.get_by_role("link", name="Products").first.click()
    card = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name="Mobile - 20GB Plan"))
    card.get_by_role("button", name="Assign to Customer").click()
    page.get_by_label("Search customers").last.fill("ana o")
    page.get_by_role("button", name="Ana O'Brien-Muñoz").click()
    steps.choose_item(page, "sim")
    number = steps.choose_item(page, "number")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="No", exact=True).click()
    page.get_by_role("button", name="Confirm and Provision").click()
    result = page.locator(".result-good")
    expect(result).to_contain_text("Service provisioned successfully for Ana O'Brien-Muñoz")
    expect(result).to_contain_text(f"Mobile - {number}")
    expect(page.locator(".progress-words")).to_have_text("Progress: 6 of 6 tasks completed")
    # The customer calls for more data: an add-on on the service that is there.
    page.get_by_role("link", name="View Service").click()
    page.get_by_role("group", name="Actions").get_by_role("button", name="Add-ons").click()
    page.get_by_role("listitem").filter(has_text="5GB Data Boost").get_by_role(
        "button", name="Choose"
    ).click()
    expect(page.locator("dl.review")).to_contain_text("one-off")
    page.get_by_role("button", name="Confirm and Provision").click()
    expect(result).to_contain_text("Add-on provisioned successfully for Ana O'Brien-Muñoz")
    page.get_by_role("link", name="View Service").click()
    expect(page.locator(".balances")).to_contain_text("5GB Data Boost")
    context.close()


def test_clicking_confirm_twice_starts_one_job(page: Page, house: House) -> None:
    steps.up_to_review(page)
    [(before,)] = house.sql("SELECT count(*) FROM runner_job")
    page.get_by_role("button", name="Confirmar y Aprovisionar").dblclick()
    expect(page.locator(".result-good")).to_be_visible()
    assert house.sql("SELECT count(*) FROM runner_job") == [(before + 1,)]


def test_confirming_in_two_tabs_gives_both_the_same_job(page: Page, house: House) -> None:
    steps.up_to_review(page)
    second = page.context.new_page()
    second.goto(page.url)
    [(before,)] = house.sql("SELECT count(*) FROM runner_job")
    steps.confirm(page)
    steps.confirm(second)
    for tab in (page, second):
        expect(tab.locator(".result-good")).to_be_visible()
    assert page.url == second.url
    assert house.sql("SELECT count(*) FROM runner_job") == [(before + 1,)]


def test_going_back_and_reloading_lose_nothing(page: Page) -> None:
    sim, number = steps.up_to_review(page)
    done = page.get_by_role("navigation", name="Pasos")
    done.get_by_role("link", name="Inventario").click()
    expect(page.locator("#picker-sim .picked")).to_contain_text(sim)
    page.reload()
    expect(page.locator("#picker-number .picked")).to_contain_text(number)
    done.get_by_role("link", name="Revisión").click()
    expect(page.locator("dl.review")).to_contain_text(sim)
    expect(page.locator("dl.review")).to_contain_text(number)
    page.get_by_role("button", name="Cancelar").click()


def test_two_browsers_on_the_same_sim_one_gets_it_and_the_other_is_told(
    page: Page, browser: Browser, house: House
) -> None:
    page.expected_complaints = ("409",)  # type: ignore[attr-defined]
    context = new_context(browser, house)
    other = context.new_page()
    sign_in(other, "supervisora")
    for who in (page, other):
        steps.choose_plan(who)
        steps.choose_customer(who)
        expect(who.locator("#picker-sim .item").nth(0)).to_be_visible()
    wanted = page.locator("#picker-sim .item").nth(3).locator("strong").inner_text()
    steps.choose_item(page, "sim", 3)
    other.locator("#picker-sim .item").filter(has_text=wanted).click()
    expect(other.locator("#refusals .alert")).to_contain_text(wanted)
    expect(other.locator("#refusals .alert")).to_contain_text("elige otro")
    expect(other.locator("#picker-sim .picked")).to_have_count(0)
    assert house.sql(
        "SELECT count(*) FROM inventory_item WHERE identifier = %s AND state = 'reserved'", wanted
    ) == [(1,)]
    page.get_by_role("button", name="Cancelar").click()
    assert house.sql("SELECT state FROM inventory_item WHERE identifier = %s", wanted) == [("new",)]
    context.close()


def test_going_on_without_a_choice_says_what_is_missing(page: Page) -> None:
    page.expected_complaints = ("422",)  # type: ignore[attr-defined]
    steps.choose_plan(page)
    steps.choose_customer(page)
    steps.choose_item(page, "sim")
    page.get_by_role("button", name="Continuar").click()
    expect(page.get_by_role("alert").filter(has_text="Falta")).to_contain_text("Número Móvil")
    expect(page.get_by_role("alert").filter(has_text="Falta")).not_to_contain_text("Tarjeta SIM")
    expect(page.locator("#picker-sim .picked")).to_be_visible()
    page.get_by_role("button", name="Cancelar").click()


def test_somebody_who_signed_out_in_another_tab_is_sent_to_sign_in_and_comes_back(page: Page) -> None:
    page.expected_complaints = ("401",)  # type: ignore[attr-defined]
    steps.choose_plan(page)
    steps.choose_customer(page)
    expect(page.locator("#picker-sim .item").first).to_be_visible()
    here = page.url
    other = page.context.new_page()
    other.goto("/")
    other.locator("details.user-menu summary").click()
    other.get_by_role("button", name="Cerrar sesión").click()
    expect(other.locator("#id_username")).to_be_visible()
    page.locator("#picker-sim .item").first.click()
    page.wait_for_url("**/entrar/?next=*")
    page.locator("#id_username").fill("agente")
    page.locator("#id_password").fill("alta-demo")
    page.locator("main form button.btn-primary").click()
    page.wait_for_url(here)
    page.get_by_role("button", name="Cancelar").click()


def test_the_whole_assignment_works_without_javascript(browser: Browser, house: House) -> None:
    context = browser.new_context(base_url=house.url, locale="es-ES", java_script_enabled=False)
    page = context.new_page()
    sign_in(page)
    steps.choose_plan(page)
    page.goto(page.url + "?q=john+smith")
    page.get_by_role("button", name="John Smith").click()
    for picker in ("sim", "number"):
        page.locator(f"#picker-{picker} .item").first.click()
        expect(page.locator(f"#picker-{picker} .picked")).to_be_visible()
    page.get_by_role("button", name="Continuar").click()
    page.get_by_role("button", name="Sí", exact=True).click()
    steps.confirm(page)
    for _ in range(40):
        if page.locator(".result-good").count():
            break
        page.wait_for_timeout(250)
        page.reload()
    expect(page.locator(".result-good")).to_contain_text("Servicio aprovisionado con éxito para John Smith")
    context.close()


def test_a_dead_server_is_said_on_the_screen(page: Page, house: House) -> None:
    page.expected_complaints = ("Failed to", "ERR_", "network error", "NetworkError")  # type: ignore[attr-defined]
    page.goto("/clientes/")
    house.processes["web"].kill()
    house.processes["web"].wait()
    page.locator("#customer-search").fill("john")
    expect(page.locator("#offline")).to_be_visible()
    expect(page.locator("#offline")).to_contain_text("Sin conexión con Alta")
    house.start("web", "serve", "--port", house.url.rsplit(":", 1)[-1])
    house.wait_until_healthy()
    page.locator("#customer-search").fill("john s")
    expect(page.get_by_role("link", name="John Smith")).to_be_visible()
    expect(page.locator("#offline")).to_be_hidden()


def test_a_retry_by_a_person_gets_through_although_the_breaker_is_open(page: Page, house: House) -> None:
    steps.up_to_review(page)
    house.ocs.down()
    steps.confirm(page)
    expect(page.locator(".result-bad")).to_be_visible()
    page.get_by_role("button", name="Reintentar").click()
    expect(page.locator(".result-bad")).to_be_visible()
    house.sql("UPDATE runner_connectorstate SET open_until = now() + interval '1 hour' WHERE name = 'ocs'")
    house.ocs.up()
    page.get_by_role("button", name="Reintentar").click()
    expect(page.locator(".result-good")).to_be_visible()


def test_slash_and_control_k_go_to_the_search_and_typing_a_slash_elsewhere_does_not(page: Page) -> None:
    page.goto("/productos/")
    page.keyboard.press("/")
    expect(page.locator("#quick-search")).to_be_focused()
    page.locator("#product-search").focus()
    page.keyboard.press("/")
    expect(page.locator("#product-search")).to_have_value("/")
    page.keyboard.press("Control+k")
    expect(page.locator("#quick-search")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#product-search")).to_be_focused()


def test_the_search_box_finds_everything_with_the_keyboard_alone(page: Page) -> None:
    page.goto("/productos/")
    box, options = page.locator("#quick-search"), page.locator("#quick-results [role=option]")
    page.keyboard.press("/")
    page.keyboard.type("john s")
    expect(page.get_by_role("option", name="John Smith")).to_be_visible()
    expect(page.locator("#quick-said")).to_have_text(re.compile(r"^1 resultado: Clientes 1$"))
    expect(box).to_have_attribute("aria-expanded", "true")
    assert violations(page) == []
    page.keyboard.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    expect(box).to_have_attribute("aria-activedescendant", "found-customers-1")
    page.keyboard.press("Enter")
    page.wait_for_url("**/clientes/123/")
    page.keyboard.press("Control+k")
    page.keyboard.type("02:00:5e:01:00:07")
    expect(page.get_by_role("option", name="CPE-00007")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#quick-results")).to_be_hidden()
    page.keyboard.press("/")
    page.keyboard.type("02:00:5e:01:00:07\n")  # as a scanner does
    page.wait_for_url("**/inventario/articulos/*/")


def test_rubbish_in_every_field_is_answered_not_crashed_on(page: Page) -> None:
    page.expected_complaints = ("404", "400")  # type: ignore[attr-defined]
    for rubbish in (
        "%00",
        "'; DROP TABLE customers_customer; --",
        "🦄" * 40,
        "%",
        "_",
        "\\",
        "<script>alert(1)</script>",
    ):
        page.goto("/clientes/")
        page.locator("#customer-search").fill(rubbish)
        expect(page.locator("#results")).to_contain_text("Cliente no encontrado")
    for address in (
        "/clientes/?q=%00",
        "/productos/?cliente=zz&tipo=zz&servicio=zz&q=%00",
        "/trabajos/?estado=zz&pagina=zz",
    ):
        response = page.goto(address)
        assert response is not None
        assert response.status == 200, address


def test_an_empty_catalogue_says_why_and_offers_the_way_out(page: Page) -> None:
    page.goto("/productos/?cliente=business&tipo=addon&servicio=iptv")
    empty = page.locator(".empty-state")
    expect(empty).to_contain_text("No hay productos disponibles")
    expect(empty).to_contain_text("es de otra categoría")
    empty.get_by_role("link", name="Mostrar todos los planes").click()
    expect(page.get_by_role("heading", name="Móvil - Plan de 20GB")).to_be_visible()


def test_progress_goes_on_after_the_server_was_gone(page: Page, house: House) -> None:
    steps.up_to_review(page)
    house.ocs.delay = 4.0
    page.expected_complaints = ("Failed to fetch", "ERR_", "network error", "Failed to load")  # type: ignore[attr-defined]
    steps.confirm(page)
    expect(page.locator(".task-running")).to_contain_text("Configurando cuenta OCS")
    web = house.processes["web"]
    web.kill()
    web.wait()
    port = house.url.rsplit(":", 1)[-1]
    house.start("web", "serve", "--port", port)
    house.wait_until_healthy()
    house.ocs.delay = 0.0
    expect(page.locator(".result-good")).to_be_visible(timeout=40_000)


def test_a_worker_that_is_killed_in_the_middle_is_made_up_for(page: Page, house: House) -> None:
    steps.up_to_review(page)
    house.ocs.delay = 2.0
    steps.confirm(page)
    expect(page.locator(".task-running")).to_contain_text("Configurando cuenta OCS")
    house.processes["worker"].kill()
    house.processes["worker"].wait()
    house.ocs.delay = 0.0
    house.start("worker", "worker")
    expect(page.locator(".result-good")).to_be_visible(timeout=45_000)


def test_an_edited_value_is_used_when_the_job_goes_on(page: Page, browser: Browser, house: House) -> None:
    steps.up_to_review(page)
    house.ocs.rude = "error"
    steps.confirm(page)
    expect(page.locator(".result-bad")).to_be_visible()
    house.ocs.rude = None
    page.get_by_role("link", name="Ver Registros").click()
    expect(page.get_by_text("Cambiar valores y reintentar")).to_have_count(0)
    context, address = new_context(browser, house), page.url
    page = context.new_page()
    sign_in(page, "ingeniera")
    page.goto(address)
    page.get_by_text("Cambiar valores y reintentar").click()
    page.locator("#input-data_gb").fill("21")
    page.get_by_role("button", name="Reintentar con estos valores").click()
    expect(page.locator(".page-head .state")).to_have_text("Completado")
    context.close()
    [(uuid,)] = house.sql(
        "SELECT s.uuid FROM services_service s JOIN runner_job j ON j.service_id = s.id ORDER BY j.id DESC LIMIT 1"
    )
    account = house.ocs.engine.accounts[f"cgrates.org:{uuid}"]
    assert account["BalanceMap"]["*data"][0]["Value"] == 21 * 1024**3
