"""Selling several products at once: an order above, and one for each member, done one after the other in the bundle's order.
Members before it must be done before one begins, because it may need what they bring.

These functions are parts of the use cases of `confirming` and `undoing`, which hold the locks. Jobs are locked before orders,
and members before the order above them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from alta.audit.log import record
from alta.catalog.models import BundleMember
from alta.catalog.queries import bundle_members
from alta.catalog.rules import Kind
from alta.installations import booking
from alta.inventory import services as stock
from alta.orders import visit
from alta.orders.changes import refuse_addon, services_for_addon
from alta.orders.models import Order
from alta.orders.queries import OF_MEMBER, members_of
from alta.orders.quoting import quote
from alta.orders.refusals import MEMBER_WITHOUT_SERVICE
from alta.orders.rules import Action, State, rolled_up
from alta.orders.starting import new_service, start
from alta.refusal import Refusal
from alta.runner.models import Job
from alta.services.models import Service
from alta.services.services import terminate

# A member may wait long for those before it, for instance for a technician.
WAITING_MINUTES = 60 * 24 * 90


def begin(order: Order, actor: str, now: datetime) -> Job:
    """A confirmed bundle: an order and a service in preparation for each member, and the first one's job."""
    assert order.product is not None
    order.state = State.IN_PROGRESS
    order.save()
    services: dict[str, Service] = {}
    for member in bundle_members(order.product):
        one = _member(order, member, services, actor, now)
        if one.action == Action.CREATE and one.service is not None:
            services[one.service.service_type] = one.service
    _keep_installation(order, actor, now)
    _begin_member(members_of(order)[0], actor, now)
    return first_job(order)


def first_job(order: Order) -> Job:
    """The job of the bundle's first member."""
    return Job.objects.get(order=members_of(order)[0])


def _member(
    order: Order, member: BundleMember, services: Mapping[str, Service], actor: str, now: datetime
) -> Order:
    product = member.product
    mine = f"{product.slug}{OF_MEMBER}"
    one = Order(
        parent=order,
        action=Action.ADDON if product.kind == Kind.ADDON else Action.CREATE,
        state=State.PENDING,
        product=product,
        customer=order.customer,
        auto_renew=order.auto_renew,
        site=order.site,
        billing_contact=order.billing_contact,
        technical_contact=order.technical_contact,
        custom=order.custom,
        selection={k.removeprefix(mine): v for k, v in order.selection.items() if k.startswith(mine)},
        setup_price=member.setup_price,
        recurring_price=member.recurring_price,
        created_by=order.created_by,
        created_at=now,
        confirmed_at=now,
    )
    for item_id in sorted(one.selection.values()):
        stock.release(item_id, order.holder, now, actor=actor)
        stock.reserve(item_id, one.holder, now, WAITING_MINUTES, actor=actor)
    if one.action == Action.CREATE:
        one.service = new_service(one, actor, now)
    else:
        one.service = services.get(product.service_type) or services_for_addon(one).first()
    if one.service is None:
        raise MEMBER_WITHOUT_SERVICE(product=product.name)
    one.save()
    return one


def _keep_installation(order: Order, actor: str, now: datetime) -> None:
    """One technician comes for all of it: the visit is the first member's that wants one."""
    for one in members_of(order):
        if visit.asked(one) and one.service is not None:
            visit.hand_over(order, one)
            visit.keep(one, one.service, actor=actor, now=now)
            return
    booking.release(order.uuid, actor=actor)


def _installation(order: Order | None) -> dict[str, Any]:
    visited = next((one for one in members_of(order) if visit.asked(one)), None) if order else None
    return visit.kept(visited) if visited else dict(booking.variables(None))


def _begin_member(one: Order, actor: str, now: datetime) -> None:
    for item_id in sorted(one.selection.values()):
        stock.reserve(item_id, one.holder, now, actor=actor)
    if one.action == Action.ADDON:
        assert one.service is not None
        refuse_addon(Service.objects.select_for_update(of=("self",)).get(pk=one.service.pk))
    one.due = quote(one, now).due
    one.job = start(one, _installation(one.parent), actor, now)
    one.state = State.IN_PROGRESS
    one.save()
    record(actor, "order.begun", one, job=one.job.pk, bundle=one.parent_id)


def follow(one: Order, never_done: bool, actor: str, now: datetime) -> None:
    """A member's job has ended: the next member begins, or the rest waits. A member that was cancelled before it was done
    (`never_done`) takes the others with it: without it this isn't the bundle that was sold."""
    if one.parent_id is None:
        return
    members = members_of(Order.objects.get(pk=one.parent_id))
    waiting = [member for member in members if member.state == State.PENDING]
    if one.state == State.CANCELLED and (never_done or waiting):
        for member in waiting:
            give_up_member(member, actor, now)
        _take_all_back(members, actor)
    roll_up(one)
    if one.state == State.COMPLETED:
        go_on(one.parent_id, now)


def _take_all_back(members: list[Order], actor: str) -> None:
    """With the first member goes all of the bundle: see `undoing`."""
    first = members[0]
    if first.state != State.CANCELLED and not first.undo_asked_by:
        Order.objects.filter(pk=first.pk).update(undo_asked_by=actor)


@transaction.atomic
def go_on(parent_id: int, now: datetime) -> bool:
    """Begins the next member, once those before it are done. Where it can't begin, the bundle needs somebody: `reason` says
    why, and it is tried again. Whether one began."""
    list(Order.objects.select_for_update(of=("self",)).filter(parent_id=parent_id).order_by("pk"))
    order = Order.objects.select_for_update(of=("self",)).get(pk=parent_id)
    members = members_of(order)
    waiting = next((one for one in members if one.state == State.PENDING), None)
    if waiting is None or any(one.state != State.COMPLETED for one in members if one.pk < waiting.pk):
        return False
    reason = ""
    try:
        with transaction.atomic():
            _begin_member(waiting, order.created_by, now)
    except Refusal as refusal:
        reason = str(refusal)[:300]
    state = State.HELD if reason else State.IN_PROGRESS
    if (order.reason, order.state) != (reason, state):
        order.reason, order.state = reason, state
        order.save(update_fields=["reason", "state"])
    return not reason


def give_up_member(one: Order, actor: str, now: datetime) -> None:
    """A member that waits for its turn never gets it."""
    one.state, one.ended_at = State.CANCELLED, now
    one.save(update_fields=["state", "ended_at"])
    if one.action == Action.CREATE and one.service_id is not None:
        terminate(one.service_id, actor=actor, now=now)
    stock.release_all(one.holder, now, actor=actor)
    booking.release(one.uuid, actor=actor)
    record(actor, f"order.{one.state}", one)
    roll_up(one)


def roll_up(one: Order) -> None:
    """The order above is what its members are."""
    if one.parent_id is None:
        return
    order = Order.objects.select_for_update(of=("self",)).get(pk=one.parent_id)
    ends = dict(order.members.values_list("state", "ended_at").order_by("ended_at"))
    state = rolled_up(ends)
    if order.state != state:
        order.state = state
        over = state in (State.COMPLETED, State.CANCELLED)
        order.ended_at = max((at for at in ends.values() if at), default=None) if over else None
        order.save(update_fields=["state", "ended_at"])


def resume_bundles(now: datetime) -> None:
    """Goes on with bundles whose next member could not begin, or that a process left that died."""
    open_bundles = Order.objects.filter(
        bundle=True, state__in=[State.IN_PROGRESS, State.HELD], members__state=State.PENDING
    ).exclude(members__state__in=[State.IN_PROGRESS, State.HELD])
    for number in open_bundles.order_by("pk").distinct().values_list("pk", flat=True)[:100]:
        go_on(number, now)
