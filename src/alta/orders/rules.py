"""The life of an order, as data (state names of TMF622), and what it still needs before it can be confirmed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class State(TextChoices):
    DRAFT = "draft", _("Draft")
    IN_PROGRESS = "inProgress", pgettext_lazy("order", "In progress")
    HELD = "held", _("Needs attention")
    COMPLETED = "completed", _("Completed")
    CANCELLED = "cancelled", _("Cancelled")


TRANSITIONS: dict[State, frozenset[State]] = {
    State.DRAFT: frozenset({State.IN_PROGRESS, State.CANCELLED}),
    State.IN_PROGRESS: frozenset({State.COMPLETED, State.HELD, State.CANCELLED}),
    State.HELD: frozenset({State.IN_PROGRESS, State.HELD, State.COMPLETED, State.CANCELLED}),
    # Beyond TM Forum: undoing an assignment takes the whole order back.
    State.COMPLETED: frozenset({State.CANCELLED, State.HELD}),
    State.CANCELLED: frozenset(),
}

# What an order becomes when its job ends.
AFTER_JOB = {
    "done": State.COMPLETED,
    "failed": State.HELD,
    "cancelled": State.CANCELLED,
    "undone": State.CANCELLED,
}


class Step(TextChoices):
    """The pages of an assignment, in order."""

    PRODUCT = "product", _("Product")
    CUSTOMER = "customer", _("Customer")
    INVENTORY = "inventory", _("Inventory")
    DETAILS = "details", _("Service data")
    INSTALLATION = "installation", _("Installation")
    RENEWAL = "renewal", _("Automatic renewal")
    REVIEW = "review", _("Review")


@dataclass(frozen=True)
class Facts:
    """What a draft has so far, as far as its next step depends on it."""

    has_product: bool
    has_customer: bool
    needs: Collection[str]  # required inputs of the product
    wants: Collection[str]  # all inputs of the product, the optional ones too
    chosen: Mapping[str, int]
    asks_renewal: bool
    renewal_answered: bool
    asks_details: bool = False
    details_answered: bool = False
    asks_installation: bool = False
    installation_answered: bool = False


def steps(facts: Facts) -> list[Step]:
    """The steps that this order has at all."""
    out = [Step.PRODUCT, Step.CUSTOMER]
    if not facts.has_product or facts.wants:
        out.append(Step.INVENTORY)
    if facts.asks_details:
        out.append(Step.DETAILS)
    if facts.asks_installation:
        out.append(Step.INSTALLATION)
    if not facts.has_product or facts.asks_renewal:
        out.append(Step.RENEWAL)
    return [*out, Step.REVIEW]


def next_step(facts: Facts) -> Step:
    """The first step that is not done."""
    if not facts.has_product:
        return Step.PRODUCT
    if not facts.has_customer:
        return Step.CUSTOMER
    if any(name not in facts.chosen for name in facts.needs):
        return Step.INVENTORY
    if facts.asks_details and not facts.details_answered:
        return Step.DETAILS
    if facts.asks_installation and not facts.installation_answered:
        return Step.INSTALLATION
    if facts.asks_renewal and not facts.renewal_answered:
        return Step.RENEWAL
    return Step.REVIEW
