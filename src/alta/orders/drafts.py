"""Choosing step by step what an order will do, and giving up. Each use case is one transaction under the draft's lock."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from alta.catalog.models import Product, RequiredItem
from alta.catalog.rules import AutoRenew, Kind, eligibility, for_sale
from alta.catalog.versions import bring_into_force
from alta.customers.models import Customer
from alta.customers.refusals import MERGED
from alta.customers.registration import NewCustomer, register_customer
from alta.installations import booking
from alta.installations.models import Appointment
from alta.inventory import services as stock
from alta.inventory.models import Item
from alta.orders import details, visit
from alta.orders.changes import fits, refuse_addon, refuse_change, services_for_addon
from alta.orders.models import Order
from alta.orders.queries import customer_facts, required_item, required_items, sold_products
from alta.orders.refusals import (
    CUSTOMER_NOT_FOUND,
    INPUT_UNKNOWN,
    ITEM_OF_ANOTHER_KIND,
    NOT_A_DRAFT,
    NOT_FOUND,
    OTHER_ACTION,
    PRODUCT_NOT_FOUND,
    SAME_PLAN,
    SERVICE_OF_ANOTHER,
    WRONG_KIND,
)
from alta.orders.rules import SALES, Action, Facts, State
from alta.refusal import Refusal
from alta.services import queries as service_queries


def _draft(order_uuid: UUID) -> Order:
    order = Order.objects.select_for_update().filter(uuid=order_uuid).first()
    if order is None:
        raise NOT_FOUND()
    if order.state != State.DRAFT:
        raise NOT_A_DRAFT()
    return order


@transaction.atomic
def begin(
    *,
    actor: str,
    now: datetime,
    product_id: int | None = None,
    customer_id: int | None = None,
    service_id: int | None = None,
) -> Order:
    """A new draft, from the catalogue (with a product), from a customer's page (with a customer), or from a service that
    shall have an add-on."""
    order = Order.objects.create(created_by=actor, created_at=now)
    if service_id is not None:
        order = choose_service(order.uuid, service_id)
    elif customer_id is not None:
        order = choose_customer(order.uuid, customer_id)
    if product_id is not None:
        order = choose_product(order.uuid, product_id, actor=actor, now=now)
    return order


@transaction.atomic
def begin_change(service_id: int, action: Action, *, actor: str, now: datetime) -> Order:
    """A new draft that changes a service. Refuses what the service's state or product does not allow, and a second change
    while another is under way (`order.change_under_way`)."""
    service = service_queries.service_by_id(service_id)
    refuse_change(service, action)
    return Order.objects.create(
        action=action,
        service=service,
        customer=service.customer,
        product=None if action == Action.MODIFY else service.product,
        created_by=actor,
        created_at=now,
    )


@transaction.atomic
def choose_product(order_uuid: UUID, product_id: int, *, actor: str, now: datetime) -> Order:
    """Chooses the product; an add-on makes the order one for an existing service. What had been chosen from stock for
    another product is free again."""
    bring_into_force(now)
    order = _draft(order_uuid)
    product = Product.objects.filter(pk=product_id).first()
    if product is None:
        raise PRODUCT_NOT_FOUND()
    _refuse_first(for_sale(product.facts))
    _fit_action(order, product)
    if order.customer_id is not None:
        replaced = order.service_id if order.action == Action.MODIFY else None
        known = customer_facts(order.customer_id, now=now, without_service=replaced)
        _refuse_first(eligibility(product.facts, known))
    if order.product_id != product.pk:
        stock.release_all(order.holder, now, actor=actor)
        booking.release(order.uuid, actor=actor)
        order.selection = {}
        order.auto_renew = None
        order.custom = None
    order.product = product
    _take_only_service(order)
    order.save()
    return order


def _fit_action(order: Order, product: Product) -> None:
    """What the order does follows from what is sold; a change of plan stays one."""
    if order.action == Action.MODIFY:
        assert order.service is not None
        if product.kind != Kind.PLAN or product.service_type != order.service.service_type:
            raise WRONG_KIND(product=product.name)
        if product.pk == order.service.product_id:
            raise SAME_PLAN(product=product.name)
        return
    if order.action not in SALES:
        raise OTHER_ACTION(action=str(order.get_action_display()))
    order.action = Action.ADDON if product.kind == Kind.ADDON else Action.CREATE
    order.bundle = product.kind == Kind.BUNDLE
    if order.service is not None and (order.bundle or not fits(product, order.service)):
        order.service = None


def _take_only_service(order: Order) -> None:
    """Where only one service can have the add-on, nobody is asked which."""
    if order.action != Action.ADDON or order.customer_id is None or order.service_id is not None:
        return
    candidates = list(services_for_addon(order)[:2])
    if len(candidates) == 1:
        order.service = candidates[0]


@transaction.atomic
def choose_service(order_uuid: UUID, service_id: int) -> Order:
    """Chooses the service that gets the add-on, and with it the customer. Refuses one of another customer, of another type
    than the add-on, or not active."""
    order = _draft(order_uuid)
    if order.action not in SALES:
        raise OTHER_ACTION(action=str(order.get_action_display()))
    service = service_queries.service_by_id(service_id)
    if order.customer_id is not None and service.customer_id != order.customer_id:
        raise SERVICE_OF_ANOTHER(service=service.name)
    if order.customer_id is None:
        order = choose_customer(order_uuid, service.customer_id)
    if order.product is not None and not fits(order.product, service):
        raise WRONG_KIND(product=order.product.name)
    refuse_addon(service)
    order.action, order.service = Action.ADDON, service
    order.save()
    return order


@transaction.atomic
def choose_when(order_uuid: UUID, at_term_end: bool) -> Order:
    """Whether a change of plan happens at once or when the current period ends."""
    order = _draft(order_uuid)
    order.at_term_end = at_term_end
    order.save()
    return order


@transaction.atomic
def choose_customer(order_uuid: UUID, customer_id: int) -> Order:
    """Chooses the customer. Refuses one who can't have the product that was chosen before."""
    order = _draft(order_uuid)
    # Locked: two records of one customer may be merged at this very moment.
    found = Customer.objects.select_for_update(of=("self",)).select_related("merged_into")
    customer = found.filter(pk=customer_id).first()
    if customer is None:
        raise CUSTOMER_NOT_FOUND()
    if customer.merged_into is not None:
        raise MERGED(customer=customer.name, into=customer.merged_into)
    if order.product is not None:
        _refuse_first(eligibility(order.product.facts, customer_facts(customer_id)))
    if order.action not in SALES:
        raise OTHER_ACTION(action=str(order.get_action_display()))
    if order.customer_id != customer.pk:
        details.forget(order)
        booking.release(order.uuid, actor=order.created_by)
        order.service = None
    order.customer = customer
    _take_only_service(order)
    order.save()
    return order


@transaction.atomic
def choose_item(order_uuid: UUID, name: str, item_id: int, *, actor: str, now: datetime) -> Item:
    """Reserves an item from stock for one of the product's inputs; the one chosen before is free again.

    Refuses one that somebody else holds (`inventory.item.held`), and leaves the earlier choice as it was."""
    order = _draft(order_uuid)
    required = _required(order, name)
    item = Item.objects.filter(pk=item_id, template_id=required.template_id).first()
    if item is None:
        raise ITEM_OF_ANOTHER_KIND(item=item_id, wanted=required.label)
    before = order.selection.get(name)
    item = stock.reserve(item_id, order.holder, now, actor=actor)
    if before is not None and before != item_id:
        stock.release(before, order.holder, now, actor=actor)
    order.selection = {**order.selection, name: item_id}
    order.save()
    return item


@transaction.atomic
def leave_item(order_uuid: UUID, name: str, *, actor: str, now: datetime) -> Order:
    """Takes a choice from stock back: the item is free again. Without one there is nothing to do."""
    order = _draft(order_uuid)
    item_id = order.selection.get(name)
    if item_id is not None:
        stock.release(item_id, order.holder, now, actor=actor)
        order.selection = {key: value for key, value in order.selection.items() if key != name}
        order.save()
    return order


@transaction.atomic
def answer_details(order_uuid: UUID, answers: details.Answers) -> Order:
    """The service's data: site, contacts and custom fields. Refuses, naming it, one that is missing or malformed, and a
    site or contact of somebody else."""
    order = _draft(order_uuid)
    details.put(order, answers)
    order.save()
    return order


@transaction.atomic
def choose_slot(order_uuid: UUID, slot_id: int, day: date, *, now: datetime) -> Appointment:
    """Holds a place in the calendar of installations; the one held before is free again. Refuses one that is full or not
    offered (`installation.slot_full`, `installation.slot_not_offered`), and leaves the earlier choice as it was."""
    order = _draft(order_uuid)
    return booking.hold(order.uuid, slot_id, day, visit.place(order), now=now)


@transaction.atomic
def leave_slot_for_later(order_uuid: UUID) -> Appointment:
    """The day will be agreed with the customer after the order. Refuses where the product needs one now."""
    return visit.leave_for_later(_draft(order_uuid))


@transaction.atomic
def register_and_choose(order_uuid: UUID, new: NewCustomer, *, actor: str) -> Order:
    """Creates a customer in the middle of an assignment, and goes on with it. Where the product isn't for such a
    customer, nobody is created."""
    customer = register_customer(new, actor=actor)
    return choose_customer(order_uuid, customer.pk)


@transaction.atomic
def answer_renewal(order_uuid: UUID, renew: bool) -> Order:
    """Whether the service renews itself at the end of each period."""
    order = _draft(order_uuid)
    order.auto_renew = renew
    order.save()
    return order


def _required(order: Order, name: str) -> RequiredItem:
    required = required_item(order, name)
    if required is None:
        raise INPUT_UNKNOWN(input=name)
    return required


def facts(order: Order) -> Facts:
    """What the order has so far."""
    required = list(required_items(order))
    asks = details.asked(order)
    selling = order.action == Action.CREATE
    return Facts(
        action=order.action,
        has_service=order.service_id is not None,
        when_answered=order.at_term_end is not None,
        has_product=order.product_id is not None,
        has_customer=order.customer_id is not None,
        needs=[item.name for item in required if item.required],
        wants=[item.name for item in required],
        chosen=order.selection,
        asks_renewal=selling and any(asks_renewal(one) for one in sold_products(order)),
        renewal_answered=order.auto_renew is not None,
        asks_details=asks is not None,
        details_answered=asks is None or details.is_complete(order, asks),
        asks_installation=visit.asked(order),
        installation_answered=not visit.asked(order) or visit.is_complete(order),
    )


def asks_renewal(product: Product) -> bool:
    """Whether the customer says if the service renews itself."""
    return product.kind == Kind.PLAN and product.auto_renew == AutoRenew.ASKED


@transaction.atomic
def give_up(order_uuid: UUID, *, actor: str, now: datetime) -> Order:
    """Cancels a draft; what was chosen from stock is free again. Giving up twice is giving up once."""
    order = Order.objects.select_for_update().filter(uuid=order_uuid).first()
    if order is None:
        raise NOT_FOUND()
    if order.state == State.CANCELLED:
        return order
    if order.state != State.DRAFT:
        raise NOT_A_DRAFT()
    stock.release_all(order.holder, now, actor=actor)
    booking.release(order.uuid, actor=actor)
    order.state, order.ended_at, order.selection = State.CANCELLED, now, {}
    order.save()
    return order


def _refuse_first(reasons: list[Refusal]) -> None:
    if reasons:
        raise reasons[0]
