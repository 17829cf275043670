"""Undoing: what will be taken back and what can't be, the confirmation, and selling the same to the right customer."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from alta.accounts.access import Rule, check, rule_for
from alta.orders import services as orders
from alta.orders.undo_preview import Undo, undo_preview
from alta.runner.reading import progress
from alta.web import permissions
from alta.web.views.jobs import back


@require_http_methods(["GET", "HEAD", "POST"])
def undo(request: HttpRequest, job_id: int) -> HttpResponse:
    """GET says what undoing comes to; POST undoes it, with the later orders that the page has named."""
    seen = undo_preview(progress(job_id).job)
    rule = rule_for(permissions.TABLE, "job_undo", request.method)
    assert rule is not None
    if request.method == "POST":
        for one in seen.later:
            if one.order.job_id is None:
                continue  # it waits for its turn, and goes with the bundle
            check(rule, request.user, {"job_id": one.order.job_id})
        orders.undo(job_id, with_later=_later(request), actor=_actor(request), now=timezone.now())
        return back(request, job_id)
    context = {
        "undo": seen,
        "others": _not_allowed(request, rule, seen),
        "from": request.GET.get("de", ""),
    }
    return render(request, "web/job_undo.html", context)


def _later(request: HttpRequest) -> list[int]:
    return [int(text) for text in request.POST.getlist("order") if text.isascii() and text.isdigit()]


def _not_allowed(request: HttpRequest, rule: Rule, seen: Undo) -> list[str]:
    """Who else's later orders this person may not undo."""
    user = request.user
    started = [one.order.job.started_by for one in seen.later if one.order.job is not None]
    return sorted({name for name in started if not rule.allows(user, lambda name=name: name)})  # type: ignore[arg-type, misc]


def _actor(request: HttpRequest) -> str:
    return request.user.get_username()


@require_POST
def again(request: HttpRequest, order: UUID) -> HttpResponse:
    """Assigns the same to the right customer, who is chosen next."""
    made = orders.assign_same(order, actor=_actor(request), now=timezone.now())
    if made.gone:
        text = _("Somebody else has it by now; choose another: {items}")
        messages.warning(request, text.format(items=", ".join(made.gone)))
    return redirect("assign", order=made.order.uuid)
