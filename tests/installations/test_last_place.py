"""Thirty agents and the last place of a slot."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection

from alta.installations import booking
from alta.installations.models import Appointment, Slot
from alta.refusal import Refusal
from tests.installations.conftest import MONDAY, NOW, slot
from tests.installations.test_booking import HERE

AGENTS, PLACES, ROUNDS = 30, 2, 8


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("lapsed", [False, True], ids=["free places", "places of lapsed holds"])
def test_as_many_get_a_place_as_there_are_and_everybody_else_is_told(lapsed: bool) -> None:
    wanted = slot(capacity=PLACES)
    for round_number in range(ROUNDS):
        Appointment.objects.all().delete()
        now = NOW
        if lapsed:
            for _ in range(PLACES):
                booking.hold(uuid4(), wanted.pk, MONDAY, HERE, now=NOW)
            now = NOW + timedelta(minutes=15)
        outcomes = _all_at_once(wanted, now)
        assert outcomes == Counter({"held": PLACES, "installation.slot_full": AGENTS - PLACES}), round_number
        taken = Appointment.objects.filter(place__isnull=False).order_by("place")
        assert [one.place for one in taken] == [1, 2]
        assert all(one.held_until and one.held_until > now for one in taken)


def _all_at_once(wanted: Slot, now: datetime) -> Counter[str]:
    gate = threading.Barrier(AGENTS)
    outcomes: Counter[str] = Counter()
    lock = threading.Lock()

    def agent() -> None:
        try:
            connection.ensure_connection()
            gate.wait(30)
            booking.hold(uuid4(), wanted.pk, MONDAY, HERE, now=now)
            outcome = "held"
        except Refusal as refusal:
            outcome = refusal.code
        except Exception as error:
            outcome = repr(error)
        finally:
            connection.close()
        with lock:
            outcomes[outcome] += 1

    threads = [threading.Thread(target=agent) for _ in range(AGENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return outcomes
