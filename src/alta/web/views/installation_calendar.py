"""The calendar of installations: how full the days are, and its settings."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from alta.catalog.models import ServiceType
from alta.installations import planning, queries
from alta.installations.calendar import Day
from alta.installations.models import WEEKDAYS, Slot, SpecialDay
from alta.installations.planning import SlotSpec
from alta.installations.refusals import SLOT_INVALID
from alta.refusal import Refusal
from alta.services.services import operator_zone
from alta.web import slots
from alta.web.forms import lines

SHOWN_DAYS = 28
BAR, GAP, HEIGHT = 24, 6, 120  # of the chart, in its own units


@require_safe
def load(request: HttpRequest) -> HttpResponse:
    """Four weeks: places taken and places left of each day, as a chart and as a table."""
    now = timezone.now()
    first = slots.wanted_day(request) or queries.monday(now.astimezone(operator_zone()).date())
    dates = [first + timedelta(days=n) for n in range(SHOWN_DAYS)]
    days = queries.load_of(dates, now)
    context = {
        "days": [(day, _taken(day), _capacity(day)) for day in days],
        "bars": _bars(days),
        "width": SHOWN_DAYS * (BAR + GAP),
        "height": HEIGHT,
        "previous": first - timedelta(days=SHOWN_DAYS),
        "following": first + timedelta(days=SHOWN_DAYS),
        "any_slots": Slot.objects.filter(active=True).exists(),
    }
    return render(request, "web/installation_load.html", context)


def _capacity(day: Day) -> int:
    return sum(one.slot.capacity for one in day.offers)


def _taken(day: Day) -> int:
    return _capacity(day) - sum(one.free for one in day.offers)


def _bars(days: list[Day]) -> list[dict[str, Any]]:
    """The chart's bars: the whole is the day's capacity, the lower part what is taken."""
    most = max([_capacity(day) for day in days] + [1])
    return [
        {
            "x": n * (BAR + GAP),
            "width": BAR,
            "whole": round(_capacity(day) * HEIGHT / most),
            "whole_y": HEIGHT - round(_capacity(day) * HEIGHT / most),
            "part": round(_taken(day) * HEIGHT / most),
            "part_y": HEIGHT - round(_taken(day) * HEIGHT / most),
            "date": day.date,
            "middle": n * (BAR + GAP) + BAR // 2,
        }
        for n, day in enumerate(days)
    ]


@require_safe
def settings(request: HttpRequest) -> HttpResponse:
    return _settings(request)


def _settings(request: HttpRequest, refusal: Refusal | None = None) -> HttpResponse:
    today = timezone.now().astimezone(operator_zone()).date()
    context = {
        "slots": Slot.objects.filter(active=True),
        "special": SpecialDay.objects.filter(date__gte=today),
        "conditions": queries.conditions(),
        "weekdays": WEEKDAYS,
        "types": ServiceType.objects.all(),
        "names": {one.slug: one.name for one in ServiceType.objects.all()},
        "typed": request.POST,
        "refusal": refusal,
    }
    status = refusal.kind.status if refusal else 200
    return render(request, "web/installation_settings.html", context, status=status)


@require_POST
def change(request: HttpRequest) -> HttpResponse:
    """One of the page's forms. What was wrong is said above them."""
    actor = request.user.get_username()
    try:
        match request.POST.get("action"):
            case "add_slot":
                weekdays = [int(one) for one in request.POST.getlist("weekday") if one in "0123456" and one]
                planning.add_slots(weekdays, _spec(request, 0), actor=actor)
            case "change_slot":
                planning.change_slot(
                    _number(request, "slot", "slot"),
                    _spec(request, _number(request, "weekday", "weekday")),
                    actor=actor,
                )
            case "remove_slot":
                planning.remove_slot(_number(request, "slot", "slot"), actor=actor)
            case "set_day":
                like = request.POST.get("like", "")
                planning.save_special_day(
                    slots.read_day(request.POST.get("day", "")),
                    int(like) if like and like in "0123456" else None,
                    request.POST.get("reason", ""),
                    actor=actor,
                    now=timezone.now(),
                )
            case "remove_day":
                planning.remove_special_day(slots.read_day(request.POST.get("day", "")), actor=actor)
            case "conditions":
                planning.set_conditions(
                    _number(request, "lead_days", "lead_days"),
                    _time(request, "cut_off"),
                    _number(request, "horizon_days", "horizon_days"),
                    _number(request, "hold_minutes", "hold_minutes"),
                    _time(request, "remind_from"),
                    actor=actor,
                )
    except Refusal as refusal:
        return _settings(request, refusal)
    messages.success(request, _("Saved."))
    return redirect("installation_settings")


def _spec(request: HttpRequest, weekday: int) -> SlotSpec:
    return SlotSpec(
        weekday=weekday,
        start=_time(request, "start"),
        end=_time(request, "end"),
        capacity=_number(request, "capacity", "capacity"),
        service_type=request.POST.get("service_type", ""),
        areas=tuple(lines(request.POST.get("areas", ""))),
    )


def _time(request: HttpRequest, name: str) -> time:
    try:
        return time.fromisoformat(request.POST.get(name, "")).replace(second=0, microsecond=0, tzinfo=None)
    except ValueError:
        raise SLOT_INVALID(field=_field(name), reason=_("write a time such as 09:00")) from None


def _number(request: HttpRequest, name: str, field: str) -> int:
    text = request.POST.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) < 5):
        raise SLOT_INVALID(field=_field(field), reason=_("write a whole number"))
    return int(text)


def _field(name: str) -> str:
    """The field's name in the reader's language."""
    for model in (Slot, type(queries.conditions())):
        for field in model._meta.concrete_fields:
            if field.name == name:
                return str(field.verbose_name)
    return name
