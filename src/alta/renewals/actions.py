"""What the playbooks of renewals write to Alta's own data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from alta.billing import services as billing
from alta.billing.actions import money
from alta.connectors.contract import Output
from alta.connectors.registry import Effect, effect
from alta.refusal import describe
from alta.renewals import bulk, services
from alta.renewals import housekeeping as _housekeeping  # noqa: F401 - registers what workers do about renewals
from alta.renewals.lines import OfRenewal, PaidRenewal, lines
from alta.renewals.models import Renewal
from alta.renewals.refusals import NOT_FOUND
from alta.renewals.rules import DECLINES, State
from alta.runner.models import Task


class Failure(OfRenewal):
    task: str = "charge"


class Settled(Output):
    """`mail` is the template of what the customer is told, or nothing."""

    state: str
    until: str = ""
    mail: str = ""


MAILS = {
    State.DECLINED: "renewal-declined",
    State.UNPAID: "renewal-suspended",
    State.NOTIFIED: "renewal-ending",
}


def paid_many(params: Sequence[PaidRenewal], effects: Sequence[Effect]) -> list[bool]:
    """As `renewal.paid`, for many jobs at once."""
    first = effects[0]
    return bulk.settle(params, actor=first.actor, now=first.now)


@effect("renewal.paid", many=paid_many)
def paid(params: PaidRenewal, effect: Effect) -> Settled:
    """Extends the service by exactly the period that was paid, and writes payment and charges to the books: one for the
    plan, and one for each add-on that costs something a period. Idempotent: a renewal is paid once."""
    renewal = Renewal.objects.select_related("service").filter(pk=params.renewal).first()
    if renewal is None:
        raise NOT_FOUND()
    if renewal.state == State.PAID:
        return Settled(state=renewal.state)
    service = renewal.service
    goes_on = services.record_success(renewal.pk, actor=effect.actor, now=effect.now)
    due = lines(params, renewal, service) if goes_on else []
    who: dict[str, Any] = {"actor": effect.actor, "now": effect.now}
    if params.payment.state == "captured":
        taken = money(params.payment, service.uuid)
        billing.record_authorisation(service.customer_id, taken, **who)
        billing.record_capture(taken.key, due, service_uuid=service.uuid, **who)
    else:
        for line in due:
            billing.charge(service.customer_id, line, service.currency, service_uuid=service.uuid, **who)
    return Settled(state="paid" if goes_on else "ended", until=renewal.period_end.isoformat())


@effect("renewal.failed")
def failed(params: Failure, effect: Effect) -> Settled:
    """Notes why the charge of a renewal did not work: the next try comes by the operator's schedule, then the service
    is suspended. The result's `state` says which, and its `mail` what to tell the customer."""
    error = (
        Task.objects.filter(job_id=effect.job_id, key=params.task).values_list("error", flat=True).first()
    ) or {}
    code = str(error.get("code", ""))
    reason = describe(code, error.get("params", {}), error.get("detail", ""))
    renewal = services.record_failure(params.renewal, code, reason, actor=effect.actor, now=effect.now)
    mail = MAILS.get(State(renewal.state), "") if code in DECLINES else ""
    return Settled(state=renewal.state, until=services.day(renewal.period_start), mail=mail)
