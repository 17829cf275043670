"""Which services are due. Several workers look at once: each takes rows that no other has."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from alta.renewals.models import Renewal, Schedule
from alta.renewals.refusals import NOT_FOUND
from alta.renewals.rules import Plan, State
from alta.services.models import Service
from alta.services.rules import AddonState
from alta.services.rules import State as ServiceState

BATCH = 500
MEASURES = 100  # each is an order with its job, so that locks are short
Period = tuple[int, datetime, datetime]  # service, start, end


def current_plan() -> Plan:
    """The operator's schedule."""
    row = Schedule.objects.first()
    return Plan(tuple(row.retry_days), row.end_day, row.notice_days) if row else Plan()


def _without_renewal() -> QuerySet[Service]:
    """Active services whose next period nobody has looked at yet, locked; those in other hands are left out."""
    known = Renewal.objects.filter(service=OuterRef("pk"), period_start=OuterRef("term_ends_at"))
    return (
        Service.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(state=ServiceState.ACTIVE, term_ends_at__isnull=False)
        .filter(~Exists(known))
        .order_by("term_ends_at")
    )


def services_due(now: datetime) -> list[Service]:
    """Some services that renew themselves and whose term is over."""
    return list(_without_renewal().filter(auto_renew=True, term_ends_at__lte=now)[:BATCH])


def services_ending(now: datetime, notice: timedelta) -> list[Service]:
    """Some services that end with their term, in time for a notice."""
    return list(_without_renewal().filter(auto_renew=False, term_ends_at__lte=now + notice)[:BATCH])


def renewals_to_look_at(now: datetime, *states: State) -> list[Renewal]:
    """Some renewals whose next moment has come, locked."""
    return list(
        Renewal.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("service")
        .filter(state__in=states, next_at__lte=now)
        .order_by("next_at", "pk")[:BATCH]
    )


def renewal_of_next_period(service: Service) -> Renewal:
    """The renewal of the period that begins where the term ends. Refuses (`renewal.not_found`)."""
    start = service.term_ends_at
    found = Renewal.objects.filter(service=service, period_start=start).first() if start else None
    if found is None:
        raise NOT_FOUND()
    return found


def measures_due(now: datetime) -> list[Renewal]:
    """Some renewals that want something done with their service, locked."""
    return list(
        Renewal.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("service__product")
        .filter(measure_at__lte=now)
        .order_by("measure_at", "pk")[:MEASURES]
    )


def add_renewals(periods: Sequence[Period], state: State, now: datetime) -> dict[int, int]:
    """Rows for these periods, in one statement. Returns their numbers by service; a period that is there already is
    somebody else's, and left out."""
    columns = list(zip(*periods, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO renewals_renewal
                (service_id, period_start, period_end, state, declines, next_at, reason, measure, created_at, changed_at)
            SELECT s, b, e, %(state)s, 0, CASE WHEN %(state)s = 'notified' THEN b END, '', '', %(now)s, %(now)s
            FROM unnest(%(services)s::bigint[], %(starts)s::timestamptz[], %(ends)s::timestamptz[]) AS p (s, b, e)
            ON CONFLICT (service_id, period_start) DO NOTHING
            RETURNING service_id, id
            """,
            {
                "state": str(state.value),
                "now": now,
                "services": list(columns[0]),
                "starts": list(columns[1]),
                "ends": list(columns[2]),
            },
        )
        return dict(cursor.fetchall())


def next_charge_of(customer_id: int) -> QuerySet[Service]:
    """A customer's services that will be charged again, soonest first, each with what it costs with its add-ons
    (`period_price`)."""
    addons = Sum("addons__recurring_price", filter=Q(addons__state=AddonState.ACTIVE))
    return (
        Service.objects.filter(
            customer_id=customer_id, state=ServiceState.ACTIVE, auto_renew=True, term_ends_at__isnull=False
        )
        .annotate(period_price=F("recurring_price") + Coalesce(addons, 0))
        .order_by(F("term_ends_at"))
    )
