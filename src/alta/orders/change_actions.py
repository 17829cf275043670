"""What the playbooks of add-ons and changes write to Alta's own data. Each acts for the order of its job, and may be
repeated."""

from __future__ import annotations

from typing import Any

from alta.billing import services as billing
from alta.billing.rules import ChargeKind
from alta.billing.services import Line
from alta.connectors.contract import Done, Output, Params
from alta.connectors.payments.models import Payment as Paid
from alta.connectors.registry import Effect, effect
from alta.inventory import services as stock
from alta.orders.models import Order
from alta.orders.refusals import NOT_FOUND
from alta.services import services
from alta.services.models import Service
from alta.services.services import Terms


class OfOrder(Params):
    """`payment` is what `payments.capture` or `payments.take_back` gave back (`result`), where there was one."""

    payment: Paid | None = None


class Swapped(Params):
    """`name` is how the service is called with its new number; left empty, its name stays."""

    name: str = ""


class Changed(Output):
    service: str
    state: str


def _order(effect: Effect) -> tuple[Order, Service]:
    order = Order.objects.select_related("service", "product").filter(pk=effect.order_id or 0).first()
    if order is None or order.service is None or order.product is None:
        raise NOT_FOUND()
    return order, order.service


def _who(effect: Effect) -> dict[str, Any]:
    return {"actor": effect.actor, "now": effect.now}


def _charge(order: Order, service: Service, kind: ChargeKind, payment: Paid | None, effect: Effect) -> None:
    """What is due for the order: paid with the payment that was taken, or owed. Once."""
    assert order.product is not None
    line = Line(kind, order.due, None, order.product.name)
    about: dict[str, Any] = {"service_uuid": service.uuid, "order_id": order.pk, **_who(effect)}
    if payment and payment.state == "captured":
        billing.record_capture(payment.reference, [line], **about)
    elif order.due and not order.before.get("charged"):
        billing.charge(service.customer_id, line, service.currency, **about)
        order.before["charged"] = True


def _take_payment_back(order: Order, payment: Paid | None, effect: Effect) -> None:
    refunded = payment is not None and payment.state == "refunded"
    billing.record_taken_back(str(order.holder), refunded, **_who(effect))
    billing.credit_charges_of_order(order.pk, **_who(effect))


@effect("order.addon_delivered")
def addon_delivered(params: OfOrder, effect: Effect) -> Changed:
    """The service has the add-on: stock chosen for it is the service's, and what it costs is charged."""
    order, service = _order(effect)
    assert order.product is not None
    for item_id in order.selection.values():
        stock.assign(item_id, service.uuid, effect.now, reserved_by=order.holder, actor=effect.actor)
    services.add_addon(
        service.pk,
        order.holder,
        order.product.pk,
        name=order.product.name,
        recurring_price=order.agreed_recurring_price,
        items=order.selection,
        order_id=order.pk,
        **_who(effect),
    )
    _charge(order, service, ChargeKind.ADDON, params.payment, effect)
    order.save(update_fields=["before"])
    return Changed(service=service.name, state=service.state)


@effect("order.addon_taken_back")
def addon_taken_back(params: OfOrder, effect: Effect) -> Done:
    """The add-on never was: it ends, its stock is free, its charges are credited, and money given back is booked."""
    order, service = _order(effect)
    for item_id in order.selection.values():
        stock.return_to_stock(item_id, service.uuid, effect.now, never_used=True, actor=effect.actor)
    services.end_addon(order.holder, **_who(effect))
    _take_payment_back(order, params.payment, effect)
    return Done()


@effect("order.plan_changed")
def plan_changed(params: OfOrder, effect: Effect) -> Changed:
    """The service is the new plan's, at the price agreed with the order; the difference for the rest of the period is
    charged or credited."""
    order, service = _order(effect)
    assert order.product is not None
    if "product" not in order.before:
        terms = Terms(order.product.pk, order.product.recurring_price)
        before = services.change_product(service.pk, terms, **_who(effect))
        order.before |= {"product": before.product_id, "recurring_price": before.recurring_price}
        if order.credit:
            billing.credit(
                service.customer_id,
                order.credit,
                service.currency,
                memo=order.product.name,
                service_uuid=service.uuid,
                **_who(effect),
            )
    _charge(order, service, ChargeKind.ADJUSTMENT, params.payment, effect)
    order.save(update_fields=["before"])
    return Changed(service=service.name, state=service.state)


@effect("order.plan_change_taken_back")
def plan_change_taken_back(params: OfOrder, effect: Effect) -> Done:
    """The service is again what it was, and so is what the customer owes."""
    order, service = _order(effect)
    if "product" in order.before:
        terms = Terms(order.before.pop("product"), order.before.pop("recurring_price"))
        services.change_product(service.pk, terms, **_who(effect))
        if order.credit:
            billing.charge(
                service.customer_id,
                Line(ChargeKind.ADJUSTMENT, order.credit, None, order.product.name if order.product else ""),
                service.currency,
                service_uuid=service.uuid,
                **_who(effect),
            )
    _take_payment_back(order, params.payment, effect)
    order.save(update_fields=["before"])
    return Done()


@effect("order.items_swapped")
def items_swapped(params: Swapped, effect: Effect) -> Changed:
    """The service has the new pieces of stock; the ones that they replace go back, as after use."""
    order, service = _order(effect)
    if "items" not in order.before:
        for item_id in order.selection.values():
            stock.assign(item_id, service.uuid, effect.now, reserved_by=order.holder, actor=effect.actor)
        before = services.replace_items(service.pk, order.selection, actor=effect.actor, name=params.name)
        for item_id in before.values():
            stock.return_to_stock(item_id, service.uuid, effect.now, actor=effect.actor)
        order.before |= {"items": before, "name": service.name}
        order.save(update_fields=["before"])
    return Changed(service=service.name, state=service.state)


@effect("order.swap_taken_back")
def swap_taken_back(params: OfOrder, effect: Effect) -> Done:
    """The service has its earlier pieces of stock again. Refuses (`inventory.item.held`) where another has one by now."""
    order, service = _order(effect)
    if "items" in order.before:
        before = order.before.pop("items")
        for item_id in before.values():
            stock.reinstate(item_id, service.uuid, effect.now, actor=effect.actor)
        for item_id in order.selection.values():
            stock.return_to_stock(item_id, service.uuid, effect.now, never_used=True, actor=effect.actor)
        name = order.before.pop("name", "")
        services.replace_items(service.pk, before, actor=effect.actor, name=name)
        order.save(update_fields=["before"])
    return Done()


@effect("order.moved")
def moved(params: OfOrder, effect: Effect) -> Changed:
    """The service is at the site that the order names."""
    order, service = _order(effect)
    if "site" not in order.before:
        order.before |= {"site": services.move(service.pk, order.site_id, **_who(effect))}
        order.save(update_fields=["before"])
    return Changed(service=service.name, state=service.state)


@effect("order.move_taken_back")
def move_taken_back(params: OfOrder, effect: Effect) -> Done:
    """The service is where it was."""
    order, service = _order(effect)
    if "site" in order.before:
        services.move(service.pk, order.before.pop("site"), **_who(effect))
        order.save(update_fields=["before"])
    return Done()


@effect("order.terminated")
def terminated(params: OfOrder, effect: Effect) -> Changed:
    """The service is over: its add-ons end, equipment goes back to stock and its number to quarantine."""
    _, service = _order(effect)
    ended = services.terminate(service.pk, **_who(effect))
    stock.return_all(service.uuid, effect.now, actor=effect.actor)
    return Changed(service=ended.name, state=ended.state)
