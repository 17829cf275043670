"""«Installation» in an assignment."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from alta.installations import queries as calendar
from alta.orders import services as orders
from alta.orders import visit
from alta.orders.queries import order_by_uuid
from alta.orders.rules import Step
from alta.refusal import Refusal
from alta.web import slots
from alta.web.views.assign_steps import go_on, past_draft, step_page


@require_http_methods(["GET", "HEAD", "POST"])
def installation(request: HttpRequest, order: UUID) -> HttpResponse:
    """The day on which a technician comes: a week to choose from; what is chosen is held at once."""
    refusal = None
    if request.method == "POST":
        try:
            if "later" in request.POST:
                orders.leave_slot_for_later(order)
                return go_on(order_by_uuid(order))
            slot, day = slots.chosen(request)
            orders.choose_slot(order, slot, day, now=timezone.now())
            return slots.week_of(day, "assign_installation", order=order)
        except Refusal as error:
            refusal = error
    found = order_by_uuid(order)
    if past := past_draft(found):
        return past
    if not visit.asked(found):
        return go_on(found)
    place = visit.place(found)
    page = step_page(
        request,
        found,
        Step.INSTALLATION,
        week=calendar.week(slots.wanted_day(request), place, timezone.now(), holder=found.uuid),
        appointment=calendar.appointment_of(found.uuid),
        needed=visit.needed(found),
        refusal=refusal,
    )
    page.status_code = refusal.kind.status if refusal else 200
    return page
