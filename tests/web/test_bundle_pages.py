"""Selling a bundle on the pages, in Spanish."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from alta.orders.models import Order
from tests.house_of_data import item
from tests.orders.test_bundles import ITEMS, family

pytestmark = pytest.mark.django_db


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).strip()


def test_an_agent_sells_a_bundle_and_sees_all_its_tasks(agent: Client, now: datetime) -> None:
    bundle = family(now)
    assert "Familia" in agent.get("/productos/?tipo=bundle").content.decode()
    begun = agent.post("/asignar/", {"product": bundle.pk, "customer": 123})
    order = Order.objects.get(product=bundle)
    assert begun["Location"] == f"/asignar/{order.uuid}/inventario/"
    pickers = agent.get(begun["Location"]).content.decode()
    for label in ("Móvil - Plan de 20GB", "Móvil - Plan de 5GB"):
        assert label in pickers
    assert 'id="picker-mobile-20gb--sim"' in pickers
    for name, identifier in ITEMS.items():
        address = f"/asignar/{order.uuid}/inventario/{name}/"
        chosen = agent.post(address, {"item": item(identifier).pk}, headers={"HX-Request": "true"})
        assert chosen.status_code == 200
    assert agent.post(f"/asignar/{order.uuid}/inventario/")["Location"].endswith("/renovacion/")
    agent.post(f"/asignar/{order.uuid}/renovacion/", {"renew": "yes"})
    review = text_of(agent.get(f"/asignar/{order.uuid}/revision/").content.decode())
    assert "Incluye: Móvil - Plan de 20GB: £12.00 + £1.00 (instalación)" in review
    assert "Primer cargo: £21.00" in review
    progress = f"/asignar/{order.uuid}/progreso/"
    assert agent.post(f"/asignar/{order.uuid}/revision/")["Location"] == progress
    page = agent.get(progress).content.decode()
    total = re.search(r"Progreso: 0 de (\d+) tareas completadas", page)
    assert total and int(total[1]) > 15
    assert "tareas, en cuanto termine la anterior" in page
    with CaptureQueriesContext(connection) as captured:
        part = agent.get(progress, headers={"HX-Request": "true"}).content.decode()
    assert part.lstrip().startswith('<div id="bundle" hx-get=')
    assert len(captured) < 30
    [first, second, _third] = order.members.order_by("pk")
    assert agent.get(f"/asignar/{first.uuid}/progreso/")["Location"] == progress
    assert agent.get(f"/asignar/{second.uuid}/")["Location"] == f"/asignar/{second.uuid}/progreso/"
    for address in ("/", "/clientes/123/?ver=ordenes", f"/servicios/{second.service_id}/"):
        assert agent.get(address).status_code == 200
