"""What an order costs, from its rows."""

from __future__ import annotations

from datetime import datetime

from alta.orders.models import Order
from alta.orders.rules import BEFORE_TERM_END, Action, Quote, Term, quote_addon, quote_plan_change
from alta.services.models import Service
from alta.services.queries import addons_price


def current_term(service: Service) -> Term | None:
    """The period that is paid for; nothing before the service works."""
    if service.term_began_at is None or service.term_ends_at is None:
        return None
    return Term(service.term_began_at, service.term_ends_at)


def effective_at(order: Order) -> datetime | None:
    """When the change shall happen; None is at once."""
    if not order.at_term_end or order.service is None or order.service.term_ends_at is None:
        return None
    return order.service.term_ends_at - BEFORE_TERM_END


def quote_choices(order: Order, now: datetime) -> tuple[Quote, Quote]:
    """What a change of plan costs at once, and at the end of the term."""
    assert order.product is not None and order.service is not None
    old, new = order.service.recurring_price, order.product.recurring_price
    others, term = addons_price(order.service), current_term(order.service)
    return (
        quote_plan_change(old, new, others, term, None, now),
        quote_plan_change(old, new, others, term, term.end if term else None, now),
    )


def quote(order: Order, now: datetime) -> Quote:
    """What the order costs now and from now on."""
    product, service = order.product, order.service
    assert product is not None
    if order.action == Action.CREATE or service is None:
        return Quote(order.agreed_setup_price + order.agreed_recurring_price, 0, order.agreed_recurring_price)
    others = addons_price(service)
    term = current_term(service)
    if order.action == Action.ADDON:
        return quote_addon(
            order.agreed_setup_price,
            order.agreed_recurring_price,
            service.recurring_price + others,
            term,
            now,
        )
    if order.action == Action.MODIFY:
        return quote_plan_change(
            service.recurring_price, product.recurring_price, others, term, effective_at(order), now
        )
    return Quote(0, 0, service.recurring_price + others)
