"""Taking a confirmed order back, and with it what came after it: the newest first, each by its own job.

What was asked for is kept in the order (`undo_asked_by`). When a job of the service ends, the next one is taken back; where
one fails, a person retries it, and it goes on from there."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import Q

from alta.orders import bundles
from alta.orders.models import Order
from alta.orders.refusals import LATER_IS_FINAL, LATER_ORDERS
from alta.orders.rules import State, stands_in_the_way
from alta.playbooks.plan import plan_of_version
from alta.refusal import Refusal
from alta.runner.hooks import when_job_ends
from alta.runner.models import Job
from alta.runner.refusals import JOB_FINAL, JOB_WRONG_STATE
from alta.runner.rules import JobState, job_may_become
from alta.runner.services import cancel_job, undo_job

IN_FORCE = (State.PENDING, State.IN_PROGRESS, State.HELD, State.COMPLETED)


def later_orders(order: Order) -> list[Order]:
    """The orders that have to be taken back first, newest first: later ones of the same service, and, with the first member
    of a bundle, all of the bundle and what came after its members."""
    found: dict[int, Order] = {}
    for one in (order, *_rest_of_bundle(order)):
        found |= {later.pk: later for later in _later_of_service(one)}
        if one.pk != order.pk:
            found[one.pk] = one
    return [found[number] for number in sorted(found, reverse=True)]


def _rest_of_bundle(order: Order) -> list[Order]:
    if order.parent_id is None:
        return []
    members = Order.objects.select_related("job", "product", "service").filter(parent_id=order.parent_id)
    first, *others = members.order_by("pk")
    return [one for one in others if one.state in IN_FORCE] if first.pk == order.pk else []


def _later_of_service(order: Order) -> list[Order]:
    if order.service_id is None:
        return []
    later = Order.objects.select_related("job", "product", "service").filter(
        service_id=order.service_id, pk__gt=order.pk, state__in=IN_FORCE
    )
    return [one for one in later if stands_in_the_way(one.action, order.action)]


def why_final(order: Order, later: Collection[Order]) -> Refusal | None:
    """Why this can't be undone at all, and who decides what happens instead."""
    if order.job is not None and (reason := final_reason(order.job)):
        return JOB_FINAL(reason=reason)
    for one in later:
        if one.job is not None and one.job.state == JobState.DONE and (reason := final_reason(one.job)):
            return LATER_IS_FINAL(action=str(one.get_action_display()), order=one.pk, reason=reason)
    return None


def final_reason(job: Job) -> str:
    """What the job's playbook says of why it is not undone; nothing where it can be."""
    final = plan_of_version(job.playbook_id).playbook.final
    return final.in_language() if final else ""


@transaction.atomic
def undo(job_id: int, *, with_later: Collection[int] = (), actor: str, now: datetime) -> Job:
    """Takes back what a finished job did. `with_later` are the numbers of the later orders that go first, as the person
    saw them: refuses (`order.later_orders`) where others stand in the way, and (`job.final`, `order.later_is_final`) what
    can't be taken back. Asking again while it happens is asking once."""
    order = Order.objects.select_related("job", "service").filter(job_id=job_id).first()
    if order is None:
        return undo_job(job_id, actor=actor, now=now)
    order = _locked(order)
    later = later_orders(order)
    assert order.job is not None
    if order.undo_asked_by and order.state != State.CANCELLED:
        return order.job
    if order.job.state != JobState.DONE:
        raise JOB_WRONG_STATE(state=JobState(order.job.state).label)
    if final := why_final(order, later):
        raise final
    if {one.pk for one in later} != set(with_later):
        raise LATER_ORDERS(orders=", ".join(f"{one.get_action_display()} ({one.pk})" for one in later) or "-")
    job = _take_back(_next(order, later, actor, now), actor, now)
    order.undo_asked_by = actor
    order.save(update_fields=["undo_asked_by"])
    return job


def _locked(order: Order) -> Order:
    """The order and everything of its service, or of its bundle's services, locked: jobs before orders, as whoever ends a
    job has them."""
    of_bundle = Order.objects.filter(parent_id=order.parent_id or 0)
    same = Q(service_id=order.service_id or 0) | Q(service__in=of_bundle.values("service_id"))
    of_service = Order.objects.filter(same)
    jobs = Job.objects.filter(pk__in=of_service.values("job_id")).order_by("pk")
    list(jobs.select_for_update(of=("self",)))
    list(of_service.order_by("pk").select_for_update(of=("self",)))
    return Order.objects.select_related("job", "service").get(pk=order.pk)


def _take_back(order: Order, actor: str, now: datetime) -> Job:
    """Starts taking one order back: a finished job is undone, one that isn't is cancelled."""
    job = order.job
    assert job is not None  # what waits for its turn was given up before
    if job.state == JobState.DONE:
        return undo_job(job.pk, actor=actor, now=now)
    if job_may_become(job.state, JobState.CANCELLING) and not job.backward_to:
        return cancel_job(job.pk, actor=actor, now=now)
    return job  # it goes backward already, or waits for somebody to retry that


@transaction.atomic
def go_on_undoing(order_id: int, now: datetime) -> None:
    """The next step of what was asked for, if it can be taken now."""
    order = Order.objects.filter(pk=order_id).exclude(state=State.CANCELLED).exclude(undo_asked_by="").first()
    if order is None:
        return
    order = _locked(order)
    if order.state != State.CANCELLED:
        asked_by = order.undo_asked_by
        _take_back(_next(order, later_orders(order), asked_by, now), asked_by, now)


def _next(order: Order, later: Sequence[Order], actor: str, now: datetime) -> Order:
    """What is taken back now; members of a bundle that wait for their turn never get it."""
    for one in later:
        if one.job is None:
            bundles.give_up_member(one, actor, now)
    return next((one for one in later if one.job is not None), order)


def resume_undoing(now: datetime) -> None:
    """Goes on with what a process left half-done that died in between."""
    for order_id in being_undone():
        go_on_undoing(order_id, now)


def being_undone(service_id: int | None = None) -> list[int]:
    """The orders that somebody asked to have taken back and that still stand, those of one service and its bundle if it is
    given."""
    found = Order.objects.exclude(undo_asked_by="").exclude(state=State.CANCELLED)
    if service_id is not None:
        bundle = Order.objects.filter(service_id=service_id, parent__isnull=False).values("parent_id")
        found = found.filter(Q(service_id=service_id) | Q(parent__in=bundle))
    return list(found.order_by("-pk").values_list("pk", flat=True)[:100])


@when_job_ends
def _go_on(job_id: int, order_id: int, state: str, actor: str, now: datetime) -> None:
    if state not in (JobState.CANCELLED, JobState.UNDONE):
        return
    service_id = Order.objects.values_list("service_id", flat=True).get(pk=order_id)
    if service_id is None:
        return
    # After the commit: only then is this job's row free for whoever locks all of the service.
    transaction.on_commit(partial(_go_on_with, service_id, now), robust=True)


def _go_on_with(service_id: int, now: datetime) -> None:
    for waiting in being_undone(service_id):
        go_on_undoing(waiting, now)
