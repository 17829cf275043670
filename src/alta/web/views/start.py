"""The start page, the language of the screens, and the sign of life."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import check_for_language
from django.views.decorators.http import require_POST, require_safe

from alta.inventory.queries import running_low
from alta.orders.mine import drafts_of, recent_of
from alta.renewals.attention import unpaid
from alta.runner import attention
from alta.services.services import operator_zone
from alta.web.drawing import columns

FEW, DAYS = 6, 14
LANGUAGE_COOKIE_SECONDS = 365 * 24 * 3600


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """What needs somebody now, what I was doing, and how the last days went: each part for who may see it."""
    now = timezone.now()
    may: frozenset[str] = getattr(request.user, "rights", frozenset())
    context: dict[str, Any] = {}
    if "jobs.view" in may:
        context |= _jobs(now)
    if {"services.view", "payments.view"} <= may:
        context["unpaid"] = unpaid(FEW)
    if "stock.edit" in may:
        context["running_low"] = running_low()
    if "orders.assign" in may:
        context |= {
            "drafts": drafts_of(request.user.get_username(), now, FEW),
            "recent": recent_of(request.user.get_username(), FEW),
        }
    context["calm"] = not any(
        (
            context.get("silent"),
            context.get("running_low"),
            *(context[name].count for name in ("failed", "stuck", "unpaid") if name in context),
        )
    )
    return render(request, "web/start.html", context)


def _jobs(now: datetime) -> dict[str, Any]:
    zone = operator_zone()
    today = now.astimezone(zone).date()
    days = attention.by_day(today - timedelta(days=DAYS - 1), today, zone)
    return {
        "failed": attention.failed(FEW),
        "stuck": attention.stuck(now, FEW),
        "silent": attention.silent_systems(now),
        "columns": columns(days),
        "succeeded_in_all": sum(good for _day, good, _bad in days),
        "failed_in_all": sum(bad for _day, _good, bad in days),
    }


@login_not_required
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """Ready to serve: the database answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "ok"})


@login_not_required
@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Changes the language of the screens, here and for the next time."""
    back = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure()):
        back = "/"
    response = HttpResponseRedirect(back)
    remember_language(response, request.POST.get("language", ""))
    return response


def remember_language(response: HttpResponse, language: str) -> bool:
    """Has the browser ask for this language from now on; False where Alta doesn't speak it."""
    known = bool(language) and check_for_language(language)
    if known:
        response.set_cookie("django_language", language, max_age=LANGUAGE_COOKIE_SECONDS, samesite="Lax")
    return known
