"""The stock keeper's pages."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from alta.accounts.models import User
from alta.accounts.permissions import Role
from alta.demo.stock import iccid
from alta.inventory import keeping
from alta.inventory.models import ImportFile, Item, ItemHistory, Template
from alta.orders import services as orders
from tests.house_of_data import draft, item

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent(agent: Client) -> Client:
    """Somebody who may do everything here; what each role may is another test's."""
    User.objects.filter(username="agente").update(roles=Role.values)
    return agent


KEY = "0" * 32


def sims() -> Template:
    return Template.objects.get(name="SIM Card")


def text(client: Client, address: str, status: int = 200, **options: object) -> str:
    response = client.get(address, **options)  # type: ignore[arg-type]
    assert response.status_code == status, address
    return str(response.content.decode())


def test_the_list_counts_and_warns(agent: Client) -> None:
    assert "Existencias bajas" not in text(agent, "/inventario/")
    Template.objects.filter(name="CPE Modem").update(low_stock=40)
    page = text(agent, "/inventario/")
    assert page.count("Existencias bajas") == 1
    assert page.index("Módem CPE") < page.index("Decodificador")  # what runs low comes first


def test_the_start_page_warns_whoever_may_see_the_stock(agent: Client) -> None:
    Template.objects.filter(name="CPE Modem").update(low_stock=40)
    User.objects.filter(username="agente").update(roles=[Role.AGENT])
    assert "Existencias bajas" not in text(agent, "/")
    User.objects.filter(username="agente").update(roles=[Role.STOCK_KEEPER])
    page = text(agent, "/")
    assert "Existencias bajas" in page
    assert "40 disponibles · umbral: 40" in page


def test_items_are_filtered_and_paged(agent: Client) -> None:
    address = f"/inventario/{sims().pk}/"
    first = text(agent, address)
    assert first.count('name="item"') == 50
    assert "?despues=SIM-00172" in first
    second = text(agent, f"{address}?despues=SIM-00172")
    assert "SIM-00173" in second and "SIM-00172<" not in second
    found = text(agent, f"{address}?q={iccid(7)[-4:]}")
    assert found.count('name="item"') == 1 and "SIM-00129" in found
    assert "No hay coincidencias" in text(agent, f"{address}?estado=retired")
    assert text(agent, f"{address}?estado=nonsense&lugar=Oxford%20Street").count('name="item"') == 50


def test_secrets_are_masked_everywhere(agent: Client) -> None:
    sim = item("SIM-00123")
    pages = text(agent, f"/inventario/articulos/{sim.pk}/") + text(agent, f"/inventario/{sim.template_id}/")
    from alta.demo.stock import sim as demo_sim

    values = demo_sim(1).values
    assert values["iccid"] in pages
    assert "•••" in pages
    assert values["k"] not in pages.lower() and values["k"].upper() not in pages
    assert "Clave K" in text(agent, f"/inventario/articulos/{sim.pk}/")


def test_an_item_says_who_has_it(agent: Client, now: datetime) -> None:
    order = draft(now)
    address = f"/inventario/articulos/{item('SIM-00123').pk}/"
    page = text(agent, address)
    assert "reservado por un borrador" in page and "John Smith" in page
    assert f"/asignar/{order.uuid}/" in page
    orders.confirm(order.uuid, actor="agente", now=now)
    order.refresh_from_db()
    page = text(agent, address)
    assert "reservado por un borrador" not in page
    assert f"/servicios/{order.service_id}/" in page and "/clientes/123/" in page


def test_buttons_do_what_the_state_allows_and_no_more(agent: Client, now: datetime) -> None:
    draft(now)
    assert 'name="action"' not in text(agent, f"/inventario/articulos/{item('SIM-00123').pk}/")
    free = item("SIM-00124")
    assert text(agent, f"/inventario/articulos/{free.pk}/").count('name="action"') == 3
    keeping.retire([free.pk], "wet", now, actor="ana")
    assert 'name="action"' not in text(agent, f"/inventario/articulos/{free.pk}/")


def test_several_items_move_and_the_list_stays_as_it_was(agent: Client) -> None:
    chosen = [item("SIM-00124"), item("SIM-00125")]
    back = f"/inventario/{sims().pk}/?q=SIM-0012"
    response = agent.post(
        f"/inventario/{sims().pk}/cambios/",
        {"item": [one.pk for one in chosen], "action": "carry", "location": "Tienda 2", "back": back},
        follow=True,
    )
    assert response.redirect_chain == [(back, 302)]
    assert "2 artículos cambiados." in response.content.decode()
    assert {item("SIM-00124").location, item("SIM-00125").location} == {"Tienda 2"}
    foreign = agent.post(
        f"/inventario/{sims().pk}/cambios/",
        {"item": [chosen[0].pk], "action": "carry", "location": "x", "back": "https://evil.example.com/"},
    )
    assert foreign.headers["Location"] == f"/inventario/{sims().pk}/"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"action": "retire", "reason": "x"}, "inventory.items.none"),
        ({"action": "retire", "item": "1"}, "inventory.item.not_found"),
        ({"action": "carry", "item": "1", "location": "x"}, "inventory.item.not_found"),
    ],
)
def test_a_change_that_cannot_be_is_refused(agent: Client, given: dict[str, str], code: str) -> None:
    history = ItemHistory.objects.count()
    Item.objects.filter(pk=1).delete()
    response = agent.post(f"/inventario/{sims().pk}/cambios/", given)
    assert f'data-code="{code}"' in response.content.decode()
    assert ItemHistory.objects.count() <= history


def test_adding_stays_on_the_form_and_keeps_the_place(agent: Client) -> None:
    address = f"/inventario/{sims().pk}/agregar/"
    new = {
        "field-iccid": iccid(500),
        "field-imsi": "901700000000500",
        "field-k": KEY,
        "field-opc": KEY,
        "location": "Tienda 2",
    }
    response = agent.post(address, new, follow=True)
    assert response.redirect_chain == [(f"{address}?lugar=Tienda+2", 302)]
    page = response.content.decode()
    assert f"Agregado: {iccid(500)}" in page
    assert 'value="Tienda 2"' in page
    made = Item.objects.get(identifier=iccid(500))
    assert (made.state, made.location) == ("new", "Tienda 2")

    again = agent.post(address, new)
    assert again.status_code == 409
    assert 'data-code="inventory.item.exists"' in again.content.decode()
    wrong = agent.post(address, new | {"field-iccid": iccid(501), "field-opc": "f00"})
    page = wrong.content.decode()
    assert wrong.status_code == 422
    assert iccid(501) in page and KEY not in page and "f00" not in page
    assert page.count("autofocus") == 1
    assert 'aria-invalid="true" aria-describedby="wrong" autofocus' in page


def test_a_file_is_previewed_confirmed_and_its_errors_downloaded(agent: Client) -> None:
    template = sims()
    rows = [
        "identifier,iccid,imsi,k,opc",
        f"SIM-90001,{iccid(501)},901700000000501,{KEY},{KEY}",
        f"SIM-90002,123,901700000000502,{KEY},{KEY}",
    ]
    file = SimpleUploadedFile("sims.csv", "\n".join(rows).encode())
    sent = agent.post(f"/inventario/{template.pk}/importar/", {"file": file, "location": "Almacén"})
    address = f"/inventario/importaciones/{ImportFile.objects.get().uuid}/"
    assert (sent.status_code, sent.headers["Location"]) == (302, address)
    page = text(agent, address)
    assert "Importar 1 artículo" in page
    assert "un ICCID tiene 19 o 20 dígitos" in page
    assert not Item.objects.filter(identifier="SIM-90001").exists()
    errors = agent.get(f"{address}errores.csv")
    assert errors.headers["Content-Type"] == "text/csv; charset=utf-8"
    lines = errors.content.decode("utf-8-sig").splitlines()
    assert lines[0] == "line,reason,identifier,iccid,imsi,k,opc"
    assert lines[1].startswith("3,") and lines[1].endswith("SIM-90002,123,901700000000502,•••,•••")
    for _twice in range(2):
        assert agent.post(f"{address}confirmar/").headers["Location"] == address
    assert Item.objects.get(identifier="SIM-90001").location == "Almacén"
    assert "Importación completada" in text(agent, address)


@pytest.mark.parametrize(
    ("content", "code", "status"),
    [
        (None, "inventory.file.missing", 422),
        (b"", "inventory.file.empty", 422),
        (b"a,b\n1,2", "inventory.file.columns_unknown", 422),
        (b"\xff\xfe", "inventory.file.encoding", 422),
        (b"x" * 8_500_000, "inventory.file.too_large", 413),
        (b"x" * 9_500_000, "inventory.file.too_large", 413),
    ],
)
def test_a_file_that_is_none_of_ours_is_refused_above_the_form(
    agent: Client, content: bytes | None, code: str, status: int
) -> None:
    given = {} if content is None else {"file": SimpleUploadedFile("x.csv", content)}
    response = agent.post(f"/inventario/{sims().pk}/importar/", given)
    assert response.status_code == status
    assert f'data-code="{code}"' in response.content.decode()
    assert not ImportFile.objects.exists()


def test_the_example_has_the_columns_of_the_template(agent: Client) -> None:
    example = agent.get(f"/inventario/{sims().pk}/ejemplo.csv").content.decode("utf-8-sig")
    assert example == "identifier,iccid,imsi,k,opc,location\r\n"


def test_a_template_is_made_and_changed(agent: Client) -> None:
    given = {
        "name": "ONT",
        "label_es": "ONT",
        "label_en": "ONT",
        "kind": "physical",
        "low_stock": "3",
        "name-0": "serial",
        "type-0": "serial",
        "required-0": "on",
        "unique-0": "on",
        "es-0": "Serie",
    }
    made = agent.post("/inventario/plantillas/nueva/", given)
    template = Template.objects.get(name="ONT")
    assert made.headers["Location"] == f"/inventario/{template.pk}/"
    assert (template.low_stock, template.fields) == (
        3,
        [
            {
                "name": "serial",
                "type": "serial",
                "required": True,
                "secret": False,
                "unique": True,
                "label": {"es": "Serie", "en": "Serie"},
            }
        ],
    )
    twice = agent.post("/inventario/plantillas/nueva/", given)
    assert twice.status_code == 409 and 'data-code="inventory.template.exists"' in twice.content.decode()
    changed = agent.post(
        f"/inventario/{template.pk}/editar/", given | {"low_stock": "", "label_es": "Equipo"}
    )
    assert changed.status_code == 302
    template.refresh_from_db()
    assert (template.low_stock, template.label_es) == (None, "Equipo")
    for wrong in ("-1", "x", "9999999999"):
        answer = agent.post(f"/inventario/{template.pk}/editar/", given | {"low_stock": wrong})
        assert 'data-code="inventory.template.low_stock"' in answer.content.decode()


def test_the_form_of_a_template_in_use_can_be_saved_as_it_is(agent: Client) -> None:
    template = sims()
    page = text(agent, f"/inventario/{template.pk}/editar/")
    import re

    given = {
        name: value
        for tag in re.findall(r"<input[^>]*>", page)
        for name, value in [
            (re.findall(r'name="([^"]*)"', tag) or [""], re.findall(r'value="([^"]*)"', tag) or [""])
        ]
        for name, value in [(name[0], value[0])]
        if name and 'type="checkbox"' not in tag
    }
    before = Template.objects.filter(pk=template.pk).values().get()
    answer = agent.post(f"/inventario/{template.pk}/editar/", given | {"kind": "physical", "after_use": ""})
    assert answer.status_code == 302
    assert Template.objects.filter(pk=template.pk).values().get() == before
    refused = agent.post(f"/inventario/{template.pk}/editar/", given | {"type-0": "text"})
    assert 'data-code="inventory.template.in_use"' in refused.content.decode()


def test_the_picker_says_why_there_is_none_and_where_to_look(agent: Client, now: datetime) -> None:
    order = draft(now, sim=None, number=None, renew=None)
    address = f"/asignar/{order.uuid}/inventario/"
    keeping.carry([item("SIM-00124").pk], "Tienda 2", now, actor="ana")
    page = text(agent, address)
    assert "Tienda 2" in page and "No hay inventario disponible" not in page
    there = text(agent, f"{address}?lugar=Tienda%202")
    assert "SIM-00124" in there and "SIM-00125" not in there
    assert "SIM-00125" not in text(agent, address)  # the place stays chosen
    keeping.retire([item("SIM-00124").pk], "wet", now, actor="ana")
    there = text(agent, address)
    assert "No hay en esta ubicación, pero sí en otras." in there
    assert "Oxford Street: 199" in there
    text(agent, f"{address}?lugar=")
    Item.objects.filter(template=sims()).update(
        state="assigned", holder=order.holder, previous_state="new", quarantine_until=None
    )
    page = text(agent, address)
    assert "No hay inventario disponible" in page
    assert "Todos están asignados." in page
    assert f'href="/inventario/{sims().pk}/"' in page
    Item.objects.filter(template=sims()).delete()
    assert "Nunca ha habido uno en el inventario." in text(agent, address)
