"""The life of an order, as data (state names of TMF622), and what it still needs before it can be confirmed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from alta.catalog.rules import Verb
from alta.services.rules import prorated


class Action(TextChoices):
    """What an order does. A new service and an add-on are sold; the others change a service that is there."""

    CREATE = Verb.CREATE.value, _("New service")
    ADDON = "addon", _("Add-on")
    MODIFY = Verb.MODIFY.value, Verb.MODIFY.label
    SWAP = Verb.SWAP.value, Verb.SWAP.label
    MOVE = Verb.MOVE.value, Verb.MOVE.label
    SUSPEND = Verb.SUSPEND.value, Verb.SUSPEND.label
    RESUME = Verb.RESUME.value, Verb.RESUME.label
    TERMINATE = Verb.TERMINATE.value, Verb.TERMINATE.label


SALES = frozenset({Action.CREATE, Action.ADDON})
# Whoever asks for one of these says why.
WITH_REASON = frozenset({Action.SWAP, Action.SUSPEND, Action.TERMINATE})
# A change at the end of the term comes this long before it, so that the renewal finds it done.
BEFORE_TERM_END = timedelta(minutes=15)


class State(TextChoices):
    DRAFT = "draft", _("Draft")
    PENDING = "pending", _("Waiting for its turn")
    IN_PROGRESS = "inProgress", pgettext_lazy("order", "In progress")
    HELD = "held", _("Needs attention")
    COMPLETED = "completed", _("Completed")
    CANCELLED = "cancelled", _("Cancelled")


TRANSITIONS: dict[State, frozenset[State]] = {
    State.DRAFT: frozenset({State.IN_PROGRESS, State.CANCELLED}),
    # A member of a bundle waits for the one before it.
    State.PENDING: frozenset({State.IN_PROGRESS, State.CANCELLED}),
    State.IN_PROGRESS: frozenset({State.COMPLETED, State.HELD, State.CANCELLED}),
    State.HELD: frozenset({State.IN_PROGRESS, State.HELD, State.COMPLETED, State.CANCELLED}),
    # Beyond TM Forum: undoing takes the whole order back, and until that is done it is in progress again.
    State.COMPLETED: frozenset({State.IN_PROGRESS, State.CANCELLED, State.HELD}),
    State.CANCELLED: frozenset(),
}

# What an order becomes when its job ends.
AFTER_JOB = {
    "done": State.COMPLETED,
    "failed": State.HELD,
    "cancelled": State.CANCELLED,
    "undone": State.CANCELLED,
}


def rolled_up(members: Collection[str]) -> State:
    """What a bundle is, from what its members are: the one that needs somebody decides, then the one that goes on."""
    if State.HELD in members:
        return State.HELD
    if State.IN_PROGRESS in members or State.PENDING in members:
        return State.IN_PROGRESS
    return State.CANCELLED if set(members) == {State.CANCELLED} else State.COMPLETED


class Step(TextChoices):
    """The pages of an assignment, in order."""

    PRODUCT = "product", _("Product")
    CUSTOMER = "customer", _("Customer")
    SERVICE = "service", _("Service")
    INVENTORY = "inventory", _("Inventory")
    DETAILS = "details", _("Service data")
    INSTALLATION = "installation", _("Installation")
    WHEN = "when", _("When")
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
    action: str = Action.CREATE
    has_service: bool = False
    when_answered: bool = False


# The steps that an action may have. Those in MAYBE are left out where the product asks for nothing there.
STEPS: dict[str, tuple[Step, ...]] = {
    Action.CREATE: (
        Step.PRODUCT,
        Step.CUSTOMER,
        Step.INVENTORY,
        Step.DETAILS,
        Step.INSTALLATION,
        Step.RENEWAL,
        Step.REVIEW,
    ),
    Action.ADDON: (Step.PRODUCT, Step.CUSTOMER, Step.SERVICE, Step.INVENTORY, Step.REVIEW),
    Action.MODIFY: (Step.PRODUCT, Step.WHEN, Step.REVIEW),
    Action.SWAP: (Step.INVENTORY, Step.REVIEW),
    Action.MOVE: (Step.DETAILS, Step.INSTALLATION, Step.REVIEW),
    Action.SUSPEND: (Step.REVIEW,),
    Action.RESUME: (Step.REVIEW,),
    Action.TERMINATE: (Step.REVIEW,),
}


def steps(facts: Facts) -> list[Step]:
    """The steps that this order has at all."""
    absent = set()
    if facts.has_product and not facts.wants:
        absent.add(Step.INVENTORY)
    if not facts.asks_details:
        absent.add(Step.DETAILS)
    if not facts.asks_installation:
        absent.add(Step.INSTALLATION)
    if facts.has_product and not facts.asks_renewal:
        absent.add(Step.RENEWAL)
    return [step for step in STEPS[facts.action] if step not in absent]


def _is_done(step: Step, facts: Facts) -> bool:
    match step:
        case Step.PRODUCT:
            return facts.has_product
        case Step.CUSTOMER:
            return facts.has_customer
        case Step.SERVICE:
            return facts.has_service
        case Step.INVENTORY if facts.action == Action.SWAP:
            return bool(facts.chosen)
        case Step.INVENTORY:
            return all(name in facts.chosen for name in facts.needs)
        case Step.DETAILS:
            return facts.details_answered
        case Step.INSTALLATION:
            return facts.installation_answered
        case Step.WHEN:
            return facts.when_answered
        case Step.RENEWAL:
            return facts.renewal_answered
        case Step.REVIEW:
            return False


def next_step(facts: Facts) -> Step:
    """The first step that is not done."""
    return next(step for step in steps(facts) if not _is_done(step, facts))


@dataclass(frozen=True)
class Term:
    """The period that a service is paid for."""

    start: datetime
    end: datetime


@dataclass(frozen=True)
class Quote:
    """What a change costs, in minor units: `due` is paid at once, `credit` is owed to the customer, and from then on the
    service costs `recurring` a period."""

    due: int
    credit: int
    recurring: int


def quote_addon(
    setup: int, recurring: int, service_recurring: int, term: Term | None, now: datetime
) -> Quote:
    """An add-on costs its set-up price, and, where it goes on, the rest of the service's period."""
    first = prorated(recurring, now, term.start, term.end) if recurring and term else recurring
    return Quote(setup + first, 0, service_recurring + recurring)


def quote_plan_change(
    old: int, new: int, others: int, term: Term | None, at: datetime | None, now: datetime
) -> Quote:
    """A change of plan at once costs the difference for the rest of the period, or gives it back; at the end of the term
    (`at`) it costs nothing now. `others` is what the add-ons cost a period."""
    if at is not None or term is None:
        return Quote(0, 0, new + others)
    difference = prorated(abs(new - old), now, term.start, term.end)
    return Quote(difference if new > old else 0, difference if new < old else 0, new + others)


# What an order does to a service is taken back in the opposite order. Only these don't touch an earlier add-on.
_BESIDE_ADDONS = frozenset({Action.ADDON, Action.MODIFY, Action.SUSPEND, Action.RESUME})


def stands_in_the_way(later: str, earlier: str) -> bool:
    """Whether a later order of the service has to be taken back before an earlier one can be."""
    return earlier != Action.ADDON or later not in _BESIDE_ADDONS
