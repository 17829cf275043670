"""Many renewals that were paid at the same moment: the plain cases of `renewal.paid`, in a few statements."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from alta.audit.models import Entry
from alta.billing.actions import money
from alta.billing.bulk import Taken, known_payments, record_taken
from alta.billing.services import Line
from alta.renewals.lines import PaidRenewal, lines
from alta.renewals.models import Renewal
from alta.renewals.rules import State
from alta.services.bulk import extend_terms
from alta.services.models import Service
from alta.services.services import end_of_term


def settle(paid: Sequence[PaidRenewal], *, actor: str, now: datetime) -> list[bool]:
    """Extends services by the periods that were paid, and books it all; for each of the given renewals, whether. Left out
    is what isn't plain: a service that rests or has ended, a term that was moved, money that is in the books."""
    renewals = {one.pk: one for one in _locked([one.renewal for one in paid])}
    services = {one.pk: one for one in _locked_services(renewals.values())}
    known = known_payments(one.payment.reference for one in paid)
    plain = {
        renewal.pk: Taken(service.customer_id, money(one.payment, service.uuid), due)
        for one in paid
        if (renewal := renewals.get(one.renewal)) is not None
        and (service := services[renewal.service_id])
        and (due := lines(one, renewal, service))
        and one.payment.reference not in known
        and _is_plain(renewal, service, one, due)
    }
    done = [renewals[number] for number in plain]
    if done:
        Renewal.objects.filter(pk__in=plain).update(state=State.PAID, next_at=now, changed_at=now, reason="")
        extend_terms({one.service_id: one.period_end for one in done}, actor=actor)
        record_taken(list(plain.values()), actor=actor, now=now)
        _note(done, actor)
    return [one.renewal in plain for one in paid]


def _locked(numbers: Sequence[int]) -> Sequence[Renewal]:
    return list(Renewal.objects.select_for_update().filter(pk__in=numbers).order_by("pk"))


def _locked_services(renewals: Iterable[Renewal]) -> Sequence[Service]:
    wanted = [one.service_id for one in renewals]
    return list(Service.objects.select_for_update().filter(pk__in=wanted).order_by("pk"))


def _is_plain(renewal: Renewal, service: Service, paid: PaidRenewal, due: Sequence[Line]) -> bool:
    payment, total = paid.payment, sum(line.amount for line in due)
    return (
        renewal.state == State.CHARGING
        and not renewal.measure
        and service.state == "active"
        and service.term_ends_at == renewal.period_start
        and end_of_term(service, renewal.period_start) == renewal.period_end
        and payment.state == "captured"
        and (payment.amount, payment.currency) == (total, service.currency)
    )


def _note(renewals: Sequence[Renewal], actor: str) -> None:
    Entry.objects.bulk_create(
        Entry(
            actor=actor,
            action=f"renewal.{State.PAID.value}",
            object_type=one._meta.label_lower,
            object_id=str(one.pk),
            detail={"service": one.service_id},
        )
        for one in renewals
    )
