"""What playbooks can ask about customers."""

from __future__ import annotations

from alta.connectors.contract import Output, Params
from alta.connectors.registry import Effect, effect
from alta.customers import rules
from alta.customers.models import Customer
from alta.customers.refusals import (
    NOT_FOUND,
    NOT_OPEN,
    PAYMENT_METHOD_EXPIRED,
    PAYMENT_METHOD_MISSING,
)
from alta.customers.rules import Status


class CheckParams(Params):
    customer_id: int
    require_payment_method: bool = False


class Checked(Output):
    name: str
    kind: str
    language: str


@effect("customer.check", read_only=True)
def check(params: CheckParams, effect: Effect) -> Checked:
    """Makes sure that a customer may be served: open, and where asked with a default payment method that
    hasn't expired. One that was merged into another counts as that one. Changes nothing, so it may be called any
    number of times."""
    customer = Customer.objects.select_related("merged_into").filter(pk=params.customer_id).first()
    if customer is not None and customer.merged_into is not None:
        customer = customer.merged_into
    if customer is None:
        raise NOT_FOUND(customer=params.customer_id)
    status = Status(customer.status)
    if not rules.may_be_served(status):
        raise NOT_OPEN(customer=customer.name, status=str(status.label))
    if params.require_payment_method:
        method = customer.payment_methods.filter(is_default=True).first()
        if method is None:
            raise PAYMENT_METHOD_MISSING(customer=customer.name)
        if rules.has_expired(method.exp_year, method.exp_month, effect.now.date()):
            raise PAYMENT_METHOD_EXPIRED(customer=customer.name)
    return Checked(name=customer.name, kind=customer.kind, language=customer.language)
