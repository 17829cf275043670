"""Use cases about orders: choosing step by step, confirming, giving up. Each is one transaction under the order's lock."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from alta.audit.log import record
from alta.catalog.models import Product, RequiredItem
from alta.catalog.rules import AutoRenew, auto_renews, eligibility, for_sale
from alta.customers.models import Customer
from alta.customers.refusals import MERGED
from alta.customers.registration import NewCustomer, register_customer
from alta.installations import booking
from alta.installations.models import Appointment
from alta.inventory import services as stock
from alta.inventory.models import Item
from alta.orders import details, visit
from alta.orders.models import Order
from alta.orders.queries import customer_facts, required_items
from alta.orders.refusals import (
    CUSTOMER_NOT_FOUND,
    INCOMPLETE,
    INPUT_UNKNOWN,
    ITEM_OF_ANOTHER_KIND,
    NOT_A_DRAFT,
    NOT_FOUND,
    PRODUCT_NOT_FOUND,
)
from alta.orders.rules import AFTER_JOB, TRANSITIONS, Facts, State, Step, next_step
from alta.refusal import Refusal
from alta.runner.hooks import when_job_ends
from alta.runner.models import Job
from alta.runner.services import Subject, start_job
from alta.services.services import create_service, terminate


def _draft(order_uuid: UUID) -> Order:
    order = Order.objects.select_for_update().filter(uuid=order_uuid).first()
    if order is None:
        raise NOT_FOUND()
    if order.state != State.DRAFT:
        raise NOT_A_DRAFT()
    return order


@transaction.atomic
def begin(
    *, actor: str, now: datetime, product_id: int | None = None, customer_id: int | None = None
) -> Order:
    """A new draft, from the catalogue (with a product) or from a customer's page (with a customer)."""
    order = Order.objects.create(created_by=actor, created_at=now)
    if customer_id is not None:
        order = choose_customer(order.uuid, customer_id)
    if product_id is not None:
        order = choose_product(order.uuid, product_id, actor=actor, now=now)
    return order


@transaction.atomic
def choose_product(order_uuid: UUID, product_id: int, *, actor: str, now: datetime) -> Order:
    """Chooses the product. What had been chosen from stock for another product is free again."""
    order = _draft(order_uuid)
    product = Product.objects.filter(pk=product_id).first()
    if product is None:
        raise PRODUCT_NOT_FOUND()
    _refuse_first(for_sale(product.facts))
    if order.customer_id is not None:
        _refuse_first(eligibility(product.facts, customer_facts(order.customer_id)))
    if order.product_id != product.pk:
        stock.release_all(order.service_uuid, now, actor=actor)
        booking.release(order.uuid, actor=actor)
        order.selection = {}
        order.auto_renew = None
        order.custom = None
    order.product = product
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
    if order.customer_id != customer.pk:
        details.forget(order)
        booking.release(order.uuid, actor=order.created_by)
    order.customer = customer
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
    item = stock.reserve(item_id, order.service_uuid, now, actor=actor)
    if before is not None and before != item_id:
        stock.release(before, order.service_uuid, now, actor=actor)
    order.selection = {**order.selection, name: item_id}
    order.save()
    return item


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
    required = required_items(order).filter(name=name).first()
    if required is None:
        raise INPUT_UNKNOWN(input=name)
    return required


def facts(order: Order) -> Facts:
    """What the order has so far."""
    required = list(required_items(order))
    asks = details.asked(order)
    return Facts(
        has_product=order.product_id is not None,
        has_customer=order.customer_id is not None,
        needs=[item.name for item in required if item.required],
        wants=[item.name for item in required],
        chosen=order.selection,
        asks_renewal=order.product is not None and order.product.auto_renew == "asked",
        renewal_answered=order.auto_renew is not None,
        asks_details=asks is not None,
        details_answered=asks is None or details.is_complete(order, asks),
        asks_installation=visit.asked(order),
        installation_answered=not visit.asked(order) or visit.is_complete(order),
    )


@transaction.atomic
def confirm(order_uuid: UUID, *, actor: str, now: datetime) -> Job:
    """Confirms the draft: the service is created and its job starts. Confirming twice starts one job, and gives that.

    Everything is checked again, because it may have changed since it was chosen; a refusal leaves the draft as it was."""
    order = Order.objects.select_for_update(of=("self",)).filter(uuid=order_uuid).first()
    if order is None:
        raise NOT_FOUND()
    if order.job is not None:
        return order.job
    if order.state != State.DRAFT:
        raise NOT_A_DRAFT()
    missing = next_step(facts(order))
    if missing != Step.REVIEW or order.product is None or order.customer is None:
        raise INCOMPLETE(step=missing.label)
    product, customer = order.product, order.customer
    _refuse_first(for_sale(product.facts))
    _refuse_first(eligibility(product.facts, customer_facts(customer.pk)))
    details.refuse_outdated(order)
    for item_id in sorted(
        order.selection.values()
    ):  # always in the same order: two confirmations never wait for each other
        stock.reserve(item_id, order.service_uuid, now, actor=actor)
    service = create_service(
        uuid=order.service_uuid,
        customer_id=customer.pk,
        product_id=product.pk,
        service_type=product.service_type,
        name=product.name_en if customer.language == "en" else product.name_es,
        auto_renew=auto_renews(AutoRenew(product.auto_renew), product.auto_renew_default, order.auto_renew),
        setup_price=product.setup_price,
        recurring_price=product.recurring_price,
        currency=product.currency,
        site_id=order.site_id,
        billing_contact_id=order.billing_contact_id,
        technical_contact_id=order.technical_contact_id,
        custom=order.custom,
        period=product.period,
        actor=actor,
        now=now,
    )
    installation = visit.keep(order, service, actor=actor, now=now)
    subject = Subject(service, customer, product, order.pk, installation)
    job = start_job(product.playbook, order.selection, subject, actor=actor, now=now)
    order.service, order.job = service, job
    order.state, order.confirmed_at = State.IN_PROGRESS, now
    order.save()
    record(actor, "order.confirmed", order, customer=customer.pk, product=product.slug, job=job.pk)
    return job


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
    stock.release_all(order.service_uuid, now, actor=actor)
    booking.release(order.uuid, actor=actor)
    order.state, order.ended_at, order.selection = State.CANCELLED, now, {}
    order.save()
    return order


@when_job_ends
def _follow_job(job_id: int, order_id: int, state: str, actor: str, now: datetime) -> None:
    """An order ends as its job ends; a job taken back takes the service with it and frees the stock still held."""
    order = Order.objects.select_for_update().get(pk=order_id)
    after = AFTER_JOB[state]
    if order.state == after or after not in TRANSITIONS[State(order.state)]:
        return
    order.state = after
    order.ended_at = now if after in (State.COMPLETED, State.CANCELLED) else None
    order.save()
    if after == State.CANCELLED and order.service_id is not None:
        terminate(order.service_id, actor=actor, now=now)
        stock.release_all(order.service_uuid, now, actor=actor)
        booking.release(order.uuid, actor=actor)
    record(actor, f"order.{after.value}", order, job=job_id)


def _refuse_first(reasons: list[Refusal]) -> None:
    if reasons:
        raise reasons[0]
