"""Gathers what the checks before a confirmation need, in a fixed number of statements."""

from __future__ import annotations

from datetime import datetime

from alta.billing.queries import balances
from alta.catalog.rules import eligibility
from alta.connectors import registry
from alta.connectors.payments.connector import Payments, PaymentsSettings
from alta.customers.models import PaymentMethod
from alta.inventory.models import Item
from alta.money import format_amount
from alta.orders.checks import TO_SERVE, Check, Facts, Method, Named, Silent, blocking, checks
from alta.orders.models import Order
from alta.orders.queries import IN_USE, customer_facts, sold_products
from alta.orders.quoting import quote
from alta.orders.rules import SALES, Action, State
from alta.playbooks.plan import plan_of_version
from alta.playbooks.queries import current_version
from alta.refusal import Refusal
from alta.runner.models import ConnectorState
from alta.services.models import Service
from alta.services.rules import contract_end
from alta.services.services import operator_zone

SHOWN = 3  # of services and orders that are there already


def checks_of(order: Order, now: datetime) -> list[Check]:
    """Everything that somebody should know before they confirm a complete draft."""
    return checks(_facts(order, now), now)


def refuse_blocked(order: Order, now: datetime) -> None:
    """Refuses what blocks and depends on the customer alone; stock and the catalogue's rules are refused where they are
    locked."""
    for check in blocking(_of_customer(order, now), now):
        assert check.refusal is not None
        raise check.refusal


def playbook_of(order: Order) -> str:
    """The playbook that the order will run: of what is sold, or of the service that is changed."""
    assert order.product is not None
    if order.action in SALES or order.service is None:
        return order.product.playbook
    return order.service.product.playbook_for(order.action)


def _of_customer(order: Order, now: datetime) -> Facts:
    assert order.customer is not None and order.product is not None
    due = quote(order, now).due
    pays = due > 0 and Payments.name in _systems(order)
    return Facts(
        action=order.action,
        customer=order.customer.name,
        status=order.customer.status,
        due=due,
        must_pay=pays and _without_method() == "refuse",
        method=_method(order) if due else None,
    )


def _facts(order: Order, now: datetime) -> Facts:
    known = _of_customer(order, now)
    assert order.product is not None
    items = list(Item.objects.filter(pk__in=order.selection.values()))
    return Facts(
        **{name: getattr(known, name) for name in ("action", "customer", "status", "due")},
        must_pay=known.must_pay,
        method=known.method,
        unfit=_unfit(order, now),
        twins=_twins(order),
        open_orders=_open_orders(order),
        owes=tuple(
            format_amount(one.amount, one.currency)
            for one in balances(order.customer_id or 0)
            if one.amount > 0
        ),
        contract_until=_contract_until(order),
        takes_stock=bool(items),
        held_until=min((one.held_until for one in items if _held(one, order)), default=None),  # type: ignore[type-var]
        lost=tuple(one.identifier for one in items if one.holder not in (None, order.holder)),
        silent=_silent(order),
    )


def _held(item: Item, order: Order) -> bool:
    return item.holder == order.holder and item.held_until is not None


def _systems(order: Order) -> frozenset[str]:
    names = [one.playbook for one in sold_products(order)] if order.bundle else [playbook_of(order)]
    versions = [version for name in names if (version := current_version(name))]
    return frozenset().union(*(plan_of_version(version.pk).connectors for version in versions))


def _without_method() -> str:
    settings = registry.read_settings(Payments)
    assert isinstance(settings, PaymentsSettings)
    return settings.without_method


def _method(order: Order) -> Method | None:
    found = PaymentMethod.objects.filter(customer_id=order.customer_id or 0, is_default=True).first()
    if found is None:
        return None
    label = f"{found.brand or found.provider} ····{found.last4}" if found.last4 else found.provider
    return Method(label, found.exp_year, found.exp_month)


def _unfit(order: Order, now: datetime) -> tuple[Refusal, ...]:
    if order.action not in TO_SERVE:
        return ()
    assert order.product is not None and order.customer_id is not None
    site = order.site_id or (order.service.site_id if order.service else None)
    replaced = order.service_id if order.action == Action.MODIFY else None
    known = customer_facts(order.customer_id, site, now, without_service=replaced)
    return tuple(eligibility(order.product.facts, known))


def _twins(order: Order) -> tuple[Named, ...]:
    """Services of the same product that the customer uses already."""
    if order.action != Action.CREATE:
        return ()
    found = Service.objects.filter(
        customer_id=order.customer_id or 0, product_id=order.product_id or 0, state__in=IN_USE
    )
    return tuple(Named(str(one.pk), one.name) for one in found.order_by("-pk")[:SHOWN])


def _open_orders(order: Order) -> tuple[Named, ...]:
    """Orders of the same product for the same customer that are not finished."""
    found = Order.objects.filter(
        customer_id=order.customer_id or 0,
        product_id=order.product_id or 0,
        action=order.action,
        state__in=(State.IN_PROGRESS, State.HELD),
    ).exclude(pk=order.pk)
    return tuple(
        Named(str(one.uuid), f"{one.get_state_display()} ({one.pk})") for one in found.order_by("-pk")[:SHOWN]
    )


def _contract_until(order: Order) -> datetime | None:
    service = order.service
    if service is None or service.activated_at is None or not service.product.contract_months:
        return None
    return contract_end(service.activated_at, service.product.contract_months, operator_zone())


def _silent(order: Order) -> tuple[Silent, ...]:
    titles = registry.connector_classes()
    states = ConnectorState.objects.filter(name__in=_systems(order)).order_by("name")
    return tuple(
        Silent(str(titles[one.name].title), one.paused)
        for one in states
        if one.name in titles and (one.paused or one.open_until is not None)
    )
