"""Use cases of renewals. Each is one transaction; the ones that start something take a batch of services at a time, so
that any number of workers can do it together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from alta.audit.log import record
from alta.refusal import Refusal
from alta.renewals import queries
from alta.renewals.models import Renewal, Schedule
from alta.renewals.refusals import (
    BY_ITSELF,
    DAYS,
    DAYS_TOO_FAR,
    NOT_FOUND,
    OVER,
    TOO_EARLY,
    WRONG_STATE,
)
from alta.renewals.rules import (
    DECLINES,
    After,
    Measure,
    State,
    after_decline,
    after_early_decline,
    after_trouble,
    may_become,
)
from alta.runner.bulk import start_jobs, subjects_of
from alta.runner.services import start_job
from alta.services import services
from alta.services.models import Service
from alta.services.refusals import NOT_FOUND as SERVICE_NOT_FOUND

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
    subjects = subjects_of(wanted)
    start_jobs(
        NOTICE,
        [({"notice": "ending", "until": day(one.term_ends_at)}, subjects[one.pk]) for one in wanted],
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
        _move(renewal, After(State.ENDED, now), now)
        _want(renewal, Measure.TERMINATE, now)
    Renewal.objects.bulk_update(due, ["state", "next_at", "changed_at", "measure", "measure_at"])
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
    record(actor, "renewal.retried", renewal, service=renewal.service_id)
    _charge_at_once(renewal, actor, now)
    return renewal


@transaction.atomic
def renew_now(service_id: int, *, actor: str, now: datetime) -> Renewal:
    """Charges the next period of a service that does not renew itself, and adds it to the term, because the customer asked
    for it. Where the card says no, the service still ends with its term.

    Refuses a service that renews itself (`renewal.by_itself`), has ended (`renewal.over`), or is paid for longer than one
    period ahead (`renewal.too_early`), and a renewal that is under way (`renewal.wrong_state`)."""
    service = Service.objects.filter(pk=service_id).first()
    if service is None:
        raise SERVICE_NOT_FOUND()
    for refusal in why_not_now(service, now):
        raise refusal
    added = queries.add_renewals([_period(service)], State.CHARGING, now)
    renewal = _locked(added.get(service.pk) or queries.renewal_of_next_period(service).pk)
    if not added:
        if renewal.state not in (State.NOTIFIED, State.DECLINED, State.UNPAID):
            raise WRONG_STATE(state=State(renewal.state).label)
        _move(renewal, After(State.CHARGING, now), now)
    record(actor, "renewal.asked", renewal, service=service.pk)
    _charge_at_once(renewal, actor, now)
    return renewal


def why_not_now(service: Service, now: datetime) -> list[Refusal]:
    """Why `renew_now` would refuse this service, before it looks for a renewal under way; empty where it would not."""
    end = service.term_ends_at
    if end is None or service.state not in ("active", "suspended"):
        return [OVER(state=str(service.get_state_display()))]
    if service.auto_renew and end > now:
        return [BY_ITSELF(date=day(end))]
    return [TOO_EARLY(date=day(end))] if end > services.end_of_term(service, now) else []


@transaction.atomic
def record_failure(renewal_id: int, code: str, reason: str, *, actor: str, now: datetime) -> Renewal:
    """The charge did not work. A clear no moves the renewal on in the operator's schedule, and in the end has the service
    suspended; trouble of the provider's is tried again in an hour."""
    renewal = _locked(renewal_id)
    if renewal.state != State.CHARGING:
        return renewal
    service = renewal.service
    if code in DECLINES and not service.auto_renew and now < renewal.period_start:
        after = after_early_decline(renewal.period_start)
    elif code in DECLINES:
        renewal.declines += 1
        after = after_decline(renewal.declines, renewal.period_start, queries.current_plan(), now)
    else:
        after = after_trouble(renewal.declines, now)
    renewal.reason = reason[:300]
    _move(renewal, after, now)
    if after.state == State.UNPAID and service.state == "active":
        _want(renewal, Measure.SUSPEND, now)
    renewal.save()
    record(actor, f"renewal.{after.state.value}", renewal, service=renewal.service_id, code=code)
    return renewal


@transaction.atomic
def record_success(renewal_id: int, *, actor: str, now: datetime) -> bool:
    """The period is paid: the term grows by exactly it, and a service that was suspended for it shall work again.

    False where the service has ended meanwhile: then there is nothing to extend, and the money is the customer's."""
    renewal = _locked(renewal_id)
    if renewal.state == State.PAID:
        return True
    service = Service.objects.select_for_update().get(pk=renewal.service_id)
    goes_on = service.state in ("active", "suspended") and service.term_ends_at == renewal.period_start
    _move(renewal, After(State.PAID if goes_on else State.ENDED, now), now)
    renewal.reason = ""
    if goes_on:
        services.extend_term(service.pk, renewal.period_start, actor=actor, now=now)
        if renewal.measure == Measure.SUSPEND:
            _want(renewal, Measure.RESUME, now)
    renewal.save()
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
    subjects = subjects_of([service for _, service in renewals])
    periods = dict(
        Renewal.objects.filter(pk__in=[number for number, _ in renewals]).values_list("pk", "period_start")
    )
    wanted = [(_inputs(number, periods[number]), subjects[service.pk]) for number, service in renewals]
    jobs = start_jobs(RENEW, wanted, actor=ACTOR, now=now, source="api")
    Renewal.objects.bulk_update(
        [Renewal(pk=number, job=job) for (number, _), job in zip(renewals, jobs, strict=True)], ["job"]
    )


def _charge_at_once(renewal: Renewal, actor: str, now: datetime) -> None:
    """Somebody is waiting for it: before what is due in bulk."""
    subject = subjects_of([renewal.service])[renewal.service_id]
    inputs = _inputs(renewal.pk, renewal.period_start)
    renewal.job = start_job(RENEW, inputs, subject, actor=actor, now=now, source="api")
    renewal.save()


def _inputs(renewal_id: int, period_start: datetime) -> dict[str, Any]:
    return {"renewal": renewal_id, "period": f"{period_start:%Y%m%dT%H%M%S}"}


def _want(renewal: Renewal, measure: Measure, now: datetime) -> None:
    """Has it done with the service, as soon as nothing else is in the way: see `measures`."""
    renewal.measure, renewal.measure_at = measure, now


def _period(service: Service) -> queries.Period:
    assert service.term_ends_at is not None
    return service.pk, service.term_ends_at, services.end_of_term(service, service.term_ends_at)


def day(moment: datetime | None) -> str:
    """The date on the operator's calendar, as mails have it."""
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
