"""The lives of an appointment (states of TMF646) and of a work order (TMF697), as data. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

HOLD_MINUTES = 15  # unless the operator sets another


class AppointmentState(TextChoices):
    """`initialized` keeps a place in a slot for a while; `pending` has no day yet."""

    PENDING = "pending", pgettext_lazy("appointment", "To be agreed")
    INITIALIZED = "initialized", pgettext_lazy("appointment", "Held")
    CONFIRMED = "confirmed", pgettext_lazy("appointment", "Confirmed")
    CANCELLED = "cancelled", pgettext_lazy("appointment", "Cancelled")


class State(TextChoices):
    """`held` is a visit that did not come about: a new day has to be agreed."""

    PLANNED = "planned", pgettext_lazy("work order", "Planned")
    ASSIGNED = "assigned", pgettext_lazy("work order", "With technician")
    IN_PROGRESS = "inProgress", pgettext_lazy("work order", "In progress")
    HELD = "held", pgettext_lazy("work order", "Needs a new date")
    COMPLETED = "completed", pgettext_lazy("work order", "Completed")
    CANCELLED = "cancelled", pgettext_lazy("work order", "Cancelled")


class Move(TextChoices):
    """What can happen to a work order."""

    ASSIGN = "assign", _("Assign technician")
    UNASSIGN = "unassign", _("Take off technician")
    RESCHEDULE = "reschedule", _("Change date")
    START = "start", _("Begin installation")
    COMPLETE = "complete", _("Complete")
    HOLD = "hold", _("Not possible")
    CANCEL = "cancel", _("Cancel work order")
    REOPEN = "reopen", _("Open again")


class Obstacle(TextChoices):
    """Why a visit did not come about."""

    NO_SHOW = "no_show", _("Nobody at home")
    ACCESS_REFUSED = "access_refused", _("Access refused")
    NOT_FEASIBLE = "not_feasible", _("Can't be installed as it is")
    CUSTOMER_CALLED = "customer_called", _("The customer asked for another day")


S = State
# Who was given a technician keeps them over a new date.
WITH_A_DATE = frozenset({S.PLANNED, S.ASSIGNED})
TRANSITIONS: dict[Move, dict[State, frozenset[State]]] = {
    Move.ASSIGN: {
        S.PLANNED: frozenset({S.ASSIGNED}),
        S.ASSIGNED: frozenset({S.ASSIGNED}),
        S.HELD: frozenset({S.HELD}),
    },
    Move.UNASSIGN: {S.ASSIGNED: frozenset({S.PLANNED})},
    Move.RESCHEDULE: {S.PLANNED: WITH_A_DATE, S.ASSIGNED: WITH_A_DATE, S.HELD: WITH_A_DATE},
    Move.START: {S.ASSIGNED: frozenset({S.IN_PROGRESS})},
    Move.COMPLETE: {S.IN_PROGRESS: frozenset({S.COMPLETED})},
    Move.HOLD: {S.ASSIGNED: frozenset({S.HELD}), S.IN_PROGRESS: frozenset({S.HELD})},
    Move.CANCEL: {
        S.PLANNED: frozenset({S.CANCELLED}),
        S.ASSIGNED: frozenset({S.CANCELLED}),
        S.IN_PROGRESS: frozenset({S.CANCELLED}),
        S.HELD: frozenset({S.CANCELLED}),
    },
    Move.REOPEN: {S.CANCELLED: frozenset({S.PLANNED})},
}
OPEN = frozenset({S.PLANNED, S.ASSIGNED, S.IN_PROGRESS, S.HELD})


def allowed(move: Move, source: str, target: str) -> bool:
    return State(target) in TRANSITIONS[move].get(State(source), frozenset())


def moves_from(state: str) -> list[Move]:
    """What may happen to a work order in this state, for buttons and documentation."""
    return [move for move, table in TRANSITIONS.items() if State(state) in table]


def same_serial(typed: str, known: Collection[str]) -> bool:
    """Whether what was scanned is one of an item's numbers; separators and case apart."""
    return bool(_bare(typed)) and _bare(typed) in {_bare(one) for one in known}


def _bare(text: str) -> str:
    return re.sub(r"[\s:.\-_/]", "", text).upper()
