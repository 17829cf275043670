"""What a piece of stock may do next. Pure: the clock is handed in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

RESERVATION_MINUTES = 15
QUARANTINE = timedelta(days=30)


class Kind(TextChoices):
    PHYSICAL = "physical", _("Physical")
    VIRTUAL = "virtual", _("Virtual")


class State(TextChoices):
    NEW = "new", pgettext_lazy("inventory item", "New")
    IN_STOCK = "in_stock", _("In stock")
    RESERVED = "reserved", _("Reserved")
    ASSIGNED = "assigned", _("Assigned")
    QUARANTINED = "quarantined", _("Quarantined")
    RETIRED = "retired", _("Retired")


class Move(TextChoices):
    """What can happen to an item."""

    STOCK = "stock", _("Put in stock")
    RESERVE = "reserve", _("Reserve")
    RELEASE = "release", _("Release")
    ASSIGN = "assign", _("Assign")
    GIVE_BACK = "give_back", _("Give back unused")
    RETURN = "return", _("Return after use")
    REINSTATE = "reinstate", _("Give back to its holder")
    RETIRE = "retire", _("Retire")


FREE = frozenset({State.NEW, State.IN_STOCK})
HELD = frozenset({State.RESERVED, State.ASSIGNED})
MOVABLE = FREE | {State.QUARANTINED}  # what is on a shelf of ours, so that somebody can carry it to another

# The life of an item. RELEASE and GIVE_BACK go back to the free state that the item came from.
TRANSITIONS: dict[Move, dict[State, frozenset[State]]] = {
    Move.STOCK: {State.NEW: frozenset({State.IN_STOCK}), State.QUARANTINED: frozenset({State.IN_STOCK})},
    Move.RESERVE: {
        State.NEW: frozenset({State.RESERVED}),
        State.IN_STOCK: frozenset({State.RESERVED}),
        State.RESERVED: frozenset({State.RESERVED}),
    },
    Move.RELEASE: {State.RESERVED: FREE},
    Move.ASSIGN: {
        State.NEW: frozenset({State.ASSIGNED}),
        State.IN_STOCK: frozenset({State.ASSIGNED}),
        State.RESERVED: frozenset({State.ASSIGNED}),
    },
    Move.GIVE_BACK: {State.ASSIGNED: FREE},
    Move.RETURN: {State.ASSIGNED: frozenset({State.IN_STOCK, State.QUARANTINED, State.RETIRED})},
    # Undoing a return: the one who had it has it again.
    Move.REINSTATE: {
        State.IN_STOCK: frozenset({State.ASSIGNED}),
        State.QUARANTINED: frozenset({State.ASSIGNED}),
    },
    Move.RETIRE: {
        State.NEW: frozenset({State.RETIRED}),
        State.IN_STOCK: frozenset({State.RETIRED}),
        State.QUARANTINED: frozenset({State.RETIRED}),
    },
}


@dataclass(frozen=True)
class Holding:
    """Who has an item, and until when."""

    state: State
    holder: UUID | None
    held_until: datetime | None

    def lapsed(self, now: datetime) -> bool:
        """A reservation whose time has run out: anybody may take the item."""
        return self.state == State.RESERVED and self.held_until is not None and self.held_until <= now

    def free(self, now: datetime) -> bool:
        return self.state in FREE or self.lapsed(now)


def allowed(move: Move, source: State, target: State) -> bool:
    return target in TRANSITIONS[move].get(source, frozenset())


def moves_from(state: State) -> list[Move]:
    """What may happen to an item in this state, for buttons and documentation."""
    return [move for move, table in TRANSITIONS.items() if state in table]


def state_after_use(kind: str, after_use: str) -> State:
    """Where a used item goes: as its template says, else numbers rest and equipment goes back in stock."""
    if after_use:
        return State(after_use)
    return State.QUARANTINED if kind == Kind.VIRTUAL else State.IN_STOCK


def first_state(kind: str) -> State:
    """How an item begins: equipment is new, a number is just there."""
    return State.IN_STOCK if kind == Kind.VIRTUAL else State.NEW


class Shortage(TextChoices):
    """Why there is nothing to choose from, in words for whoever looks for it."""

    NEVER = "never", _("There has never been one in stock.")
    ELSEWHERE = "elsewhere", _("There are none in this location, but there are in others.")
    ASSIGNED = "assigned", _("All are assigned.")
    BUSY = "busy", _("None is free at the moment.")


def why_none(counts: Mapping[str, int]) -> Shortage:
    """Why nothing can be chosen, from the number of items in each state. Free ones must be elsewhere."""
    if not any(counts.values()):
        return Shortage.NEVER
    if any(counts.get(state) for state in FREE):
        return Shortage.ELSEWHERE
    left = {state for state, count in counts.items() if count} - {State.RETIRED.value}
    return Shortage.ASSIGNED if left <= {State.ASSIGNED.value} else Shortage.BUSY


def is_low(free: int, low_stock: int | None) -> bool:
    """Whether somebody should order more."""
    return low_stock is not None and free <= low_stock


def reserved_until(now: datetime, minutes: int) -> datetime:
    return now + timedelta(minutes=minutes)


def abbreviated(value: str) -> str:
    """8944...0001: enough of a long identifier to recognise it."""
    return value if len(value) <= 12 else f"{value[:4]}...{value[-4:]}"
