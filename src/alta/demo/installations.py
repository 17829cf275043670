"""The demo's calendar: when its technicians go out."""

from __future__ import annotations

from datetime import time

from alta.installations.models import Slot
from alta.installations.planning import SlotSpec, add_slots

WORKDAYS, SATURDAY = [0, 1, 2, 3, 4], [5]


def add(*, actor: str) -> None:
    """Where nobody has set up a calendar yet."""
    if Slot.objects.exists():
        return
    add_slots(WORKDAYS, SlotSpec(0, time(9), time(12), 3), actor=actor)
    add_slots(WORKDAYS, SlotSpec(0, time(14), time(17), 3), actor=actor)
    add_slots(SATURDAY, SlotSpec(0, time(9), time(13), 1, areas=("London", "EC", "SE")), actor=actor)
