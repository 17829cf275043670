"""Use cases of renewals. Each is one transaction; the ones that start something take a batch of services at a time, so
that any number of workers can do it together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from alta.audit.log import record
from alta.catalog.models import Product
from alta.customers.models import Customer
from alta.renewals import queries
from alta.renewals.models import Renewal, Schedule
from alta.renewals.refusals import DAYS, DAYS_TOO_FAR, NOT_FOUND, WRONG_STATE
from alta.renewals.rules import DECLINES, After, State, after_decline, after_trouble, may_become
from alta.runner.bulk import start_jobs
from alta.runner.services import Subject
from alta.services import services
from alta.services.models import Service

MOST_RETRIES, FARTHEST_DAY = 10, 365
ACTOR = "renewals"
RENEW, NOTICE = "renew-service", "renewal-notice"


@transaction.atomic
def renew_due(now: datetime) -> int:
    """Starts the renewal of some services whose term is over. Returns how many; another worker's are not counted."""
    due = queries.services_due(now)
    if not due:
        return 0
    periods = [_period(service) for service in due]
    added = queries.add_renewals(periods, State.CHARGING, now)
    _charge([(added[one.pk], one) for one in due if one.pk in added], now)
    return len(due)


@transaction.atomic
def retry_due(now: datetime) -> int:
    """Asks again for some renewals whose next try has come."""
    due = queries.renewals_to_look_at(now, State.DECLINED)
    for renewal in due:
        _move(renewal, After(State.CHARGING, now), now)
    Renewal.objects.bulk_update(due, ["state", "next_at", "changed_at"])
    _charge([(renewal.pk, renewal.service) for renewal in due], now)
    return len(due)


@transaction.atomic
def give_notice(now: datetime) -> int:
    """Tells some customers whose service will end with its term."""
    plan = queries.current_plan()
    due = queries.services_ending(now, timedelta(days=plan.notice_days))
    if not due:
        return 0
    added = queries.add_renewals([_period(service) for service in due], State.NOTIFIED, now)
    wanted = [one for one in due if one.pk in added]
    subjects = _subjects(wanted)
    start_jobs(
        NOTICE,
        [({"notice": "ending", "until": _day(one.term_ends_at)}, subjects[one.pk]) for one in wanted],
        actor=ACTOR,
        now=now,
        source="api",
    )
    return len(due)


@transaction.atomic
def end_due(now: datetime) -> int:
    """Ends some services whose term is over without a next one, or that stayed unpaid. One whose renewal was switched
    on after the notice is renewed instead."""
    due = queries.renewals_to_look_at(now, State.NOTIFIED, State.UNPAID)
    renewed = []
    for renewal in due:
        service = renewal.service
        if renewal.state == State.NOTIFIED and service.auto_renew and service.state == "active":
            _move(renewal, After(State.CHARGING, now), now)
            renewed.append((renewal.pk, service))
            continue
        if renewal.service.state in ("active", "suspended"):
            services.expire(service.pk, actor=ACTOR, now=now)
        _move(renewal, After(State.ENDED, now), now)
    Renewal.objects.bulk_update(due, ["state", "next_at", "changed_at"])
    _charge(renewed, now)
    return len(due)


@transaction.atomic
def retry_now(renewal_id: int, *, actor: str, now: datetime) -> Renewal:
    """Asks the customer's payment method at once, for instance because the customer brought a new one. Refuses
    (`renewal.wrong_state`) a renewal that is paid, under way or over."""
    renewal = _locked(renewal_id)
    if renewal.state not in (State.DECLINED, State.UNPAID):
        raise WRONG_STATE(state=State(renewal.state).label)
    _move(renewal, After(State.CHARGING, now), now)
    renewal.save()
    record(actor, "renewal.retried", renewal, service=renewal.service_id)
    _charge([(renewal.pk, renewal.service)], now)
    return renewal


@transaction.atomic
def record_failure(renewal_id: int, code: str, reason: str, *, actor: str, now: datetime) -> Renewal:
    """The charge did not work. A clear no moves the renewal on in the operator's schedule, and in the end suspends the
    service; trouble of the provider's is tried again in an hour."""
    renewal = _locked(renewal_id)
    if renewal.state != State.CHARGING:
        return renewal
    if code in DECLINES:
        renewal.declines += 1
        after = after_decline(renewal.declines, renewal.period_start, queries.current_plan(), now)
    else:
        after = after_trouble(renewal.declines, now)
    renewal.reason = reason[:300]
    _move(renewal, after, now)
    renewal.save()
    if after.state == State.UNPAID and renewal.service.state == "active":
        services.suspend(renewal.service_id, actor=actor, now=now)
    record(actor, f"renewal.{after.state.value}", renewal, service=renewal.service_id, code=code)
    return renewal


@transaction.atomic
def record_success(renewal_id: int, *, actor: str, now: datetime) -> bool:
    """The period is paid: the term grows by exactly it, and a service that was suspended for it works again.

    False where the service has ended meanwhile: then there is nothing to extend, and the money is the customer's."""
    renewal = _locked(renewal_id)
    if renewal.state == State.PAID:
        return True
    service = Service.objects.select_for_update().get(pk=renewal.service_id)
    goes_on = service.state in ("active", "suspended") and service.term_ends_at == renewal.period_start
    _move(renewal, After(State.PAID if goes_on else State.ENDED, now), now)
    renewal.reason = ""
    renewal.save()
    if goes_on:
        services.extend_term(service.pk, renewal.period_start, actor=actor, now=now)
        if service.state == "suspended" and renewal.declines:
            services.resume(service.pk, actor=actor, now=now)
    record(actor, f"renewal.{renewal.state}", renewal, service=service.pk)
    return goes_on


@transaction.atomic
def set_schedule(retry_days: Sequence[int], end_day: int, notice_days: int, *, actor: str) -> Schedule:
    """What is done about a renewal that isn't paid. Refuses days that don't rise (`renewal.days`), and those
    too far away (`renewal.days_too_far`)."""
    days = list(retry_days)
    if len(days) > MOST_RETRIES or max([*days, end_day, notice_days]) > FARTHEST_DAY or notice_days < 0:
        raise DAYS_TOO_FAR(retries=MOST_RETRIES, day=FARTHEST_DAY)
    if days != sorted(set(days)) or any(day < 1 for day in days) or end_day <= max(days, default=0):
        raise DAYS()
    row, _ = Schedule.objects.update_or_create(
        pk=1, defaults={"retry_days": days, "end_day": end_day, "notice_days": notice_days}
    )
    record(actor, "renewal.schedule", row, retry_days=days, end_day=end_day, notice_days=notice_days)
    return row


def _charge(renewals: Sequence[tuple[int, Service]], now: datetime) -> None:
    """Starts a job for each renewal, and notes which."""
    if not renewals:
        return
    subjects = _subjects([service for _, service in renewals])
    periods = dict(
        Renewal.objects.filter(pk__in=[number for number, _ in renewals]).values_list("pk", "period_start")
    )
    wanted = [
        (
            {"renewal": number, "period": f"{periods[number]:%Y%m%dT%H%M%S}"},
            subjects[service.pk],
        )
        for number, service in renewals
    ]
    jobs = start_jobs(RENEW, wanted, actor=ACTOR, now=now, source="api")
    Renewal.objects.bulk_update(
        [Renewal(pk=number, job=job) for (number, _), job in zip(renewals, jobs, strict=True)], ["job"]
    )


def _subjects(rows: Sequence[Service]) -> dict[int, Subject]:
    """What the jobs of these services are about, in five statements."""
    customers = Customer.objects.prefetch_related("emails", "phones", "payment_methods").in_bulk(
        {one.customer_id for one in rows}
    )
    products = Product.objects.in_bulk({one.product_id for one in rows})
    return {
        one.pk: Subject(service=one, customer=customers[one.customer_id], product=products[one.product_id])
        for one in rows
    }


def _period(service: Service) -> queries.Period:
    assert service.term_ends_at is not None
    return service.pk, service.term_ends_at, services.end_of_term(service, service.term_ends_at)


def _day(moment: datetime | None) -> str:
    assert moment is not None
    return moment.astimezone(services.operator_zone()).date().isoformat()


def _locked(renewal_id: int) -> Renewal:
    renewal = (
        Renewal.objects.select_for_update(of=("self",))
        .select_related("service")
        .filter(pk=renewal_id)
        .first()
    )
    if renewal is None:
        raise NOT_FOUND()
    return renewal


def _move(renewal: Renewal, after: After, now: datetime) -> None:
    if not may_become(renewal.state, after.state):
        raise WRONG_STATE(state=State(renewal.state).label)
    renewal.state, renewal.next_at, renewal.changed_at = after.state, after.at, now
