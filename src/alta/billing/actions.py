"""What playbooks write to the books: effects that follow what the `payments` connector did."""

from __future__ import annotations

from uuid import UUID

from alta.billing import services
from alta.billing.services import Money
from alta.connectors.contract import Done, Output, Params
from alta.connectors.payments.models import Payment as Paid
from alta.connectors.registry import Effect, effect
from alta.customers import rules
from alta.customers.models import Customer
from alta.customers.refusals import NOT_FOUND, NOT_OPEN
from alta.customers.rules import Status


class OfPayment(Params):
    """`payment` is what the action of `payments` gave back (`result`). Without one there is nothing to write."""

    payment: Paid | None = None


class Authorised(OfPayment):
    customer_id: int
    service: UUID | None = None


class TakenBack(OfPayment):
    """`key` is the `reference` that `payments.authorise` was given."""

    key: str


class Booked(Output):
    state: str


def money(payment: Paid, service: UUID | None = None) -> Money:
    """The payment as the books take it."""
    return Money(
        key=payment.reference,
        provider=payment.provider,
        amount=payment.amount,
        currency=payment.currency,
        ref=payment.ref,
        method_id=payment.method,
        service_uuid=service,
    )


@effect("billing.authorised")
def authorised(params: Authorised, effect: Effect) -> Booked:
    """Makes sure that the customer may be served, and notes the money that is held. Idempotent.

    Refuses (`customer.not_open`) a customer who is suspended or closed."""
    customer = Customer.objects.filter(pk=params.customer_id).first()
    if customer is None:
        raise NOT_FOUND(customer=params.customer_id)
    status = Status(customer.status)
    if not rules.may_be_served(status):
        raise NOT_OPEN(customer=customer.name, status=str(status.label))
    if params.payment is None or params.payment.state == "nothing":
        return Booked(state="nothing")
    held = services.record_authorisation(
        customer.pk, money(params.payment, params.service), actor=effect.actor, now=effect.now
    )
    return Booked(state=held.state)


@effect("billing.captured")
def captured(params: OfPayment, effect: Effect) -> Done:
    """Notes that the money was taken, for nothing in particular: it counts towards what the customer owes."""
    if params.payment and params.payment.state == "captured":
        services.record_capture(params.payment.reference, actor=effect.actor, now=effect.now)
    return Done()


@effect("billing.voided")
def voided(params: OfPayment, effect: Effect) -> Done:
    """Notes that held money was let go. Idempotent."""
    if params.payment and params.payment.state == "voided":
        services.record_void(params.payment.reference, actor=effect.actor, now=effect.now)
    return Done()


@effect("billing.refunded")
def refunded(params: OfPayment, effect: Effect) -> Done:
    """Notes that taken money was given back. Idempotent."""
    if params.payment and params.payment.state == "refunded":
        services.record_refund(params.payment.reference, actor=effect.actor, now=effect.now)
    return Done()


@effect("billing.taken_back")
def taken_back(params: TakenBack, effect: Effect) -> Done:
    """Notes what `payments.take_back` did: held money let go, or taken money given back. Idempotent."""
    was_refunded = params.payment is not None and params.payment.state == "refunded"
    services.record_taken_back(params.key, was_refunded, actor=effect.actor, now=effect.now)
    return Done()
