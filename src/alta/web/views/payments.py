"""What a customer's page shows of money, and what an assignment will cost when."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from alta.billing import queries
from alta.catalog.models import Product
from alta.catalog.rules import AutoRenew, Period, auto_renews
from alta.customers.models import Customer
from alta.orders.models import Order
from alta.renewals.queries import next_charge_of
from alta.services.rules import term_end
from alta.services.services import operator_zone
from alta.web.views.bundles import bundle_lines


def payments(customer: Customer, before: str) -> dict[str, Any]:
    """For `web/customer_payments.html`: methods, balance, what comes next, and one page of transactions."""
    begin = int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None
    page = queries.transactions(customer.pk, begin)
    return {
        "balances": queries.balances(customer.pk),
        "open_payments": queries.open_payments(customer.pk),
        "next_charges": next_charge_of(customer.pk)[:10],
        "transactions": page.rows,
        "older": page.older,
    }


def charges_ahead(order: Order, product: Product, now: datetime) -> dict[str, Any]:
    """For the review: what is charged first and next, and when. Without renewal, when the service ends."""
    ends = term_end(now, Period(product.period), operator_zone())
    renewing = _renewing(order, product)
    return {
        "first_charge": product.setup_price + product.recurring_price,
        "first_charge_at": now,
        "next_charge": sum(renewing) if renewing else None,
        "term_ends_at": ends,
    }


def _renewing(order: Order, product: Product) -> list[int]:
    """The recurring prices of what renews itself: of a bundle those of some members, or of all."""
    parts = [(one.product, one.recurring_price) for one in bundle_lines(order)]
    return [
        price
        for part, price in parts or [(product, product.recurring_price)]
        if auto_renews(AutoRenew(part.auto_renew), part.auto_renew_default, order.auto_renew)
    ]
