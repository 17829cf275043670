"""Every address and method, asked by every role and by nobody, compared with the committed table `permissions.csv`.

Where a change is meant, `ALTA_WRITE_PERMISSIONS=1 pytest tests/web/test_permissions.py` writes the table again: review it."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, get_resolver

from alta.accounts.access import Rule
from alta.accounts.models import User
from alta.accounts.permissions import GRANTS, PERMISSIONS, Role, rights
from alta.accounts.services import create_api_key
from alta.api import permissions as of_api
from alta.installations.models import Appointment, WorkOrder
from alta.orders import services as orders
from alta.runner.models import Job
from alta.web import permissions as of_pages
from alta.web.urls import urlpatterns
from alta.web.views import jobs as job_views
from tests.house_of_data import draft

pytestmark = pytest.mark.django_db
FILE = Path(__file__).parent / "permissions.csv"
COLUMNS = ["page", "method", "anonymous", *Role.values]


@pytest.fixture
def job(now: datetime, monkeypatch: pytest.MonkeyPatch) -> Job:
    # A stream lets go of the database, and with it of the test's transaction.
    monkeypatch.setattr(job_views, "_let_go_of_the_database", lambda: None)
    job = orders.confirm(draft(now).uuid, actor="somebody", now=now)
    assert job.service is not None
    agreed = Appointment.objects.create(holder=uuid4(), state="pending", service=job.service)
    WorkOrder.objects.create(pk=job.pk, service=job.service, appointment=agreed, opened_at=now)
    return job


@pytest.fixture
def people(now: datetime) -> dict[str, User]:
    """One person of each role."""
    return {role: User.objects.create_user(f"only-{role}", roles=[role]) for role in Role.values}


def pages() -> Iterator[str]:
    """The name of every address."""
    for pattern in urlpatterns:
        yield str(pattern.name)
    resolver = next(one for one in get_resolver().url_patterns if getattr(one, "namespace", "") == "api")
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLPattern) and pattern.name != "api-root":
            yield f"api:{pattern.name}"


def _pattern(name: str) -> tuple[str, list[str]]:
    """An address with holes, and the names of the holes."""
    prefix, resolver = "/", get_resolver()
    if name.startswith("api:"):
        prefix, (_, resolver), name = "/api/", resolver.namespace_dict["api"], name[4:]
    [(text, holes)] = resolver.reverse_dict.getlist(name)[0][0]
    return prefix + text, holes


def _parameters(name: str) -> list[str]:
    return _pattern(name)[1]


def address(name: str, job_id: int) -> str:
    values: dict[str, Any] = dict.fromkeys(_parameters(name), 0)
    return _pattern(name)[0] % (
        values
        | {
            "order": UUID(int=1),
            "file": UUID(int=1),
            "document": UUID(int=1),
            "name": "sim",
            "job_id": job_id,
            "work_order_id": job_id,
        }
    )


def ask(who: User | None, name: str, method: str, job_id: int) -> HttpResponse:
    """What the server answers; whatever it did is taken back."""
    with transaction.atomic():
        client = Client()
        if who is not None:
            client.force_login(who)
        answer = client.generic(method, address(name, job_id))
        transaction.set_rollback(True)
    return answer  # type: ignore[return-value]


def verdict(answer: HttpResponse) -> str:
    where = answer.headers.get("Location", "")
    if answer.status_code == 405:
        return "-"
    if answer.status_code == 401 or where.startswith("/entrar/?next="):
        return "sign in"
    if answer.status_code == 403:
        return "no" if b"accounts.permission.missing" in answer.content else "sign in"
    return "yes"


def asked(who: User, name: str, method: str, job: Job) -> str:
    found = verdict(ask(who, name, method, job.pk))
    if found == "no" and "job_id" in _parameters(name):
        Job.objects.filter(pk=job.pk).update(started_by=who.username)
        found = "own" if verdict(ask(who, name, method, job.pk)) == "yes" else "no"
        Job.objects.filter(pk=job.pk).update(started_by="somebody")
    if found == "no" and "work_order_id" in _parameters(name):
        WorkOrder.objects.filter(pk=job.pk).update(technician=who)
        found = "own" if verdict(ask(who, name, method, job.pk)) == "yes" else "no"
        WorkOrder.objects.filter(pk=job.pk).update(technician=None)
    return found


def test_every_role_may_what_the_table_says_and_nothing_else(job: Job, people: dict[str, User]) -> None:
    rows = []
    for name in sorted(pages()):
        for method in ("GET", "POST"):
            found = {role: asked(people[role], name, method, job) for role in Role.values}
            if set(found.values()) == {"-"}:
                continue
            rows.append(
                {"page": name, "method": method, "anonymous": verdict(ask(None, name, method, job.pk))}
                | found
            )
    written = io.StringIO()
    table = csv.DictWriter(written, COLUMNS, lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    if os.environ.get("ALTA_WRITE_PERMISSIONS"):
        FILE.write_text(written.getvalue())
    assert written.getvalue().splitlines() == FILE.read_text().splitlines()


def test_no_other_method_reaches_a_page(job: Job) -> None:
    everything = User.objects.create_superuser("everything")
    for name in pages():
        if name == "api:openapi-json":  # a document that reads nothing from the request
            continue
        for method in ("PUT", "PATCH", "DELETE", "TRACE"):
            assert ask(everything, name, method, job.pk).status_code == 405, (name, method)


def test_the_tables_name_every_address_and_no_other() -> None:
    assert sorted([*of_pages.TABLE, *of_api.TABLE]) == sorted(pages())


def test_the_tables_ask_only_for_permissions_that_exist() -> None:
    for table in (of_pages.TABLE, of_api.TABLE):
        for name, methods in table.items():
            for rule in methods.values():
                assert {rule.permission, rule.own} - {""} <= set(PERMISSIONS), name
    assert frozenset().union(*GRANTS.values()) == set(PERMISSIONS)
    assert set(GRANTS) == set(Role)


def test_a_page_without_an_entry_is_refused_even_to_who_may_everything(
    client: Client, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.force_login(User.objects.create_superuser("everything"))
    assert client.get("/productos/").status_code == 200
    monkeypatch.delitem(of_pages.TABLE, "products")  # type: ignore[arg-type]
    answer = client.get("/productos/")
    assert answer.status_code == 403
    assert 'data-code="accounts.permission.undeclared"' in answer.content.decode()
    monkeypatch.delitem(of_api.TABLE, "api:read_job")  # type: ignore[arg-type]
    answer = client.get("/api/jobs/1")
    assert (answer.status_code, answer.json()["code"]) == (403, "accounts.permission.undeclared")


def test_a_refused_page_says_which_permission_is_missing_and_who_gives_it(
    client: Client, now: datetime
) -> None:
    client.force_login(User.objects.get(username="almacen"))
    answer = client.get("/clientes/")
    assert answer.status_code == 403
    text = answer.content.decode()
    assert 'data-code="accounts.permission.missing"' in text
    assert (
        "Te falta el permiso para ver clientes (roles: Agente, Supervisor, Ingeniería, Administrador). "
        "Un administrador puede dártelo." in text
    )
    english = client.get("/clientes/", headers={"Accept-Language": "en"}).content.decode()
    assert (
        "You need the permission to see customers (roles: Agent, Supervisor, Engineer, Administrator)."
        in english
    )
    part = client.get("/clientes/", headers={"HX-Request": "true"})
    assert part.status_code == 403
    assert part.content.decode().lstrip().startswith('<div class="alert')


def test_a_programs_key_may_what_its_person_may(client: Client, job: Job, now: datetime) -> None:
    for name, status in (("agente", 200), ("almacen", 403)):
        key = create_api_key(User.objects.get(username=name), "test", now)
        answer = client.get(f"/api/jobs/{job.pk}", headers={"Authorization": f"Bearer {key}"})
        assert answer.status_code == status, name
    assert answer.json()["code"] == "accounts.permission.missing"
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_an_agent_undoes_what_they_assigned_and_nothing_else(client: Client, now: datetime, job: Job) -> None:
    client.force_login(User.objects.get(username="agente"))
    for action in ("cancelar", "deshacer"):
        answer = client.post(f"/trabajos/{job.pk}/{action}/")
        assert (answer.status_code, b"accounts.permission.missing" in answer.content) == (403, True)
    job.refresh_from_db()
    assert job.state == "queued"
    Job.objects.filter(pk=job.pk).update(started_by="agente")
    assert client.post(f"/trabajos/{job.pk}/cancelar/").status_code == 302
    job.refresh_from_db()
    assert job.state in ("cancelling", "cancelled")


BUTTONS = {
    "cancelar": {"supervisora"},
    "editar": {"ingeniera"},
    "reintentar": {"agente", "supervisora", "ingeniera"},
}


@pytest.mark.parametrize("name", ["agente", "supervisora", "ingeniera", "admin"])
def test_a_page_shows_only_the_buttons_that_its_reader_may_use(
    client: Client, now: datetime, job: Job, name: str
) -> None:
    Job.objects.filter(pk=job.pk).update(state="failed", error={"code": "x", "params": {}})
    client.force_login(User.objects.get(username=name))
    text = client.get(f"/trabajos/{job.pk}/").content.decode()
    shown = {button for button in BUTTONS if f"/trabajos/{job.pk}/{button}/" in text}
    assert shown == {button for button, who in BUTTONS.items() if name in who}


def test_several_roles_add_up_and_a_superuser_may_everything() -> None:
    both = rights(["stock_keeper", "administrator"])
    assert both == GRANTS[Role.STOCK_KEEPER] | GRANTS[Role.ADMINISTRATOR]
    assert rights([]) == frozenset()
    assert rights(["a role of a later version"]) == frozenset()
    assert rights([], superuser=True) == set(PERMISSIONS)


def test_who_started_something_is_only_asked_where_it_decides() -> None:
    rule = Rule("jobs.undo", own="jobs.undo_own")

    def unasked() -> str:
        raise AssertionError

    assert rule.allows(User(username="ana", roles=["supervisor"]), unasked)
    assert not rule.allows(User(username="ana", roles=["engineer"]), unasked)
    assert rule.allows(User(username="ana", roles=["agent"]), lambda: "ana")
    assert not rule.allows(User(username="ana", roles=["agent"]), lambda: "eva")
    assert not rule.allows(User(username="ana", roles=["agent"]), lambda: None)
