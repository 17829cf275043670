"""The main job in Spanish, and its failure, on the real HLR."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser import steps
from tests.browser.house import House
from tests.network.gsup import Cause, Gsup
from tests.network.milenage import f2

pytestmark = [pytest.mark.browser, pytest.mark.network, pytest.mark.xdist_group("hlr")]
REAL_HLR = True


def sim_of(house: House, identifier: str) -> tuple[str, bytes, bytes]:
    """IMSI, K and OPc of a SIM, as its card has them."""
    from alta.demo.stock import sim

    item = sim(int(identifier.removeprefix("SIM-")) - 122)
    assert item.identifier == identifier
    return item.values["imsi"], bytes.fromhex(item.values["k"]), bytes.fromhex(item.values["opc"])


def task_texts(page: Page) -> list[str]:
    return page.locator("#progress .task-title").all_inner_texts()


def test_a_mobile_plan_goes_from_the_catalogue_to_a_phone_that_attaches(page: Page, house: House) -> None:
    house.inbox.messages.clear()
    sim, number = steps.up_to_review(page)
    imsi, k, opc = sim_of(house, sim)
    review = page.locator("dl.review")
    expect(review).to_contain_text("John Smith (ID: 123)")
    expect(review).to_contain_text("Móvil - Plan de 20GB")
    expect(review).to_contain_text("Tarifa de Configuración: £0.00")
    expect(review).to_contain_text("Costo Mensual: £15.00")
    with Gsup("MSC-before") as msc:
        assert msc.send_auth_info(imsi) == Cause.IMSI_UNKNOWN

    steps.confirm(page)
    result = page.locator(".result")
    expect(result).to_contain_text("Servicio aprovisionado con éxito para John Smith")
    expect(page.locator(".progress-words")).to_have_text("Progreso: 6 de 6 tareas completadas")
    assert [text.split(" (")[0] for text in task_texts(page)] == [
        "Validando cuenta del cliente",
        "Asignando Tarjeta SIM",
        "Asignando Número Móvil",
        "Configurando cuenta OCS",
        "Creando registro de servicio",
        "Enviando correo electrónico de bienvenida",
    ]
    expect(result).to_contain_text("ID del Servicio")
    expect(result).to_contain_text(f"Móvil - {number}")
    expect(result).to_contain_text("Activo")

    with Gsup("MSC-after") as msc:
        vectors = msc.send_auth_info(imsi)
        assert isinstance(vectors, list)
        assert [f2(k, opc, vector.rand) for vector in vectors] == [vector.res for vector in vectors]
        assert len(vectors) == 5
    [(uuid, state)] = house.sql(
        "SELECT uuid, state FROM services_service WHERE name = %s", f"Móvil - {number}"
    )
    assert state == "active"
    assert house.sql(
        "SELECT o.state FROM orders_order o JOIN services_service s ON s.id = o.service_id WHERE s.uuid = %s",
        uuid,
    ) == [("completed",)]
    account = house.ocs.engine.accounts[f"cgrates.org:{uuid}"]
    assert [balance["Value"] for balance in account["BalanceMap"]["*data"]] == [20 * 1024**3]
    assert (
        house.sql("SELECT state, holder FROM inventory_item WHERE identifier IN (%s, %s)", sim, number)
        == [("assigned", uuid)] * 2
    )
    [mail] = house.inbox.messages
    assert mail["To"] == "john.smith@example.com"
    assert "Móvil - Plan de 20GB" in str(mail["Subject"]) or "=?utf-8?" in str(mail["Subject"])

    page.get_by_role("link", name="Ver Servicio").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"Móvil - {number}")


def test_ocs_down_shows_the_failure_and_retry_goes_on_from_the_ocs_task(page: Page, house: House) -> None:
    steps.up_to_review(page)
    house.ocs.down()
    steps.confirm(page)
    failure = page.locator(".result-bad")
    expect(failure).to_contain_text("Error: No se pudo conectar a OCS")
    expect(failure).to_contain_text(
        "El registro de servicio ha sido creado pero el aprovisionamiento no se completó. "
        "Por favor, revisa el error y vuelve a intentarlo."
    )
    expect(failure).to_contain_text("ID de Aprovisionamiento:")
    expect(page.locator(".progress-words")).to_have_text("Progreso: 3 de 6 tareas completadas")
    job_id = int(failure.locator("p strong").inner_text())
    before = house.sql(
        "SELECT t.key, t.attempts FROM runner_task t WHERE job_id = %s AND state = 'done' ORDER BY position",
        job_id,
    )
    assert [key for key, _ in before] == ["check_customer", "assign_sim", "assign_number"]
    assert house.sql(
        "SELECT s.state FROM services_service s JOIN runner_job j ON j.service_id = s.id WHERE j.id = %s",
        job_id,
    ) == [("reserved",)]
    assert house.sql("SELECT state FROM orders_order WHERE job_id = %s", job_id) == [("held",)]

    house.ocs.up()
    failure.get_by_role("button", name="Reintentar").click()
    expect(page.locator(".result-good")).to_contain_text("Servicio aprovisionado con éxito para John Smith")
    assert (
        house.sql(
            "SELECT t.key, t.attempts FROM runner_task t WHERE job_id = %s AND position <= 3 ORDER BY position",
            job_id,
        )
        == before
    )
    assert house.sql(
        "SELECT s.state FROM services_service s JOIN runner_job j ON j.service_id = s.id WHERE j.id = %s",
        job_id,
    ) == [("active",)]


def test_a_wrong_assignment_is_taken_back_everywhere_and_the_same_goes_to_the_right_customer(
    page: Page, house: House
) -> None:
    sim, number = steps.up_to_review(page)
    imsi, _, _ = sim_of(house, sim)
    steps.confirm(page)
    expect(page.locator(".result-good")).to_be_visible()
    [(job_id, service_id, uuid)] = house.sql(
        "SELECT j.id, s.id, s.uuid FROM runner_job j JOIN services_service s ON s.id = j.service_id ORDER BY j.id DESC LIMIT 1"
    )

    page.get_by_role("link", name="Ver Servicio").click()
    page.get_by_role("link", name="Asignado al cliente equivocado").click()
    expect(page.locator("main")).to_contain_text(f"{sim}: queda libre")
    expect(page.locator("main")).to_contain_text("£15.00")
    expect(page.get_by_role("link", name="Cancelar")).to_be_focused()
    page.get_by_role("button", name="Sí, deshacer").click()
    expect(page.locator(".page-head .state")).to_have_text("Deshecho")

    with Gsup("MSC-undone") as msc:
        assert msc.send_auth_info(imsi) == Cause.IMSI_UNKNOWN
    assert f"cgrates.org:{uuid}" not in house.ocs.engine.accounts
    assert house.sql("SELECT state FROM services_service WHERE id = %s", service_id) == [("terminated",)]
    assert house.sql("SELECT state FROM orders_order WHERE job_id = %s", job_id) == [("cancelled",)]
    assert house.sql("SELECT state FROM inventory_item WHERE identifier = %s", sim) == [("new",)]
    assert house.sql("SELECT state FROM inventory_item WHERE identifier = %s", number) == [("in_stock",)]

    page.get_by_role("button", name="Asignar lo mismo al cliente correcto").click()
    steps.choose_customer(page, "doe", "John Doe")
    review = page.locator("dl.review")
    expect(review).to_contain_text("John Doe")
    expect(review).to_contain_text(sim)
    expect(review).to_contain_text(number)
    page.get_by_role("button", name="Cancelar").first.click()
