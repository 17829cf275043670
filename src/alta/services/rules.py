"""The life of a service, as data. State names are TM Forum's (TMF638, with `suspended` from version 5)."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class State(TextChoices):
    RESERVED = "reserved", _("In preparation")
    ACTIVE = "active", _("Active")
    SUSPENDED = "suspended", _("Suspended")
    INACTIVE = "inactive", _("Inactive")
    TERMINATED = "terminated", _("Terminated")


TRANSITIONS: dict[State, frozenset[State]] = {
    State.RESERVED: frozenset({State.ACTIVE, State.INACTIVE, State.TERMINATED}),
    State.ACTIVE: frozenset({State.SUSPENDED, State.INACTIVE, State.TERMINATED}),
    State.SUSPENDED: frozenset({State.ACTIVE, State.INACTIVE, State.TERMINATED}),
    State.INACTIVE: frozenset({State.ACTIVE, State.TERMINATED}),
    State.TERMINATED: frozenset(),
}


def may_become(before: str, after: str) -> bool:
    return State(after) in TRANSITIONS[State(before)]
