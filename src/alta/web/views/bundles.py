"""A bundle as people see it: what it consists of, and how far each of its members has come."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from alta.catalog.models import BundleMember
from alta.catalog.queries import bundle_members
from alta.orders.models import Order
from alta.orders.queries import members_of
from alta.orders.rules import State
from alta.orders.undo_preview import may_assign_again
from alta.playbooks.plan import plan_of_version
from alta.playbooks.queries import current_version
from alta.runner.reading import Progress, progress
from alta.runner.rules import JobState


@dataclass(frozen=True)
class Member:
    """A member with its progress. One that waits for its turn has none yet, only the number of tasks that it will have."""

    order: Order
    seen: Progress | None
    total: int

    @property
    def settled(self) -> int:
        return self.seen.settled if self.seen else 0


def bundle_lines(order: Order) -> list[BundleMember]:
    """What a bundle consists of, with what each costs in it; nothing for other products."""
    return bundle_members(order.product) if order.bundle and order.product is not None else []


def bundle_progress(request: HttpRequest, order: Order) -> HttpResponse:
    """The members' tasks, one group each, and the count of all. Asked for by the page itself it is that part only."""
    members = [_member(one) for one in members_of(order)]
    settled, total = sum(one.settled for one in members), sum(one.total for one in members)
    jobs = [one.seen.job for one in members if one.seen]
    failed = next((job for job in jobs if job.state == JobState.FAILED), None)
    context = {
        "order": order,
        "members": members,
        "settled": settled,
        "total": total,
        "percent": round(100 * settled / total) if total else 0,
        # While somebody decides what to do about a failure, the page stays as it is.
        "over": order.state in (State.COMPLETED, State.CANCELLED) or failed is not None,
        "failed": failed,
        "first": jobs[0] if jobs else None,
        "again": order if may_assign_again(order) else None,
    }
    part = bool(request.headers.get("HX-Request"))
    return render(request, "web/bundle_part.html" if part else "web/bundle_progress.html", context)


def _member(order: Order) -> Member:
    if order.job_id is not None:
        seen = progress(order.job_id)
        return Member(order, seen, seen.total)
    waits = order.state == State.PENDING and order.product is not None
    version = current_version(order.product.playbook) if waits and order.product else None
    steps = plan_of_version(version.pk).steps.values() if version else ()
    return Member(order, None, sum(not step.rescues for step in steps))
