"""A service's page, and what can be done with a service from there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from alta.audit.log import entries_about
from alta.customers.customfields import fields_of_order
from alta.inventory.models import Item
from alta.orders import services as orders
from alta.orders.changes import open_change, possible_changes
from alta.orders.rules import Action
from alta.playbooks.plan import plan_of_version
from alta.playbooks.queries import current_version
from alta.runner.asking import Failed, ask
from alta.runner.models import Job
from alta.services import queries
from alta.services.models import Service
from alta.services.rules import State, takes_addons
from alta.services.services import set_auto_renew
from alta.web.forms import shown

OCS = "ocs"
UNITS = {"data": 1024**3, "voice": 60 * 10**9, "sms": 1, "monetary": 1}


@require_safe
def service(request: HttpRequest, service_id: int) -> HttpResponse:
    found = queries.service_by_id(service_id)
    known = fields_of_order(found.customer.kind, found.product.slug) if found.custom else []
    context = {
        "service": found,
        "fields": [(one.label, shown(one, found.custom)) for one in known],
        "items": Item.objects.select_related("template").filter(holder=found.uuid).order_by("template__name"),
        "appointment": found.appointments.order_by("-id").first(),
        "work_orders": found.work_orders.select_related("technician").order_by("-id"),
        "addons": found.addons.select_related("product"),
        "changes": [one for one in possible_changes(found) if one != Action.TERMINATE],
        "may_end": Action.TERMINATE in possible_changes(found),
        "takes_addons": takes_addons(found.state),
        "under_way": open_change(found.pk),
        "sale": found.orders.select_related("job").filter(action=Action.CREATE).first(),
        "charged": found.state in (State.ACTIVE, State.SUSPENDED) and _is_charged(found),
        "jobs": Job.objects.filter(service=found).order_by("-id")[:20],
        "entries": entries_about(found)[:50],
    }
    return render(request, "web/service.html", context)


def _is_charged(service: Service) -> bool:
    """Whether the service has an account in the charging system: its playbook opens one."""
    version = current_version(service.product.playbook)
    return version is not None and OCS in plan_of_version(version.pk).connectors


@dataclass(frozen=True)
class Balance:
    """A balance for people: `value` in GB, minutes, messages or money."""

    name: str
    value: float
    unit: str
    expires: datetime | None


@require_safe
def balance(request: HttpRequest, service_id: int) -> HttpResponse:
    """What the charging system says that is left, asked now."""
    found = queries.service_by_id(service_id)
    try:
        account = ask("ocs.get_account", {"account": str(found.uuid)})
    except Failed as failed:
        return render(
            request, "web/service_balance.html", {"service": found, "problem": failed.problem.as_json()}
        )
    return render(
        request,
        "web/service_balance.html",
        {"service": found, "disabled": account["disabled"], "balances": _balances(found, account)},
    )


def _balances(service: Service, account: dict[str, Any]) -> list[Balance]:
    units = {"data": "GB", "voice": _("minutes"), "sms": "SMS", "monetary": service.currency}
    addons = {f"ADDON_{order}": name for order, name in _addon_names(service)}
    return [
        Balance(
            name=addons.get(one["id"], _("Plan") if one["id"].startswith("PLAN_") else one["id"]),
            value=round(one["value"] / UNITS.get(one["type"], 1), 2),
            unit=units.get(one["type"], one["type"]),
            expires=datetime.fromisoformat(one["expires"]) if one["expires"] else None,
        )
        for one in account["balances"]
    ]


def _addon_names(service: Service) -> list[tuple[int, str]]:
    keys = dict(service.addons.values_list("key", "name"))
    orders_of_addons = service.orders.filter(holder__in=keys).values_list("pk", "holder")
    return [(number, keys[holder]) for number, holder in orders_of_addons]


@require_POST
def renewal(request: HttpRequest, service_id: int) -> HttpResponse:
    """Switches automatic renewal on or off."""
    set_auto_renew(service_id, request.POST.get("renew") == "yes", actor=request.user.get_username())
    return redirect("service", service_id)


@require_POST
def change(request: HttpRequest, service_id: int, action: str) -> HttpResponse:
    """Begins a change, which is then chosen and confirmed like an assignment."""
    if action not in Action.values or action == Action.TERMINATE:
        raise Http404
    return _begin(request, service_id, Action(action))


@require_POST
def end(request: HttpRequest, service_id: int) -> HttpResponse:
    """Begins the end of a service, which not everybody may decide."""
    return _begin(request, service_id, Action.TERMINATE)


def _begin(request: HttpRequest, service_id: int, action: Action) -> HttpResponse:
    order = orders.begin_change(service_id, action, actor=request.user.get_username(), now=timezone.now())
    return redirect("assign", order=order.uuid)
