"""«Installation»: the day on which a technician comes, where the product asks for one. These functions are parts of the use
cases in `orders.services`, which hold the lock. The appointment is held in the order's own name."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from alta.catalog.rules import Installation
from alta.installations import booking
from alta.installations.calendar import Where, serves
from alta.installations.models import Appointment
from alta.installations.queries import appointment_of, facts_of, where
from alta.installations.refusals import DATE_NEEDED
from alta.installations.rules import AppointmentState
from alta.orders.models import Order
from alta.orders.queries import sold_products
from alta.orders.rules import Action
from alta.services.models import Service


def asked(order: Order) -> bool:
    """A technician comes for what is new, and to where a service moves."""
    comes = order.action in (Action.CREATE, Action.MOVE)
    return comes and any(one != Installation.NO for one in _wanted(order))


def needed(order: Order) -> bool:
    """Whether the date can't be left for later."""
    return Installation.NEEDED in _wanted(order)


def _wanted(order: Order) -> set[str]:
    """Of a bundle one technician comes for all of it."""
    return {one.installation for one in (*sold_products(order), order.product) if one is not None}


def place(order: Order) -> Where:
    """What is installed, and where it goes."""
    return where(order.product.service_type if order.product else "", order.site)


def is_complete(order: Order) -> bool:
    """Whether a day was chosen on which somebody comes to the site as it is now, or was left for later where it may be. A
    day whose hold has lapsed counts: confirming takes it again, if there is room."""
    chosen = appointment_of(order.uuid)
    if chosen is None:
        return False
    if chosen.state == AppointmentState.PENDING:
        return not needed(order)
    return chosen.slot is not None and serves(facts_of(chosen.slot), place(order))


def leave_for_later(order: Order) -> Appointment:
    if needed(order) and order.product is not None:
        raise DATE_NEEDED(product=order.product.name)
    return booking.agree_later(order.uuid)


def keep(order: Order, service: Service, *, actor: str, now: datetime) -> dict[str, Any]:
    """The order is confirmed: what was chosen is the service's. Gives it as playbooks read it."""
    if not asked(order):
        booking.release(order.uuid, actor=actor)
        return dict(booking.variables(None))
    kept = booking.keep(order.uuid, service.pk, place(order), actor=actor, now=now)
    return dict(booking.variables(kept))


def hand_over(order: Order, member: Order) -> None:
    """What was chosen for a bundle is its member's."""
    booking.hand_over(order.uuid, member.uuid)


def kept(order: Order) -> dict[str, Any]:
    """What was kept for this order before, as playbooks read it."""
    return dict(booking.variables(appointment_of(order.uuid)))
