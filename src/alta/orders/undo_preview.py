"""What the page «Undo» says before anybody confirms: everything that is taken back, and what can't be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q, Sum

from alta.billing.models import Charge, Payment
from alta.billing.rules import PaymentState
from alta.inventory.models import Item
from alta.orders.models import Order
from alta.orders.rules import SALES, Action, State
from alta.orders.undoing import later_orders, why_final
from alta.playbooks.plan import plan_of_version
from alta.refusal import Refusal
from alta.runner.models import Job
from alta.runner.refusals import JOB_FINAL
from alta.runner.rules import JobState
from alta.runner.undoing import Preview, preview

NOTHING_YET = Preview((), ())  # a member of a bundle that waits for its turn


@dataclass(frozen=True)
class Money:
    """Amounts in minor units: held and let go, paid and given back, owed and not owed any more; and paid in renewals, which
    becomes credit. `credit` was given by the order and is taken back."""

    currency: str
    held: int = 0
    refunded: int = 0
    owed: int = 0
    renewals: int = 0
    credit: int = 0

    @property
    def is_nothing(self) -> bool:
        return not (self.held or self.refunded or self.owed or self.renewals or self.credit)


@dataclass(frozen=True)
class OneUndo:
    """What is taken back of one order."""

    order: Order
    tasks: Preview
    freed: Sequence[Item]
    returned: Sequence[Item]
    money: Money
    mail: str


@dataclass(frozen=True)
class Undo:
    """All of it. `orders` are taken back one after the other, the newest first; the last one is the one that was asked for.
    A job without an order has only `tasks`."""

    job: Job
    orders: Sequence[OneUndo]
    tasks: Preview
    final: Refusal | None
    possible: bool

    @property
    def order(self) -> Order | None:
        return self.orders[-1].order if self.orders else None

    @property
    def later(self) -> Sequence[OneUndo]:
        return self.orders[:-1]


def undo_preview(job: Job) -> Undo:
    """What undoing a job comes to. The number of statements grows with the orders of the service that have to go first."""
    possible = job.state == JobState.DONE
    order = Order.objects.select_related("job", "service", "product", "customer").filter(job=job).first()
    if order is None:
        reason = plan_of_version(job.playbook_id).playbook.final
        final = JOB_FINAL(reason=reason.in_language()) if reason else None
        return Undo(job, (), preview(job), final, possible)
    later = later_orders(order)
    orders = [_one(one) for one in (*later, order)]
    return Undo(job, orders, orders[-1].tasks, why_final(order, later), possible and not order.undo_asked_by)


def _one(order: Order) -> OneUndo:
    tasks = preview(order.job) if order.job is not None else NOTHING_YET
    freed = Item.objects.select_related("template").filter(pk__in=order.selection.values())
    returned = Item.objects.select_related("template").filter(pk__in=order.before.get("items", {}).values())
    mail = order.job.variables.get("customer", {}).get("email") if order.job and tasks.asks("mail") else None
    return OneUndo(order, tasks, list(freed), list(returned), _money(order), mail or "")


def _money(order: Order) -> Money:
    """What the payments and charges of the order say. Of a sale all of the service goes, so renewals since then count."""
    service = order.service
    assert service is not None
    creates = order.action == Action.CREATE
    key = str(service.uuid if creates else order.holder)
    payment = Payment.objects.filter(key=key).first()
    charges = Charge.objects.filter(amount__gt=0, reversed_by__isnull=True)
    of_order = Q(order_id=order.pk)
    if creates:
        of_order |= Q(service_uuid=service.uuid, order_id__isnull=True)
    charges = charges.filter(of_order)
    charged = charges.aggregate(total=Sum("amount"))["total"] or 0
    state, amount = (payment.state, payment.amount) if payment else ("", 0)
    paid = amount if state == PaymentState.CAPTURED else 0
    renewals = _paid_in_renewals(order) if creates else 0
    return Money(
        service.currency,
        held=amount if state == PaymentState.AUTHORISED else 0,
        refunded=paid,
        owed=max(charged - paid - renewals, 0),
        renewals=renewals,
        credit=order.credit if "product" in order.before else 0,
    )


def _paid_in_renewals(order: Order) -> int:
    """What was paid for the service's later periods: `record_capture` names them by the service's uuid and the period."""
    assert order.service is not None
    paid = Payment.objects.filter(
        service_uuid=order.service.uuid,
        key__startswith=f"{order.service.uuid}.",
        state=PaymentState.CAPTURED,
    )
    return paid.aggregate(total=Sum("amount"))["total"] or 0


def may_assign_again(order: Order) -> bool:
    """Whether the same can be assigned to the right customer now."""
    return (
        order.action in SALES
        and order.parent_id is None
        and order.state == State.CANCELLED
        and order.confirmed_at is not None
    )
