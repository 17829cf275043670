"""The settings of the house."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from alta.accounts.models import ApiKey, User
from alta.accounts.permissions import Role
from alta.accounts.services import create_api_key, user_of_api_key
from alta.customers.customfields import fields_of_customer, fields_of_order
from alta.customers.models import CustomField
from alta.refusal import Refusal
from alta.renewals.queries import current_plan
from alta.renewals.rules import Plan
from alta.web.drawing import columns, timeline

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client: Client, now: datetime) -> Client:
    client.force_login(User.objects.get(username="admin"))
    return client


def text(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status
    return str(answer.content.decode())


def test_the_start_of_the_settings_links_what_the_person_may_change(admin: Client) -> None:
    page = text(admin, "/ajustes/")
    for address in ("/ajustes/campos/", "/ajustes/renovaciones/", "/ajustes/claves/", "/productos/tipos/"):
        assert f'href="{address}"' in page
    assert "/ajustes/" in text(admin, "/")
    admin.force_login(User.objects.get(username="agente"))
    assert admin.get("/ajustes/").status_code == 403
    assert "/ajustes/" not in text(admin, "/")


# --- custom fields

FIELD = {
    "subject": "order",
    "label_es": "Número de Orden de Compra",
    "label_en": "Purchase order",
    "type": "text",
    "pattern": "PO-[0-9]{4}-[0-9]{6}",
    "example": "PO-2025-001234",
    "help_es": "La da el cliente",
    "customer_kind": "business",
    "required": "on",
}


def test_a_field_is_made_named_after_its_label_and_asked_for(admin: Client) -> None:
    CustomField.objects.all().delete()
    assert admin.post("/ajustes/campos/nuevo/", FIELD).headers["Location"] == "/ajustes/campos/"
    row = CustomField.objects.get()
    assert (row.key, row.required, row.position) == ("numero_de_orden_de_compra", True, 0)
    [asked] = fields_of_order("business", "mobile-20gb")
    assert (asked.label, asked.help) == ("Número de Orden de Compra", "La da el cliente")
    assert fields_of_order("individual", "mobile-20gb") == []
    again = admin.post("/ajustes/campos/nuevo/", FIELD)
    assert again.status_code == 409 and 'data-code="customer.field.exists"' in again.content.decode()
    assert CustomField.objects.count() == 1


def test_a_preview_shows_the_field_and_saves_nothing(admin: Client) -> None:
    before = CustomField.objects.count()
    page = admin.post(
        "/ajustes/campos/nuevo/",
        FIELD | {"type": "choice", "choices": "Norte\nSur", "key": "zone", "preview": "yes"},
    ).content.decode()
    assert 'id="custom_zone"' in page and '<option value="Sur">' in page and "La da el cliente" in page
    assert CustomField.objects.count() == before


@pytest.mark.parametrize(
    "wrong",
    [{"pattern": "[0-9"}, {"example": "PO-1"}, {"type": "choice"}, {"label_es": "¡!", "label_en": ""}],
)
def test_a_field_that_cannot_be_is_refused_and_what_was_typed_stays(
    admin: Client, wrong: dict[str, str]
) -> None:
    before = CustomField.objects.count()
    answer = admin.post("/ajustes/campos/nuevo/", FIELD | wrong)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert 'data-code="customer.field.definition"' in page
    assert "PO-2025-001234" in page or "PO-1" in page
    assert CustomField.objects.count() == before


def test_fields_change_places_and_are_asked_for_no_more(admin: Client) -> None:
    CustomField.objects.all().delete()
    for name in ("Uno", "Dos", "Tres"):
        admin.post("/ajustes/campos/nuevo/", {"subject": "customer", "label_es": name, "type": "text"})
    one, two, three = CustomField.objects.order_by("position")

    def labels() -> list[str]:
        return [field.label for field in fields_of_customer("business")]

    admin.post(f"/ajustes/campos/{three.pk}/cambios/", {"action": "up"})
    assert labels() == ["Uno", "Tres", "Dos"]
    admin.post(f"/ajustes/campos/{one.pk}/cambios/", {"action": "up"})
    admin.post(f"/ajustes/campos/{two.pk}/cambios/", {"action": "down"})
    assert labels() == ["Uno", "Tres", "Dos"]
    admin.post(f"/ajustes/campos/{one.pk}/cambios/", {"action": "off"})
    assert labels() == ["Tres", "Dos"]
    assert "no se pide" in text(admin, "/ajustes/campos/")
    admin.post(f"/ajustes/campos/{one.pk}/cambios/", {"action": "on"})
    assert "Uno" in labels()
    assert admin.post("/ajustes/campos/0/cambios/", {"action": "on"}).status_code == 404


def test_a_field_that_is_there_keeps_its_name_and_its_place(admin: Client) -> None:
    row = CustomField.objects.filter(subject="order").order_by("-position").first()
    assert row is not None
    changed = {"label_es": "Otro nombre", "type": row.type, "key": "other", "subject": "customer"}
    assert admin.post(f"/ajustes/campos/{row.pk}/", changed).status_code == 302
    after = CustomField.objects.get(pk=row.pk)
    assert (after.key, after.subject, after.position) == (row.key, row.subject, row.position)
    assert (after.label_es, after.label_en) == ("Otro nombre", "Otro nombre")


# --- renewals


def test_the_schedule_is_changed_and_said_in_words_and_in_a_drawing(admin: Client) -> None:
    page = text(admin, "/ajustes/renovaciones/")
    assert "los días 1, 3, 5" in page and "<svg" in page
    given = {"retry_days": "2, 6", "end_day": "20", "notice_days": "5"}
    assert admin.post("/ajustes/renovaciones/", given).status_code == 302
    assert current_plan() == Plan((2, 6), 20, 5)
    page = text(admin, "/ajustes/renovaciones/")
    assert "los días 2, 6" in page and "el día 20" in page


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"retry_days": "3, 1"}, "renewal.days"),
        ({"retry_days": "x"}, "renewal.days_malformed"),
        ({"end_day": "4"}, "renewal.days"),
        ({"end_day": ""}, "renewal.days_malformed"),
        ({"end_day": "366"}, "renewal.days_too_far"),
        ({"notice_days": "-1"}, "renewal.days_malformed"),
    ],
)
def test_days_that_cannot_be_are_refused(admin: Client, given: dict[str, str], code: str) -> None:
    answer = admin.post(
        "/ajustes/renovaciones/", {"retry_days": "1, 5", "end_day": "20", "notice_days": "5"} | given
    )
    assert answer.status_code == 422
    assert f'data-code="{code}"' in answer.content.decode()
    assert current_plan() == Plan()


def test_the_line_of_days_is_in_order_and_within_the_drawing() -> None:
    marks = timeline(Plan((1, 3, 5), 30, 7))
    assert [(mark.day, mark.kind) for mark in marks] == [
        (-7, "notice"),
        (0, "term"),
        (1, "retry"),
        (3, "retry"),
        (5, "suspension"),
        (30, "end"),
    ]
    assert [mark.x for mark in marks] == sorted(mark.x for mark in marks)
    assert (marks[0].x, marks[-1].x) == (40, 600)
    assert [mark.kind for mark in timeline(Plan((), 30, 0))] == ["notice", "suspension", "end"]


def test_columns_are_as_high_as_the_fullest_day_needs() -> None:
    day = datetime(2026, 1, 1).date()
    full, half, none = columns([(day, 3, 1), (day, 2, 0), (day, 0, 0)])
    assert full.good_height + full.bad_height == pytest.approx(94)
    assert half.good_height == pytest.approx(47)
    assert (none.good_height, none.bad_height) == (0, 0)


# --- keys of programs


def key_form(**given: object) -> dict[str, object]:
    return {"name": "ERP", "days": "30", "person": str(User.objects.get(username="agente").pk)} | given


def test_a_key_is_shown_once_and_works_until_it_is_revoked(admin: Client) -> None:
    page = admin.post("/ajustes/claves/", key_form())
    key = page.content.decode().split('<code id="secret">')[1].split("<")[0]
    assert key.startswith("alta_") and "no-store" in page.headers["Cache-Control"]
    assert key not in text(admin, "/ajustes/claves/")
    row = ApiKey.objects.get()
    assert (row.user.username, row.scopes, key.encode() in bytes(row.digest)) == ("agente", [], False)
    now = timezone.now()
    assert user_of_api_key(key, now) == User.objects.get(username="agente")
    assert user_of_api_key(key, now + timedelta(days=31)) is None
    assert admin.post(f"/ajustes/claves/{row.pk}/revocar/").status_code == 302
    assert user_of_api_key(key, now) is None
    assert "revocada" in text(admin, "/ajustes/claves/")
    assert admin.post("/ajustes/claves/0/revocar/").status_code == 404


def test_a_key_may_no_more_than_its_scopes_and_no_more_than_its_person(now: datetime) -> None:
    agent = User.objects.get(username="agente")
    key = create_api_key(agent, "x", now, scopes=["customers.view", "users.manage"])
    user = user_of_api_key(key, now)
    assert user is not None and user.rights == {"customers.view"}
    whole = user_of_api_key(create_api_key(agent, "x", now), now)
    assert whole is not None and whole.rights == agent.rights


def test_the_programming_interface_asks_the_scopes(client: Client, now: datetime) -> None:
    agent = User.objects.get(username="agente")
    for scopes, status in ((["jobs.view"], 404), (["customers.view"], 403)):
        key = create_api_key(agent, "x", now, scopes=scopes)
        answer = client.get("/api/jobs/999999", headers={"Authorization": f"Bearer {key}"})
        assert answer.status_code == status, scopes


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"name": " "}, "accounts.key.name"),
        ({"days": "0"}, "accounts.key.days"),
        ({"days": "forever"}, "accounts.key.days"),
        ({"days": "9999"}, "accounts.key.days"),
        ({"scope": ["everything"]}, "accounts.key.scope"),
        ({"person": "0"}, "accounts.user.not_found"),
    ],
)
def test_a_key_that_cannot_be_is_refused(admin: Client, given: dict[str, object], code: str) -> None:
    answer = admin.post("/ajustes/claves/", key_form(**given))
    assert answer.status_code in (404, 422)
    assert f'data-code="{code}"' in answer.content.decode()
    assert not ApiKey.objects.exists()


def test_who_does_not_administer_people_makes_keys_only_for_themselves(
    admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from alta.accounts import permissions

    narrow = {**permissions.GRANTS, Role.ADMINISTRATOR: frozenset({"settings.edit"})}
    monkeypatch.setattr(permissions, "GRANTS", narrow)
    User.objects.filter(username="admin").update(is_superuser=False, roles=[Role.ADMINISTRATOR])
    answer = admin.post("/ajustes/claves/", key_form())
    assert answer.status_code == 403
    assert 'data-code="accounts.key.for_others"' in answer.content.decode()
    assert not ApiKey.objects.exists()
    own = str(User.objects.get(username="admin").pk)
    assert admin.post("/ajustes/claves/", key_form(person=own)).status_code == 200
    assert ApiKey.objects.count() == 1


def test_nobody_but_a_superuser_makes_a_key_of_a_superuser(now: datetime) -> None:
    from alta.accounts.services import create_api_key_for

    boss = User.objects.create_superuser("boss")
    clerk = User.objects.create_user("clerk", roles=[Role.ADMINISTRATOR])
    with pytest.raises(Refusal) as refused:
        create_api_key_for(boss.pk, "x", now, 30, scopes=[], by=clerk)
    assert refused.value.code == "accounts.key.for_others"
    assert not ApiKey.objects.exists()
