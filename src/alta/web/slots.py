"""How a form says which slot of which day was chosen, and an address which week is meant."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse

from alta.installations.refusals import DAY_INVALID, SLOT_NOT_FOUND

WEEK = "semana"
SENSIBLE_YEARS = range(2000, 2200)


def chosen(request: HttpRequest) -> tuple[int, date]:
    """Number of the slot, and the day, from a button with the value `12:2026-11-30`. Refuses what isn't that."""
    slot, _, day = request.POST.get("slot", "").partition(":")
    if not (slot.isascii() and slot.isdigit() and len(slot) < 10):
        raise SLOT_NOT_FOUND()
    return int(slot), read_day(day)


def read_day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise DAY_INVALID(day=text[:20]) from None
    if day.year not in SENSIBLE_YEARS:
        raise DAY_INVALID(day=text[:20])
    return day


def wanted_day(request: HttpRequest) -> date | None:
    """The week to show; None for the first in which something is free, also where the address says nonsense."""
    try:
        day = date.fromisoformat(request.GET.get(WEEK, ""))
    except ValueError:
        return None
    return day if day.year in SENSIBLE_YEARS else None


def week_of(day: date, page: str, **place: Any) -> HttpResponseRedirect:
    """Back to the week of what was chosen."""
    return HttpResponseRedirect(f"{reverse(page, kwargs=place)}?{urlencode({WEEK: day.isoformat()})}")
