"""Who may see what, and what answers say about themselves."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import pytest
from django.test import Client
from django.urls import URLPattern, get_resolver

from alta.orders import services as orders
from alta.web.permissions import TABLE
from alta.web.urls import urlpatterns
from tests.house_of_data import draft

pytestmark = pytest.mark.django_db
OPEN = {"health", "sign_in", "sign_in_code", "language"}


SAMPLES = {"string": "x.y", "int": 1, "slug": "sim", "uuid": UUID(int=1), "str": "sim"}


def _address(pattern: URLPattern) -> str:
    """An address of this page, with anything of the right kind where something is named."""
    kinds = {name: type(kind).__name__ for name, kind in pattern.pattern.converters.items()}
    values = {name: SAMPLES[kind.removesuffix("Converter").lower()] for name, kind in kinds.items()}
    return f"/{get_resolver().reverse(str(pattern.name), **values)}"


@pytest.mark.parametrize("pattern", urlpatterns, ids=lambda pattern: pattern.name)
def test_every_page_but_the_open_ones_asks_who_you_are(client: Client, pattern: URLPattern) -> None:
    for method in TABLE[str(pattern.name)]:
        response = client.generic(method, _address(pattern))
        if pattern.name in OPEN:
            assert response.status_code in (200, 302, 422)
            assert "/entrar/?next=" not in response.headers.get("Location", "")
        elif pattern.name == "job_events":
            assert response.status_code == 403
        else:
            assert response.status_code == 302
            assert response.headers["Location"].startswith("/entrar/?next=")


def test_the_interface_for_programs_answers_401_without_a_key(client: Client) -> None:
    assert client.get("/api/jobs/1").status_code == 401
    assert client.get("/api/jobs/1", headers={"Authorization": "Bearer alta_nonsense"}).status_code == 401


def test_every_answer_forbids_inline_code_and_foreign_files(agent: Client) -> None:
    policy = agent.get("/").headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert agent.get("/").headers["X-Frame-Options"] == "DENY"


def test_a_refusal_is_a_page_with_its_status_and_its_code(agent: Client) -> None:
    response = agent.get("/clientes/99999/")
    text = response.content.decode()
    assert response.status_code == 404
    assert 'data-code="order.customer_not_found"' in text
    assert text.count("Ese cliente no existe. Busca por nombre, ID, correo electrónico o teléfono.") == 1


def test_a_refusal_in_a_part_of_a_page_is_a_fragment_with_its_status(agent: Client, now: datetime) -> None:
    mine = draft(now)
    other = draft(now, customer=456, sim="SIM-00124", number="+44 7700 900124")
    response = agent.post(
        f"/asignar/{other.uuid}/inventario/sim/",
        {"item": mine.selection["sim"]},
        headers={"HX-Request": "true"},
    )
    assert response.status_code == 409
    assert response.content.decode().lstrip().startswith('<div class="alert')
    assert "inventory.item.held" in response.content.decode()


def test_forms_need_their_token(agent: Client, now: datetime) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = agent.cookies
    order = draft(now)
    assert strict.post(f"/asignar/{order.uuid}/revision/").status_code == 403
    order.refresh_from_db()
    assert order.state == "draft"


def test_changing_the_language_never_leads_to_another_site(client: Client, now: datetime) -> None:
    response = client.post("/idioma/", {"language": "en", "next": "https://evil.example.com/"})
    assert (response.status_code, response.headers["Location"]) == (302, "/")
    assert response.cookies["django_language"].value == "en"
    nonsense = client.post("/idioma/", {"language": "xx", "next": "/productos/"})
    assert nonsense.headers["Location"] == "/productos/"
    assert "django_language" not in nonsense.cookies


def test_the_sign_of_life_asks_the_database(client: Client, now: datetime) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}


def test_a_job_of_an_order_shows_what_happened_in_the_readers_language(agent: Client, now: datetime) -> None:
    order = draft(now)
    job = orders.confirm(order.uuid, actor="agente", now=now)
    from alta.runner.models import Job

    Job.objects.filter(pk=job.pk).update(
        state="failed",
        error={"code": "connector.unreachable", "params": {"system": "OCS"}, "task": "ocs_account"},
    )
    assert "No se pudo conectar a OCS" in agent.get(f"/trabajos/{job.pk}/").content.decode()
    english = agent.get(f"/trabajos/{job.pk}/", headers={"Accept-Language": "en"}).content.decode()
    assert "Could not connect to OCS" in english
