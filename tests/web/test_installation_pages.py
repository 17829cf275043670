"""The screens of installations: what they show, what they refuse, and rubbish in every field."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.test import Client

from alta.accounts.models import User
from alta.installations import services
from alta.installations.models import Appointment, Conditions, Slot, SpecialDay, WorkOrder
from alta.orders import services as orders
from tests.house_of_data import draft_of_fibre, first_slot

pytestmark = pytest.mark.django_db
SETTINGS = "/instalaciones/calendario/cambios/"


@pytest.fixture
def admin(client: Client, now: datetime) -> Client:
    client.force_login(User.objects.get(username="admin"))
    return client


def work_order(now: datetime, modem: int = 1, *, dated: bool = True) -> WorkOrder:
    order = draft_of_fibre(now, modem)
    if dated:
        orders.choose_slot(order.uuid, *first_slot(now), now=now)
    else:
        orders.leave_slot_for_later(order.uuid)
    job = orders.confirm(order.uuid, actor="agente", now=now)
    assert job.service_id is not None
    return services.open_work_order(job.service_id, actor="a", now=now, job_id=job.pk)


def test_a_slot_is_added_changed_and_removed(admin: Client) -> None:
    Slot.objects.all().delete()
    empty = admin.get("/instalaciones/calendario/").content.decode()
    assert "Todavía no hay horarios" in empty
    hours = {
        "start": "08:00",
        "end": "10:30",
        "capacity": "2",
        "areas": "London, EC1",
        "service_type": "internet",
    }
    admin.post(SETTINGS, {"action": "add_slot", "weekday": ["0", "2"], **hours})
    assert list(Slot.objects.values_list("weekday", "capacity", "areas", "service_type")) == [
        (0, 2, ["London", "EC1"], "internet"),
        (2, 2, ["London", "EC1"], "internet"),
    ]
    slot = Slot.objects.first()
    assert slot is not None
    admin.post(SETTINGS, {"action": "change_slot", "slot": slot.pk, "weekday": "0", **hours, "capacity": "5"})
    slot.refresh_from_db()
    assert slot.capacity == 5
    admin.post(SETTINGS, {"action": "remove_slot", "slot": slot.pk})
    assert Slot.objects.count() == 1


def test_a_slot_with_bookings_is_only_offered_no_more(admin: Client, now: datetime) -> None:
    booked = work_order(now).appointment
    admin.post(SETTINGS, {"action": "remove_slot", "slot": booked.slot_id})
    assert Slot.objects.get(pk=booked.slot_id).active is False
    booked.refresh_from_db()
    assert booked.state == "confirmed"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"end": "07:00"}, "installations_slot_hours"),
        ({"end": "later"}, "escribe una hora"),
        ({"capacity": "0"}, "installations_slot_capacity"),
        ({"capacity": "-1"}, "escribe un número entero"),
        ({"service_type": "fax"}, "fax"),
        ({"weekday": []}, "día de la semana"),
        ({"weekday": ["9", "x", ""]}, "día de la semana"),
        ({"areas": "x" * 200}, "zonas"),
    ],
)
def test_a_slot_that_makes_no_sense_is_refused_and_nothing_changes(
    admin: Client, change: dict[str, object], words: str
) -> None:
    before = list(Slot.objects.values())
    given = {"action": "add_slot", "weekday": ["0"], "start": "08:00", "end": "10:00", "capacity": "2"}
    answer = admin.post(SETTINGS, {**given, **change})
    assert answer.status_code == 422
    text = answer.content.decode()
    assert 'data-code="installation.slot_invalid"' in text
    if not words.startswith("installations_"):
        assert words in text
    assert list(Slot.objects.values()) == before


def test_special_days_and_conditions_are_kept(admin: Client) -> None:
    far = datetime.now().date() + timedelta(days=400)
    admin.post(SETTINGS, {"action": "set_day", "day": far, "like": "", "reason": "Feriado"})
    assert list(SpecialDay.objects.values_list("date", "like", "reason")) == [(far, None, "Feriado")]
    admin.post(SETTINGS, {"action": "set_day", "day": far, "like": "5", "reason": ""})
    assert SpecialDay.objects.get().like == 5
    admin.post(SETTINGS, {"action": "remove_day", "day": far})
    assert not SpecialDay.objects.exists()
    values = {
        "lead_days": "0",
        "cut_off": "13:30",
        "horizon_days": "30",
        "hold_minutes": "20",
        "remind_from": "09:00",
    }
    for days in ("0", "2"):
        admin.post(SETTINGS, {"action": "conditions", **values, "lead_days": days})
    kept = Conditions.objects.get()
    assert (kept.lead_days, kept.horizon_days, f"{kept.cut_off:%H:%M}") == (2, 30, "13:30")
    answer = admin.post(SETTINGS, {"action": "conditions", **values, "horizon_days": "999"})
    assert answer.status_code == 422
    for day, code in (("2020-01-01", "special_day_past"), ("mañana", "day_invalid")):
        answer = admin.post(SETTINGS, {"action": "set_day", "day": day})
        assert f'data-code="installation.{code}"' in answer.content.decode()
    assert not SpecialDay.objects.exists()


def test_the_list_filters_by_day_state_and_technician(agent: Client, now: datetime) -> None:
    dated, undated = work_order(now), work_order(now, 2, dated=False)

    def shown(query: str) -> set[int]:
        text = agent.get(f"/instalaciones/?{query}").content.decode()
        return {one.pk for one in (dated, undated) if f"/instalaciones/{one.pk}/" in text}

    both = {dated.pk, undated.pk}
    technician = User.objects.get(username="tecnico")
    assert shown("") == both
    assert shown("cuando=sin-fecha") == {undated.pk}
    assert shown("tecnico=nadie") == both
    services.assign(dated.pk, technician.pk, actor="a", now=now)
    assert shown(f"tecnico={technician.pk}") == {dated.pk}
    assert shown("estado=planned") == {undated.pk}
    assert shown("estado=completed") == set()
    assert shown("cuando=zz&estado=zz&tecnico=%00&pagina=zz") == both
    services.cancel(undated.pk, "x", actor="a", now=now)
    assert shown("") == {dated.pk}


def test_what_was_agreed_and_nobody_told_a_technician_about_is_seen_and_opened(
    agent: Client, now: datetime
) -> None:
    order = draft_of_fibre(now, 1)
    orders.choose_slot(order.uuid, *first_slot(now), now=now)
    orders.confirm(order.uuid, actor="agente", now=now)
    assert "ningún técnico lo sabe" in agent.get("/instalaciones/").content.decode()
    agreed = Appointment.objects.get(holder=order.uuid)
    answer = agent.post(f"/instalaciones/citas/{agreed.pk}/")
    assert answer.headers["Location"] == f"/instalaciones/{WorkOrder.objects.get().pk}/"
    assert "ningún técnico lo sabe" not in agent.get("/instalaciones/").content.decode()


def test_a_refused_move_says_why_and_keeps_what_was_typed(agent: Client, now: datetime) -> None:
    found = work_order(now)
    services.assign(found.pk, User.objects.get(username="tecnico").pk, actor="a", now=now)
    services.start(found.pk, actor="a", now=now)
    answer = agent.post(f"/instalaciones/{found.pk}/visita/", {"move": "complete", "done": ""})
    assert answer.status_code == 422
    assert 'data-code="installation.done_missing"' in answer.content.decode()
    answer = agent.post(f"/instalaciones/{found.pk}/visita/", {"move": "hold", "obstacle": "rain"})
    assert 'data-code="installation.reason_missing"' in answer.content.decode()
    answer = agent.post(f"/instalaciones/{found.pk}/cambios/", {"move": "reopen"})
    assert (answer.status_code, "no lo permite" in answer.content.decode()) == (409, True)


def test_another_day_is_chosen_for_a_work_order_and_rubbish_is_refused(agent: Client, now: datetime) -> None:
    found = work_order(now, dated=False)
    address = f"/instalaciones/{found.pk}/fecha/"
    for rubbish in ("", "x", "1", "1:zz", "٣:2026-11-30", "999999999:2026-11-30"):
        answer = agent.post(address, {"slot": rubbish})
        assert answer.status_code in (404, 422), rubbish
        assert 'role="alert"' in answer.content.decode()
    soon = datetime.now().date() + timedelta(days=7)
    slot = Slot.objects.filter(weekday=soon.weekday() if soon.weekday() < 6 else 0).first()
    assert slot is not None
    day = soon if soon.weekday() < 6 else soon + timedelta(days=1)
    answer = agent.post(address, {"slot": f"{slot.pk}:{day}"})
    assert answer.headers["Location"] == f"/instalaciones/{found.pk}/"
    found.refresh_from_db()
    assert found.appointment.day == day


def test_the_technician_begins_with_their_own_and_may_take_what_nobody_has(
    client: Client, now: datetime
) -> None:
    found = work_order(now)
    technician = User.objects.get(username="tecnico")
    client.force_login(technician)
    assert f"/instalaciones/{found.pk}/" not in client.get("/instalaciones/").content.decode()
    page = client.get(f"/instalaciones/{found.pk}/").content.decode()
    assert f"/instalaciones/{found.pk}/tomar/" in page
    assert f"/instalaciones/{found.pk}/fecha/" not in page
    client.post(f"/instalaciones/{found.pk}/tomar/")
    assert f"/instalaciones/{found.pk}/" in client.get("/instalaciones/").content.decode()
    other = User.objects.create_user("tecnica", roles=["technician"])
    client.force_login(other)
    answer = client.post(f"/instalaciones/{found.pk}/tomar/")
    assert 'data-code="installation.taken"' in answer.content.decode()
    assert client.post(f"/instalaciones/{found.pk}/visita/", {"move": "start"}).status_code == 403


def test_a_week_of_rubbish_is_the_first_week(agent: Client, now: datetime) -> None:
    order = draft_of_fibre(now, 1)
    for week in ("zz", "9999-12-31", "0001-01-01", "%00"):
        answer = agent.get(f"/asignar/{order.uuid}/instalacion/?semana={week}")
        assert answer.status_code == 200, week
    for week in ("9999-12-31", "0001-01-01"):
        assert agent.get(f"/instalaciones/ocupacion/?semana={week}").status_code == 200, week
