"""The page «Undo»: what it says before anything happens, to whom it offers what, and what comes after."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.test import Client

from alta.accounts.models import User
from alta.catalog.models import Product
from alta.inventory import services as stock
from alta.orders import services as orders
from alta.orders.models import Order
from alta.orders.rules import Action
from alta.runner.models import Job
from alta.services.models import Service
from alta.services.services import activate
from tests.house_of_data import draft

pytestmark = pytest.mark.django_db


def finish(job: Job, now: datetime) -> Job:
    """As a worker leaves it."""
    job.tasks.update(state="done", attempts=1, ended_at=now)
    Job.objects.filter(pk=job.pk).update(state="done")
    Order.objects.filter(job=job).update(state="completed")
    job.refresh_from_db()
    return job


@pytest.fixture
def job(now: datetime) -> Job:
    job = finish(orders.confirm(draft(now).uuid, actor="agente", now=now), now)
    assert job.service_id is not None
    activate(job.service_id, actor="agente", now=now)
    return job


def boosted(job: Job, now: datetime, actor: str = "agente") -> Job:
    boost = Product.objects.get(slug="data-boost-5gb")
    order = orders.begin(actor=actor, now=now, product_id=boost.pk, service_id=job.service_id)
    return finish(orders.confirm(order.uuid, actor=actor, now=now), now)


def test_the_page_names_what_goes_and_offers_cancel_first(agent: Client, job: Job) -> None:
    text = agent.get(f"/trabajos/{job.pk}/deshacer/").content.decode()
    for words in (
        "Asignando Tarjeta SIM",
        "SIM-00123: queda libre",
        "+44 7700 900123: queda libre",
        "Un correo a john.smith@example.com dice que ya no vale.",
        "Sí, deshacer",
    ):
        assert words in text, words
    assert text.index("autofocus>Cancelar") < text.index("Sí, deshacer")
    job.refresh_from_db()
    assert job.state == "done"


def test_the_service_page_leads_there_and_the_success_card_too(agent: Client, job: Job) -> None:
    there = f'href="/trabajos/{job.pk}/deshacer/'
    service = agent.get(f"/servicios/{job.service_id}/").content.decode()
    assert there in service and "Asignado al cliente equivocado" in service
    assert there in agent.get(f"/trabajos/{job.pk}/progreso/").content.decode()


def test_confirming_undoes_the_later_order_first_and_says_so(agent: Client, job: Job, now: datetime) -> None:
    addon = boosted(job, now)
    address = f"/trabajos/{job.pk}/deshacer/"
    assert f'href="/trabajos/{addon.pk}/"' in agent.get(address).content.decode()
    refused = agent.post(address)
    assert (refused.status_code, b"order.later_orders" in refused.content) == (409, True)
    assert agent.post(address, {"order": [addon.order_id]}).status_code == 302
    for one in (job, addon):
        one.refresh_from_db()
    assert (job.state, addon.state) == ("done", "undoing")
    text = agent.get(f"/trabajos/{job.pk}/progreso/").content.decode()
    assert "Esto se está deshaciendo" in text and f"/trabajos/{addon.pk}/" in text
    assert "aprovisionado con éxito" not in text


def test_what_somebody_else_added_since_is_for_a_supervisor(agent: Client, job: Job, now: datetime) -> None:
    addon = boosted(job, now, actor="supervisora")
    address = f"/trabajos/{job.pk}/deshacer/"
    text = agent.get(address).content.decode()
    assert "Una parte la hizo supervisora" in text and "Sí, deshacer" not in text
    assert agent.post(address, {"order": [addon.order_id]}).status_code == 403
    addon.refresh_from_db()
    assert addon.state == "done"
    agent.force_login(User.objects.get(username="supervisora"))
    assert agent.post(address, {"order": [addon.order_id]}).status_code == 302


def test_a_service_that_was_ended_offers_nothing_and_says_who_decides(
    agent: Client, job: Job, now: datetime
) -> None:
    assert job.service_id is not None
    end = orders.begin_change(job.service_id, Action.TERMINATE, actor="agente", now=now)
    finish(orders.confirm(end.uuid, actor="agente", now=now, reason="moved away"), now)
    text = agent.get(f"/trabajos/{job.pk}/deshacer/").content.decode()
    assert 'data-code="order.later_is_final"' in text and "supervisor" in text
    assert "Sí, deshacer" not in text


def test_after_the_undo_one_button_leads_to_the_choice_of_the_customer(
    agent: Client, job: Job, now: datetime
) -> None:
    order = Order.objects.get(job=job)
    Job.objects.filter(pk=job.pk).update(state="undone")
    Order.objects.filter(pk=order.pk).update(state="cancelled")
    Service.objects.filter(pk=job.service_id).update(state="terminated", ended_at=now)
    stock.release_all(order.holder, now, actor="agente")
    there = f"/asignar/{order.uuid}/de-nuevo/"
    for page in (f"/trabajos/{job.pk}/progreso/", f"/trabajos/{job.pk}/", f"/servicios/{job.service_id}/"):
        assert there in agent.get(page).content.decode(), page
    for _ in range(2):
        answer = agent.post(there, follow=True)
        assert answer.redirect_chain[-1][0].endswith("/cliente/")
    new = Order.objects.get(replaces=order)
    assert set(new.selection) == {"sim", "number"}
