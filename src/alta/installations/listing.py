"""The list of work orders, for technicians and for whoever plans."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import F, QuerySet, TextChoices
from django.utils.translation import gettext_lazy as _

from alta.accounts.models import User
from alta.accounts.permissions import GRANTS
from alta.installations.models import Appointment, WorkOrder
from alta.installations.queries import monday
from alta.installations.refusals import NOT_FOUND
from alta.installations.rules import OPEN, AppointmentState, State
from alta.services.rules import State as ServiceState
from alta.services.services import operator_zone

NOBODY = "nadie"


class When(TextChoices):
    """Which days the list shows. The values are part of addresses."""

    TODAY = "hoy", _("Today")
    WEEK = "semana", _("This week")
    OVERDUE = "atrasadas", _("Overdue")
    UNDATED = "sin-fecha", _("Without a date")


@dataclass(frozen=True)
class Filters:
    """What the list shows. Without a state, what is still open."""

    when: str = ""
    state: str = ""
    technician: str = ""  # an id, or NOBODY


def work_orders(filters: Filters, now: datetime) -> QuerySet[WorkOrder]:
    """Those that match, by date; without a date last."""
    found = WorkOrder.objects.select_related(
        "service__customer", "service__product", "site", "appointment__slot", "technician"
    )
    found = (
        found.filter(state=filters.state)
        if filters.state in State.values
        else found.filter(state__in=sorted(OPEN))
    )
    if filters.technician == NOBODY:
        found = found.filter(technician__isnull=True)
    elif filters.technician.isascii() and filters.technician.isdigit() and len(filters.technician) < 10:
        found = found.filter(technician_id=int(filters.technician))
    return _when(found, filters.when, now).order_by(F("appointment__starts_at").asc(nulls_last=True), "pk")


def _when(found: QuerySet[WorkOrder], when: str, now: datetime) -> QuerySet[WorkOrder]:
    today = now.astimezone(operator_zone()).date()
    if when == When.TODAY:
        return found.filter(appointment__day=today)
    if when == When.WEEK:
        first: date = monday(today)
        return found.filter(appointment__day__range=(first, first + timedelta(days=6)))
    if when == When.OVERDUE:
        return found.filter(appointment__ends_at__lt=now, state__in=sorted(OPEN))
    if when == When.UNDATED:
        return found.filter(appointment__day__isnull=True)
    return found


def work_order_by_id(work_order_id: int) -> WorkOrder:
    """A work order with what its page shows. Refuses (`installation.work_order_not_found`)."""
    found = (
        WorkOrder.objects.select_related(
            "service__customer",
            "service__product",
            "site",
            "contact",
            "appointment__slot",
            "technician",
            "job",
        )
        .filter(pk=work_order_id)
        .first()
    )
    if found is None:
        raise NOT_FOUND()
    return found


def technicians() -> QuerySet[User]:
    """Who can be given a work order."""
    roles = [role for role, granted in GRANTS.items() if "installations.work" in granted]
    return User.objects.filter(is_active=True, roles__overlap=roles).order_by("username")


def without_work_order() -> list[Appointment]:
    """Days that were agreed with a customer and for which no technician has been told anything yet."""
    return list(
        Appointment.objects.select_related("slot", "service__customer")
        .filter(work_order__isnull=True, service__isnull=False)
        .filter(state__in=[AppointmentState.CONFIRMED, AppointmentState.PENDING])
        .exclude(service__state__in=[ServiceState.TERMINATED, ServiceState.INACTIVE])
        .order_by(F("starts_at").asc(nulls_last=True), "pk")[:50]
    )
