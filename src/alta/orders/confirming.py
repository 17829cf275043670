"""Confirming a draft, and following its job to the end. Each is one transaction under the order's lock."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from alta.audit.log import record
from alta.catalog.rules import eligibility
from alta.catalog.versions import bring_into_force
from alta.customers.models import Customer
from alta.installations import booking
from alta.inventory import services as stock
from alta.orders import bundles, details, visit
from alta.orders.changes import fits, refuse_addon, refuse_change, refuse_second
from alta.orders.checking import refuse_blocked
from alta.orders.drafts import facts
from alta.orders.models import Order
from alta.orders.queries import customer_facts
from alta.orders.quoting import effective_at, quote
from alta.orders.refusals import (
    BEING_UNDONE,
    INCOMPLETE,
    NOT_A_DRAFT,
    NOT_FOUND,
    PRODUCT_CHANGED,
    REASON_MISSING,
    WRONG_KIND,
)
from alta.orders.rules import AFTER_JOB, SALES, TRANSITIONS, WITH_REASON, Action, State, Step, next_step
from alta.orders.starting import new_service, start
from alta.refusal import Refusal
from alta.runner.hooks import when_job_ends, when_undo_begins
from alta.runner.models import Job
from alta.runner.rules import JobState
from alta.services.models import Service
from alta.services.services import end_addon, terminate


@transaction.atomic
def confirm(
    order_uuid: UUID, *, actor: str, now: datetime, reason: str = "", seen_version: int | None = None
) -> Job:
    """Confirms the draft: its job starts, for a new service after that was created; of a bundle, the first member's.
    Confirming twice starts one job, and gives that.

    Everything is checked again, because it may have changed since it was chosen; a refusal leaves the draft as it was.
    `seen_version` is the version of the product whose prices the person saw: another one is refused
    (`order.product.changed`)."""
    bring_into_force(now)
    order = Order.objects.select_for_update(of=("self",)).filter(uuid=order_uuid).first()
    if order is None:
        raise NOT_FOUND()
    if order.job is not None:
        return order.job
    if order.bundle and order.state not in (State.DRAFT, State.CANCELLED):
        return bundles.first_job(order)
    if order.state != State.DRAFT:
        raise NOT_A_DRAFT()
    _refuse_incomplete(order, reason)
    if seen_version is not None and order.product is not None and order.product.version != seen_version:
        raise PRODUCT_CHANGED(product=order.product.name)
    _refuse_outdated(order, now)
    refuse_blocked(order, now)
    # Always in the same order: two confirmations never wait for each other.
    for item_id in sorted(order.selection.values()):
        stock.reserve(item_id, order.holder, now, actor=actor)
    order.reason, order.effective_at = reason.strip()[:300], effective_at(order)
    price = quote(order, now)
    order.due, order.credit = price.due, price.credit
    order.confirmed_at = now
    job = bundles.begin(order, actor, now) if order.bundle else _begin(order, actor, now)
    assert order.product is not None
    record(
        actor,
        "order.confirmed",
        order,
        customer=order.customer_id,
        product=order.product.slug,
        job=job.pk,
        does=order.action,
    )
    return job


def _begin(order: Order, actor: str, now: datetime) -> Job:
    if order.action == Action.CREATE:
        order.service = new_service(order, actor, now)
    assert order.service is not None
    installation = visit.keep(order, order.service, actor=actor, now=now)
    order.job = start(order, installation, actor, now)
    order.state = State.IN_PROGRESS
    order.save()
    return order.job


def _refuse_incomplete(order: Order, reason: str) -> None:
    missing = next_step(facts(order))
    if missing != Step.REVIEW or order.product is None or order.customer is None:
        raise INCOMPLETE(step=missing.label)
    if order.action in WITH_REASON and not reason.strip():
        raise REASON_MISSING()


def _refuse_outdated(order: Order, now: datetime) -> None:
    """What was chosen must still be possible."""
    product, customer = order.product, order.customer
    assert product is not None and customer is not None
    if order.action in SALES or order.action == Action.MODIFY:
        # Two confirmations for one customer take turns: together they could have more than one may have.
        Customer.objects.select_for_update(of=("self",), no_key=True).get(pk=customer.pk)
        replaced = order.service_id if order.action == Action.MODIFY else None
        site = order.site_id or (order.service.site_id if order.service else None)
        known = customer_facts(customer.pk, site, now, without_service=replaced)
        _refuse_first(eligibility(product.facts, known))
    if order.action in (Action.CREATE, Action.MOVE):
        details.refuse_outdated(order)
    if order.service is not None:
        _refuse_while_undone(order.service)
        service = (
            Service.objects.select_for_update(of=("self",)).select_related("product").get(pk=order.service.pk)
        )
        if order.action == Action.ADDON:
            refuse_addon(service)
            if not fits(product, service):
                raise WRONG_KIND(product=product.name)
        else:
            refuse_change(service, Action(order.action))


def _refuse_while_undone(service: Service) -> None:
    """Nothing new begins while an earlier order of the service is being taken back."""
    undone = Order.objects.filter(service=service).exclude(undo_asked_by="").exclude(state=State.CANCELLED)
    if first := undone.first():
        raise BEING_UNDONE(service=service.name, order=first.pk)


@when_undo_begins
def _take_up_again(order_id: int, actor: str, now: datetime) -> None:
    """An order that is being undone is in progress again. Refuses (`order.change_under_way`) while another change of its
    service is: they would undo each other."""
    order = Order.objects.select_for_update(of=("self",)).select_related("service").get(pk=order_id)
    if order.action not in SALES and order.service is not None:
        Service.objects.select_for_update(of=("self",)).get(pk=order.service.pk)
        refuse_second(order.service)
    if State.IN_PROGRESS in TRANSITIONS[State(order.state)]:
        order.state, order.ended_at = State.IN_PROGRESS, None
        order.save()
    record(actor, "order.taken_up_again", order, job=order.job_id)
    bundles.roll_up(order)


@when_job_ends
def _follow_job(job_id: int, order_id: int, state: str, actor: str, now: datetime) -> None:
    """An order ends as its job ends; a sale taken back takes the service or add-on with it, and what stock the order still
    holds is free."""
    order = Order.objects.select_for_update().get(pk=order_id)
    after = AFTER_JOB[state]
    if order.state == after or after not in TRANSITIONS[State(order.state)]:
        return
    order.state = after
    order.ended_at = now if after in (State.COMPLETED, State.CANCELLED) else None
    order.save()
    if after == State.CANCELLED:
        if order.action == Action.CREATE and order.service_id is not None:
            terminate(order.service_id, actor=actor, now=now)
        if order.action == Action.ADDON:
            end_addon(order.holder, actor=actor, now=now)
        stock.release_all(order.holder, now, actor=actor)
        booking.release(order.uuid, actor=actor)
    record(actor, f"order.{after.value}", order, job=job_id)
    bundles.follow(order, state == JobState.CANCELLED, actor, now)


def _refuse_first(reasons: list[Refusal]) -> None:
    if reasons:
        raise reasons[0]
