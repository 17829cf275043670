"""How many SQL statements each page takes: a baseline that a review sees change. It must not grow with the number of rows."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from alta.accounts.models import User
from alta.accounts.permissions import Role
from alta.catalog.models import Product
from alta.installations.services import open_work_order
from alta.inventory import imports
from alta.orders import services as orders
from tests.house_of_data import draft, draft_of_fibre, first_slot, item

pytestmark = pytest.mark.django_db
BASELINE = Path(__file__).parent / "query_counts.json"


def counts(agent: Client, addresses: dict[str, str]) -> dict[str, int]:
    found = {}
    for name, address in addresses.items():
        agent.get(address)  # what is read once and kept does not count
        with CaptureQueriesContext(
            connection,
        ) as captured:
            response = agent.get(address)
        assert response.status_code == 200, (name, response.status_code)
        found[name] = len(captured)
    return found


def _stock(now: datetime) -> dict[str, str]:
    sim = item("SIM-00123")
    rows = "\n".join(f",+44 7700 {number}," for number in range(901000, 901020))
    file = imports.upload(
        item("+44 7700 900123").template_id,
        "n.csv",
        f"identifier,e164,location\n{rows}".encode(),
        now,
        actor="a",
    )
    return {
        "stock": "/inventario/",
        "stock, items": f"/inventario/{sim.template_id}/",
        "stock, search": f"/inventario/{sim.template_id}/?q=0001",
        "stock, item": f"/inventario/articulos/{sim.pk}/",
        "stock, add": f"/inventario/{sim.template_id}/agregar/",
        "stock, import": f"/inventario/{sim.template_id}/importar/",
        "stock, preview": f"/inventario/importaciones/{file.uuid}/",
        "stock, template": f"/inventario/{sim.template_id}/editar/",
    }


def _installations(now: datetime) -> dict[str, str]:
    """A work order with a date, one without, and a draft that asks for a date."""
    dated, undated = (draft_of_fibre(now, modem) for modem in (1, 2))
    orders.choose_slot(dated.uuid, *first_slot(now), now=now)
    orders.leave_slot_for_later(undated.uuid)
    [shown, _] = [
        open_work_order(orders.confirm(one.uuid, actor="agente", now=now).service_id or 0, actor="a", now=now)
        for one in (dated, undated)
    ]
    return {
        "assign, installation": f"/asignar/{draft_of_fibre(now, 3).uuid}/instalacion/",
        "installations": "/instalaciones/",
        "installations, work order": f"/instalaciones/{shown.pk}/",
        "installations, date": f"/instalaciones/{shown.pk}/fecha/",
        "installations, occupation": "/instalaciones/ocupacion/",
        "installations, settings": "/instalaciones/calendario/",
    }


def test_pages_take_as_many_statements_as_the_baseline_says_and_no_more_with_more_rows(
    agent: Client, now: datetime
) -> None:
    User.objects.filter(username="agente").update(roles=Role.values)  # who may see every page
    confirmed = draft(now)
    job = orders.confirm(confirmed.uuid, actor="agente", now=now)
    confirmed.refresh_from_db()
    open_draft = draft(now, sim="SIM-00124", number="+44 7700 900124")
    addresses = {
        "start": "/",
        "settings": "/ajustes/",
        "settings, fields": "/ajustes/campos/",
        "settings, field": "/ajustes/campos/nuevo/",
        "settings, renewals": "/ajustes/renovaciones/",
        "settings, keys": "/ajustes/claves/",
        "search": "/buscar/?q=447700900123",
        "search, a word": "/buscar/?q=john",
        "products": "/productos/",
        "catalogue, kept": "/productos/gestion/",
        "catalogue, new": "/productos/gestion/nuevo/",
        "catalogue, product": f"/productos/gestion/{Product.objects.get(slug='mobile-20gb').pk}/",
        "catalogue, versions": f"/productos/gestion/{Product.objects.get(slug='mobile-20gb').pk}/versiones/",
        "catalogue, coverage": "/productos/cobertura/",
        "catalogue, types": "/productos/tipos/",
        "products, none": "/productos/?q=zzzz",
        "customers": "/clientes/?q=john",
        "customer, services": "/clientes/123/",
        "customer, activity": "/clientes/123/?ver=actividad",
        "customer, orders": "/clientes/123/?ver=ordenes",
        "customer, inventory": "/clientes/123/?ver=inventario",
        "customer, contacts": "/clientes/812/?ver=contactos",
        "customer, sites": "/clientes/812/?ver=sitios",
        "customer, documents": "/clientes/812/?ver=documentos",
        "customer, payments": "/clientes/123/?ver=pagos",
        "customer, new": "/clientes/nuevo/",
        "customer, edit": "/clientes/123/editar/",
        "customer, merge": "/clientes/123/unir/?otro=456",
        "service": f"/servicios/{confirmed.service_id}/",
        "service, diagnosis": f"/servicios/{confirmed.service_id}/diagnostico/",
        "assign, product": f"/asignar/{open_draft.uuid}/producto/",
        "assign, customer": f"/asignar/{open_draft.uuid}/cliente/?q=john",
        "assign, inventory": f"/asignar/{open_draft.uuid}/inventario/",
        "assign, renewal": f"/asignar/{open_draft.uuid}/renovacion/",
        "assign, review": f"/asignar/{open_draft.uuid}/revision/",
        "assign, progress": f"/asignar/{confirmed.uuid}/progreso/",
        "jobs": "/trabajos/",
        "job": f"/trabajos/{job.pk}/",
        "job, undo": f"/trabajos/{job.pk}/deshacer/",
        "job, progress": f"/trabajos/{job.pk}/progreso/",
        "api, job": f"/api/jobs/{job.pk}",
    } | _stock(now)
    addresses |= _installations(now)
    found = counts(agent, addresses)
    assert found == json.loads(BASELINE.read_text())

    for number in range(5, 12):
        more = draft(
            now,
            sim=f"SIM-0012{number}" if number < 10 else f"SIM-001{20 + number}",
            number=f"+44 7700 9001{20 + number}",
        )
        if number % 2:
            orders.confirm(more.uuid, actor="agente", now=now)
    for number in range(4, 9):
        more = draft_of_fibre(now, number)
        orders.choose_slot(more.uuid, *first_slot(now), now=now)
        service = orders.confirm(more.uuid, actor="agente", now=now).service_id or 0
        if number % 2:
            open_work_order(service, actor="a", now=now)
    assert counts(agent, addresses) == found
