"""What the pages of an assignment share: which step comes next, and the list of steps above each."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render

from alta.orders import services as orders
from alta.orders.models import Order
from alta.orders.rules import State, Step, next_step, steps

PAGES = {
    Step.PRODUCT: "assign_product",
    Step.CUSTOMER: "assign_customer",
    Step.SERVICE: "assign_service",
    Step.INVENTORY: "assign_inventory",
    Step.DETAILS: "assign_details",
    Step.INSTALLATION: "assign_installation",
    Step.WHEN: "assign_when",
    Step.RENEWAL: "assign_renewal",
    Step.REVIEW: "assign_review",
}


def go_on(order: Order) -> HttpResponseRedirect:
    """To the next thing that is missing."""
    return redirect(PAGES[next_step(orders.facts(order))], order=order.uuid)


def past_draft(order: Order) -> HttpResponseRedirect | None:
    """Where somebody belongs who opens a step of an order that is no draft any more."""
    if order.state == State.DRAFT:
        return None
    if order.confirmed_at is None:
        return redirect("products")
    return redirect("assign_progress", order=order.uuid)


def step_page(request: HttpRequest, order: Order, step: Step, **context: Any) -> HttpResponse:
    facts = orders.facts(order)
    done_up_to = list(Step).index(next_step(facts))
    all_steps = [
        {
            "label": one.label,
            "address": PAGES[one],
            "current": one == step,
            "reachable": list(Step).index(one) <= done_up_to,
            "done": list(Step).index(one) < done_up_to,
        }
        for one in steps(facts)
    ]
    shared = {"order": order, "steps": all_steps, "step": step, "complete": next_step(facts) == Step.REVIEW}
    return render(request, f"web/assign_{step.value}.html", shared | context)
