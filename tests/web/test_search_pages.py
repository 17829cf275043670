"""The search box of every page, and the page of results."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from django.test import Client

from alta.accounts.models import User
from alta.accounts.permissions import Role
from alta.demo.stock import sim
from alta.orders import services as orders
from tests.house_of_data import draft, item

pytestmark = pytest.mark.django_db
PART = {"HX-Request": "true"}


def as_(role: str) -> None:
    User.objects.filter(username="agente").update(roles=[role])


def groups(client: Client, text: str) -> list[str]:
    page = client.get("/buscar/", {"q": text})
    assert page.status_code == 200
    return re.findall(r'<h2 class="h3" id="group-(\w+)"', page.content.decode())


@pytest.mark.parametrize(
    ("role", "seen"),
    [
        (Role.AGENT, ["services", "items"]),
        (Role.STOCK_KEEPER, ["items"]),
        (Role.ADMINISTRATOR, ["services", "items"]),
    ],
)
def test_everybody_finds_only_what_they_may_open(
    agent: Client, now: datetime, role: str, seen: list[str]
) -> None:
    orders.confirm(draft(now).uuid, actor="agente", now=now)
    as_(role)
    assert groups(agent, "SIM-00123") == seen


def test_a_stock_keeper_finds_no_customer_and_is_told_where_was_searched(agent: Client) -> None:
    as_(Role.STOCK_KEEPER)
    page = agent.get("/buscar/?q=john").content.decode()
    assert "John Smith" not in page
    assert "Nada coincide con «john»." in page
    assert "Se buscó en: Productos, Inventario." in page
    assert "Crear cliente" not in page


def test_results_link_to_their_pages(agent: Client, now: datetime) -> None:
    order = orders.confirm(draft(now).uuid, actor="agente", now=now).order
    page = agent.get("/buscar/?q=900123").content.decode()
    assert f'href="/servicios/{order.service_id}/"' in page
    assert f'href="/inventario/articulos/{item("+44 7700 900123").pk}/"' in page
    page = agent.get(f"/buscar/?q=pedido {order.pk}").content.decode()
    assert f'href="/asignar/{order.uuid}/progreso/"' in page and "En curso" in page
    page = agent.get(f"/buscar/?q=aprovisionamiento+{order.job_id}").content.decode()
    assert f'href="/trabajos/{order.job_id}/"' in page
    assert 'href="/productos/?q=mobile-20gb"' in agent.get("/buscar/?q=plan+20gb").content.decode()


def test_a_draft_is_found_by_who_may_go_on_with_it(agent: Client, now: datetime) -> None:
    order = draft(now)
    assert f'href="/asignar/{order.uuid}/"' in agent.get(f"/buscar/?q=pedido {order.pk}").content.decode()
    as_(Role.ENGINEER)
    assert str(order.uuid) not in agent.get(f"/buscar/?q=pedido {order.pk}").content.decode()


def test_while_typing_the_part_has_options_with_counts(agent: Client) -> None:
    part = agent.get("/buscar/?q=john", headers=PART).content.decode()
    assert "<html" not in part
    assert 'role="listbox"' in part and part.count('role="option"') == part.count("<a ")
    assert re.search(r"\d+ resultados: Clientes \d", part)
    assert 'href="/buscar/?q=john"' in part
    assert agent.get("/buscar/?q=", headers=PART).content.decode().strip() == ""


def test_enter_on_the_only_thing_found_goes_there(agent: Client) -> None:
    scanned = agent.get("/buscar/", {"q": sim(7).values["iccid"], "ir": "1"})
    assert scanned.headers["Location"] == f"/inventario/articulos/{item('SIM-00129').pk}/"
    assert agent.get("/buscar/?q=john&ir=1").status_code == 200
    assert agent.get("/buscar/", {"q": sim(7).values["iccid"]}).status_code == 200


def test_rubbish_is_answered(agent: Client) -> None:
    for text in ("\x00", "%", "' OR 1=1 --", "<script>", "🦄" * 200, "#99999999999999999999"):
        for headers in ({}, PART):
            answer = agent.get("/buscar/", {"q": text}, headers=headers)
            assert answer.status_code == 200
            assert "<script>" not in answer.content.decode().replace("<script src", "")
