"""Changing many services at once, in a few statements however many they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db import transaction

from alta.audit.models import Entry
from alta.orders.changes import open_changes
from alta.orders.models import Order
from alta.orders.rules import Action, State
from alta.orders.starting import change_inputs, order_variables
from alta.playbooks.plan import plan_of_version
from alta.playbooks.queries import current_version
from alta.runner.bulk import start_jobs, subjects_of
from alta.runner.models import Job
from alta.runner.refusals import PLAYBOOK_NOT_FOUND
from alta.runner.services import Subject
from alta.services.models import Service
from alta.services.rules import CHANGES
from alta.services.rules import State as ServiceState


@transaction.atomic
def change_services(
    service_ids: Iterable[int], action: Action, *, reason: str, actor: str, now: datetime
) -> Mapping[int, Order]:
    """As `begin_change` and `confirm`, for changes that choose nothing and cost nothing: suspension, resumption,
    termination. Returns the orders by service. Left out is what can't be changed now: a service that somebody holds, whose
    state or product does not allow it, or that another change is under way for.

    Refuses, and changes none, where the job of one can't start."""
    services = _changeable(service_ids, action)
    orders = Order.objects.bulk_create(
        Order(
            action=action,
            service=service,
            customer_id=service.customer_id,
            product=service.product,
            reason=reason,
            created_by=actor,
            created_at=now,
            confirmed_at=now,
        )
        for service in services
    )
    _start(orders, actor, now)
    Order.objects.bulk_update(orders, ["job", "state"])
    _note(orders, actor)
    return {order.service_id: order for order in orders if order.service_id is not None}


def _changeable(service_ids: Iterable[int], action: Action) -> Sequence[Service]:
    found = (
        Service.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("product", "site", "billing_contact", "technical_contact")
        .filter(pk__in=list(service_ids))
        .order_by("pk")
    )
    allowed = [
        service
        for service in found
        if action.value in {verb.value for verb in CHANGES[ServiceState(service.state)]}
        and service.product.playbook_for(action)
    ]
    busy = open_changes(service.pk for service in allowed)
    return [service for service in allowed if service.pk not in busy]


def _start(orders: Sequence[Order], actor: str, now: datetime) -> None:
    """Gives each order its job; those of one playbook start together."""
    services = {order.pk: order.service for order in orders if order.service is not None}
    subjects = subjects_of(services.values())
    by_playbook: dict[str, list[Order]] = defaultdict(list)
    for order in orders:
        by_playbook[services[order.pk].product.playbook_for(order.action)].append(order)
    for playbook, some in by_playbook.items():
        version = current_version(playbook)
        if version is None:
            raise PLAYBOOK_NOT_FOUND(playbook=playbook)
        asks = plan_of_version(version.pk).playbook.inputs
        wanted = [
            (
                change_inputs(order, services[order.pk], asks),
                _about(order, subjects[services[order.pk].pk]),
            )
            for order in some
        ]
        jobs: list[Job] = start_jobs(playbook, wanted, actor=actor, now=now)
        for order, job in zip(some, jobs, strict=True):
            order.job, order.state = job, State.IN_PROGRESS


def _about(order: Order, subject: Subject) -> Subject:
    assert subject.service is not None
    return Subject(
        service=subject.service,
        customer=subject.customer,
        product=subject.product,
        order_id=order.pk,
        order=order_variables(order, subject.service),
    )


def _note(orders: Sequence[Order], actor: str) -> None:
    Entry.objects.bulk_create(
        Entry(
            actor=actor,
            action="order.confirmed",
            object_type=order._meta.label_lower,
            object_id=str(order.pk),
            detail={
                "customer": order.customer_id,
                "product": order.product.slug if order.product else "",
                "job": order.job_id,
                "does": order.action,
            },
        )
        for order in orders
    )
