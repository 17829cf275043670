"""Installations: the list of work orders, a work order's page, and what people do with it."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from alta.installations import listing, queries, services
from alta.installations.equipment import equipment_of
from alta.installations.listing import NOBODY, Filters, When
from alta.installations.rules import Move, Obstacle, State, moves_from
from alta.refusal import Refusal
from alta.web import slots

PAGE = 50


@require_safe
def work_orders(request: HttpRequest) -> HttpResponse:
    """By date, with filters. A technician begins with their own."""
    rights: frozenset[str] = getattr(request.user, "rights", frozenset())
    begins_with = str(request.user.pk) if "installations.plan" not in rights else ""
    filters = Filters(
        when=request.GET.get("cuando", ""),
        state=request.GET.get("estado", ""),
        technician=request.GET.get("tecnico", begins_with),
    )
    now = timezone.now()
    page = Paginator(listing.work_orders(filters, now), PAGE).get_page(request.GET.get("pagina"))
    context = {
        "page": page,
        "filters": filters,
        "whens": When.choices,
        "states": State.choices,
        "technicians": listing.technicians(),
        "nobody": NOBODY,
        "now": now,
        "orphans": listing.without_work_order() if "installations.plan" in rights else [],
    }
    return render(request, "web/installations.html", context)


@require_safe
def work_order(request: HttpRequest, work_order_id: int) -> HttpResponse:
    return _page(request, work_order_id)


def _page(request: HttpRequest, work_order_id: int, refusal: Refusal | None = None) -> HttpResponse:
    found = listing.work_order_by_id(work_order_id)
    moves = moves_from(found.state)
    customer = found.service.customer
    equipment = [(item, request.POST.get(f"serial-{item.pk}", "")) for item in equipment_of(found)]
    context: dict[str, Any] = {
        "work_order": found,
        "equipment": equipment,
        "phones": customer.phones.all(),
        "changes": found.changes.all(),
        "technicians": listing.technicians() if Move.ASSIGN in moves else [],
        "obstacles": Obstacle.choices,
        "can": {move.value: True for move in moves},
        "refusal": refusal,
        "typed": request.POST,
        "now": timezone.now(),
    }
    return render(request, "web/work_order.html", context, status=refusal.kind.status if refusal else 200)


@require_POST
def change(request: HttpRequest, work_order_id: int) -> HttpResponse:
    """What whoever plans does: give it to somebody, cancel it, open it again."""
    who: dict[str, Any] = {"actor": request.user.get_username(), "now": timezone.now()}
    try:
        match request.POST.get("move"):
            case Move.ASSIGN:
                technician = request.POST.get("technician", "")
                known = technician.isascii() and technician.isdigit() and len(technician) < 10
                services.assign(work_order_id, int(technician) if known else 0, **who)
            case Move.UNASSIGN:
                services.assign(work_order_id, None, **who)
            case Move.CANCEL:
                services.cancel(work_order_id, request.POST.get("reason", ""), **who)
            case Move.REOPEN:
                services.reopen(work_order_id, **who)
    except Refusal as refusal:
        return _page(request, work_order_id, refusal)
    return redirect("work_order", work_order_id)


@require_POST
def work(request: HttpRequest, work_order_id: int) -> HttpResponse:
    """What the technician does on the spot."""
    who: dict[str, Any] = {"actor": request.user.get_username(), "now": timezone.now()}
    try:
        match request.POST.get("move"):
            case Move.START:
                services.start(work_order_id, **who)
            case Move.COMPLETE:
                services.complete(work_order_id, request.POST.get("done", ""), _serials(request), **who)
            case Move.HOLD:
                obstacle, reason = request.POST.get("obstacle", ""), request.POST.get("reason", "")
                services.hold_up(work_order_id, obstacle, reason, **who)
    except Refusal as refusal:
        return _page(request, work_order_id, refusal)
    return redirect("work_order", work_order_id)


def _serials(request: HttpRequest) -> dict[int, str]:
    return {
        int(name.removeprefix("serial-")): str(value)
        for name, value in request.POST.items()
        if name.startswith("serial-") and name[7:].isascii() and name[7:].isdigit() and len(name) < 26
    }


@require_POST
def take(request: HttpRequest, work_order_id: int) -> HttpResponse:
    """A technician takes a work order that nobody has."""
    try:
        services.take(
            work_order_id, request.user.pk or 0, actor=request.user.get_username(), now=timezone.now()
        )
    except Refusal as refusal:
        return _page(request, work_order_id, refusal)
    return redirect("work_order", work_order_id)


@require_http_methods(["GET", "HEAD", "POST"])
def reschedule(request: HttpRequest, work_order_id: int) -> HttpResponse:
    """Another day: the same week view as in an assignment, for whoever has spoken with the customer."""
    refusal = None
    if request.method == "POST":
        try:
            slot, day = slots.chosen(request)
            services.reschedule(
                work_order_id, slot, day, actor=request.user.get_username(), now=timezone.now()
            )
            return redirect("work_order", work_order_id)
        except Refusal as error:
            refusal = error
    found = listing.work_order_by_id(work_order_id)
    week = queries.week(
        _wanted(request, found.appointment.day),
        queries.where(found.service.service_type, found.site),
        timezone.now(),
        holder=found.appointment.holder,
        plans=True,
    )
    context = {
        "work_order": found,
        "week": week,
        "appointment": found.appointment,
        "allowed": Move.RESCHEDULE in moves_from(found.state),
        "refusal": refusal,
    }
    return render(
        request, "web/work_order_date.html", context, status=refusal.kind.status if refusal else 200
    )


def _wanted(request: HttpRequest, agreed: date | None) -> date | None:
    return slots.wanted_day(request) or agreed


@require_POST
def open_work_order(request: HttpRequest, appointment_id: int) -> HttpResponse:
    """For an agreed day that no playbook opened a work order for."""
    opened = services.open_for_appointment(
        appointment_id, actor=request.user.get_username(), now=timezone.now()
    )
    return redirect("work_order", opened.pk)
