"""The day before, the customer is reminded by mail, once for each date that was agreed."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from alta.customers.models import Customer
from alta.installations import booking, queries
from alta.installations.models import Appointment
from alta.installations.rules import OPEN, AppointmentState
from alta.playbooks.queries import current_version
from alta.runner.bulk import start_jobs
from alta.runner.services import Subject
from alta.services.rules import State as ServiceState
from alta.services.services import operator_zone

PLAYBOOK = "installation-reminder"
ACTOR = "installations"
BATCH = 200
OVER = (ServiceState.TERMINATED, ServiceState.INACTIVE)


@transaction.atomic
def remind(now: datetime) -> int:
    """Starts the reminder of some installations of tomorrow. Returns how many; what another worker is at is left out."""
    due = _due(now)
    if not due:
        return 0
    customers = Customer.objects.prefetch_related("emails", "phones", "payment_methods").in_bulk(
        {one.service.customer_id for one in due if one.service}
    )
    wanted = [
        Subject(
            service=one.service,
            customer=customers[one.service.customer_id],
            product=one.service.product,
            installation=booking.variables(one),
        )
        for one in due
        if one.service
    ]
    start_jobs(PLAYBOOK, [({}, subject) for subject in wanted], actor=ACTOR, now=now, source="api")
    Appointment.objects.filter(pk__in=[one.pk for one in due]).update(reminded_at=now)
    return len(due)


def _due(now: datetime) -> list[Appointment]:
    local = now.astimezone(operator_zone())
    if local.time() < queries.conditions().remind_from or current_version(PLAYBOOK) is None:
        return []
    return list(
        Appointment.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("slot", "service__product", "service__site")
        .filter(
            day=local.date() + timedelta(days=1), state=AppointmentState.CONFIRMED, reminded_at__isnull=True
        )
        .filter(Q(work_order__isnull=True) | Q(work_order__state__in=sorted(OPEN)))
        .exclude(service__state__in=OVER)
        .order_by("pk")[:BATCH]
    )
