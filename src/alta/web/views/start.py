"""The start page, the language of the screens, and the sign of life."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import check_for_language
from django.views.decorators.http import require_POST, require_safe

from alta.inventory.queries import running_low
from alta.orders.models import Order
from alta.orders.rules import State

LANGUAGE_COOKIE_SECONDS = 365 * 24 * 3600


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """What I was doing, and what needs somebody."""
    mine = Order.objects.select_related("product", "customer", "service", "job").filter(
        created_by=request.user.get_username()
    )
    context: dict[str, Any] = {
        "drafts": mine.filter(state=State.DRAFT).exclude(product=None, customer=None).order_by("-id")[:5],
        "recent": mine.exclude(state__in=[State.DRAFT, State.CANCELLED]).order_by("-id")[:8],
        "held": Order.objects.select_related("product", "customer", "job")
        .filter(state=State.HELD)
        .order_by("-id")[:8],
        "running_low": running_low() if "stock.edit" in getattr(request.user, "rights", ()) else [],
    }
    return render(request, "web/start.html", context)


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
