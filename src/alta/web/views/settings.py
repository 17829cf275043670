"""The settings of the house: what there is to set, the renewal schedule, and the keys of programs."""

from __future__ import annotations

import re
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from alta.accounts import services as accounts
from alta.accounts.models import User
from alta.accounts.permissions import PERMISSIONS
from alta.refusal import Refusal
from alta.renewals.queries import current_plan
from alta.renewals.refusals import DAYS_MALFORMED
from alta.renewals.rules import Plan
from alta.renewals.services import set_schedule
from alta.web.drawing import timeline

USUAL_DAYS = 365


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    return render(request, "web/settings.html")


@require_http_methods(["GET", "HEAD", "POST"])
def renewals(request: HttpRequest) -> HttpResponse:
    """The schedule for renewals that aren't paid, in a form, a sentence and a drawing."""
    refusal = None
    if request.method == "POST":
        try:
            given = [_days(request.POST.get(name, "")) for name in ("retry_days", "end_day", "notice_days")]
            set_schedule(given[0], _one(given[1]), _one(given[2]), actor=request.user.get_username())
        except Refusal as error:
            refusal = error
        else:
            messages.success(request, _("Saved."))
            return redirect("settings_renewals")
    plan = current_plan()
    context: dict[str, Any] = {
        "plan": plan,
        "typed": request.POST if refusal else _typed(plan),
        "marks": timeline(plan),
        "refusal": refusal,
        "retries": [str(day) for day in plan.retry_days],
        "last_retry": max(plan.retry_days, default=0),
    }
    return render(
        request, "web/settings_renewals.html", context, status=refusal.kind.status if refusal else 200
    )


def _typed(plan: Plan) -> dict[str, str]:
    return {
        "retry_days": ", ".join(str(day) for day in plan.retry_days),
        "end_day": str(plan.end_day),
        "notice_days": str(plan.notice_days),
    }


def _days(text: str) -> list[int]:
    """Refuses (`renewal.days_malformed`) what are no whole numbers."""
    parts = re.split(r"[\s,;]+", text.strip()) if text.strip() else []
    if not all(re.fullmatch(r"[0-9]{1,4}", part) for part in parts):
        raise DAYS_MALFORMED()
    return [int(part) for part in parts]


def _one(days: list[int]) -> int:
    if len(days) != 1:
        raise DAYS_MALFORMED()
    return days[0]


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def keys(request: HttpRequest) -> HttpResponse:
    """The keys of programs, and a new one, which is shown on this answer and never again."""
    refusal, made = None, ""
    now = timezone.now()
    if request.method == "POST":
        try:
            made = _make_key(request)
        except Refusal as error:
            refusal = error
    user = request.user
    may_choose = isinstance(user, User) and user.may("users.manage")
    context = {
        "keys": accounts.api_keys(now),
        "made": made,
        "refusal": refusal,
        "people": User.objects.filter(is_active=True).order_by("username")[:500] if may_choose else [user],
        "scopes": PERMISSIONS.items(),
        "chosen": request.POST.getlist("scope") if refusal else [],
        "typed": request.POST if refusal else {"days": USUAL_DAYS, "person": str(user.pk)},
    }
    return render(request, "web/settings_keys.html", context, status=refusal.kind.status if refusal else 200)


def _make_key(request: HttpRequest) -> str:
    person, days = request.POST.get("person", ""), request.POST.get("days", "")
    assert isinstance(request.user, User)
    return accounts.create_api_key_for(
        int(person) if re.fullmatch(r"[0-9]{1,18}", person) else 0,
        request.POST.get("name", ""),
        timezone.now(),
        int(days) if re.fullmatch(r"[0-9]{1,6}", days) else 0,
        scopes=request.POST.getlist("scope"),
        by=request.user,
    )


@require_POST
def revoke_key(request: HttpRequest, key_id: int) -> HttpResponse:
    key = accounts.revoke_api_key(key_id, timezone.now(), actor=request.user.get_username())
    messages.success(request, _("The key «{name}» is revoked.").format(name=key.name))
    return redirect("settings_keys")
