"""What playbooks of orders write to Alta's own data: the moment in which a service becomes the customer's, and its money
ours."""

from __future__ import annotations

from typing import Any

from alta.billing import services as billing
from alta.billing.rules import ChargeKind
from alta.billing.services import Line
from alta.connectors.contract import Done, Output, Params
from alta.connectors.payments.models import Payment as Paid
from alta.connectors.registry import Effect, effect
from alta.orders import confirming as _confirming  # noqa: F401 - has orders follow their jobs wherever jobs run
from alta.services import services
from alta.services.queries import service_by_id


class Delivery(Params):
    service: int
    name: str = ""
    payment: Paid | None = None


class Delivered(Output):
    id: int
    name: str
    state: str
    paid_until: str


class TakenBack(Params):
    service: int
    key: str
    payment: Paid | None = None


@effect("order.delivered")
def delivered(params: Delivery, effect: Effect) -> Delivered:
    """The service works and its first term begins; set-up and first period are charged, and the payment that was
    captured for them is booked. All of it or nothing, and once: an active service stays as it is.

    Without a payment the customer owes the amount. Refuses (`service.wrong_state`) a service that has ended."""
    before = service_by_id(params.service).activated_at
    service = services.activate(params.service, actor=effect.actor, now=effect.now, name=params.name)
    assert service.activated_at and service.term_ends_at
    first_term = (service.activated_at, services.end_of_term(service, service.activated_at))
    lines = [
        Line(ChargeKind.SETUP, service.setup_price, None, service.name),
        Line(ChargeKind.RECURRING, service.recurring_price, first_term, service.name),
    ]
    about: dict[str, Any] = {
        "service_uuid": service.uuid,
        "order_id": effect.order_id,
        "actor": effect.actor,
        "now": effect.now,
    }
    if params.payment and params.payment.state == "captured":
        billing.record_capture(params.payment.reference, lines, **about)
    elif before is None:
        for line in lines:
            if line.amount:
                billing.charge(service.customer_id, line, service.currency, **about)
    return Delivered(
        id=service.pk,
        name=service.name,
        state=service.state,
        paid_until=service.term_ends_at.isoformat(),
    )


@effect("order.taken_back")
def taken_back(params: TakenBack, effect: Effect) -> Done:
    """The service never was: it ends, its charges are credited, and the payment that was given back is booked.
    Idempotent."""
    service = services.terminate(params.service, actor=effect.actor, now=effect.now)
    was_refunded = params.payment is not None and params.payment.state == "refunded"
    billing.record_taken_back(params.key, was_refunded, actor=effect.actor, now=effect.now)
    billing.credit_charges_of(service.uuid, actor=effect.actor, now=effect.now)
    return Done()
