"""Starting many jobs of one playbook at once, in a few statements however many they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import prefetch_related_objects

from alta.audit.models import Entry
from alta.catalog.models import Product
from alta.customers.models import Customer
from alta.playbooks.plan import plan_of_version
from alta.playbooks.queries import current_version
from alta.runner import context
from alta.runner.models import Event, Job, Task
from alta.runner.queue import PRIORITY_BULK, enqueue_many
from alta.runner.refusals import PLAYBOOK_NOT_FOUND
from alta.runner.services import Subject, task_rows
from alta.services.credentials import make_up_missing
from alta.services.models import Service
from alta.services.queries import addons_of


@transaction.atomic
def start_jobs(
    playbook: str,
    wanted: Sequence[tuple[Mapping[str, Any], Subject]],
    *,
    actor: str,
    now: datetime,
    source: str = "order",
) -> list[Job]:
    """A job for each of the given inputs and subjects, in their order. All start, or, with the first refusal, none.

    Read customers with their `emails`, `phones` and `payment_methods` prefetched: each is looked at."""
    version = current_version(playbook)
    if version is None:
        raise PLAYBOOK_NOT_FOUND(playbook=playbook)
    plan = plan_of_version(version.pk)
    addons = addons_of(subject.service.pk for _, subject in wanted if subject.service)
    jobs = [
        Job(
            playbook=version,
            title=plan.playbook.title.model_dump(),
            customer=subject.customer,
            service=subject.service,
            order_id=subject.order_id,
            inputs=context.resolve_inputs(
                plan.playbook, inputs, subject.product.features if subject.product else {}, source
            ),
            variables=context.frozen_variables(
                subject.service,
                subject.customer,
                subject.product,
                order=subject.order,
                installation=subject.installation,
                addons=addons.get(subject.service.pk, ()) if subject.service else (),
            ),
            started_by=actor,
            created_at=now,
            priority=PRIORITY_BULK,
            seq=1,
        )
        for inputs, subject in wanted
    ]
    make_up_missing([job.service_id for job in jobs if job.service_id], plan.playbook.secrets)
    Job.objects.bulk_create(jobs)
    Task.objects.bulk_create([row for job in jobs for row in task_rows(job, plan)])
    Event.objects.bulk_create(
        Event(job=job, seq=1, at=now, changes={"job": job.state, "tasks": {}}) for job in jobs
    )
    Entry.objects.bulk_create(
        Entry(
            actor=actor,
            action="job.started",
            object_type=job._meta.label_lower,
            object_id=str(job.pk),
            detail={"playbook": str(version), "inputs": job.inputs},
        )
        for job in jobs
    )
    enqueue_many([job.pk for job in jobs])
    return jobs


def subjects_of(services: Iterable[Service]) -> dict[int, Subject]:
    """What jobs about these services are about, by service: the same number of statements however many they are."""
    rows = list(services)
    customers = Customer.objects.prefetch_related("emails", "phones", "payment_methods").in_bulk(
        {one.customer_id for one in rows}
    )
    products = Product.objects.in_bulk({one.product_id for one in rows})
    prefetch_related_objects(rows, "site", "billing_contact", "technical_contact")
    return {
        one.pk: Subject(service=one, customer=customers[one.customer_id], product=products[one.product_id])
        for one in rows
    }
