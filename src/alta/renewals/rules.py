"""When a service is renewed, asked again, suspended and ended. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import TextChoices
from django.utils.translation import pgettext_lazy

from alta.orders.rules import Action
from alta.services.rules import State as ServiceState


class State(TextChoices):
    NOTIFIED = "notified", pgettext_lazy("renewal", "Ends soon")
    CHARGING = "charging", pgettext_lazy("renewal", "Being charged")
    PAID = "paid", pgettext_lazy("renewal", "Renewed")
    DECLINED = "declined", pgettext_lazy("renewal", "Declined, asked again")
    UNPAID = "unpaid", pgettext_lazy("renewal", "Unpaid")
    ENDED = "ended", pgettext_lazy("renewal", "Ended")


S = State
TRANSITIONS: dict[State, frozenset[State]] = {
    # Somebody switched renewal on after the notice.
    S.NOTIFIED: frozenset({S.CHARGING, S.ENDED}),
    # Back to the notice: somebody wanted to renew before the end, and the card said no.
    S.CHARGING: frozenset({S.PAID, S.DECLINED, S.UNPAID, S.ENDED, S.NOTIFIED}),
    S.DECLINED: frozenset({S.CHARGING, S.ENDED}),
    S.UNPAID: frozenset({S.CHARGING, S.ENDED}),
    S.PAID: frozenset(),
    S.ENDED: frozenset(),
}


class Measure(TextChoices):
    """What a renewal has done with its service, in the network too."""

    SUSPEND = Action.SUSPEND.value, Action.SUSPEND.label
    RESUME = Action.RESUME.value, Action.RESUME.label
    TERMINATE = Action.TERMINATE.value, Action.TERMINATE.label


# The states of a service in which there is something to do; in the others somebody was faster.
APPLIES: dict[Measure, frozenset[ServiceState]] = {
    Measure.SUSPEND: frozenset({ServiceState.ACTIVE}),
    Measure.RESUME: frozenset({ServiceState.SUSPENDED}),
    Measure.TERMINATE: frozenset({ServiceState.ACTIVE, ServiceState.SUSPENDED}),
}
MEASURE_PAUSE = timedelta(minutes=5)  # between two tries to begin one, while another change is in the way
TROUBLE_PAUSE = timedelta(hours=1)
SHORTEST_PAUSE = timedelta(hours=20)  # between two tries of a card, where the plan's moment has passed
# What counts as the customer's no; anything else is trouble of ours or the provider's, and costs the customer nothing.
DECLINES = frozenset({"payments.declined", "payments.no_method", "connector.rejected"})


@dataclass(frozen=True)
class Plan:
    """What the operator does about a renewal that isn't paid. Days count from the end of the term."""

    retry_days: Sequence[int] = (1, 3, 5)
    end_day: int = 30
    notice_days: int = 7


@dataclass(frozen=True)
class After:
    """What a renewal becomes, and when it is looked at again."""

    state: State
    at: datetime


def may_become(before: str, after: str) -> bool:
    return State(after) in TRANSITIONS[State(before)]


def after_decline(declines: int, period_start: datetime, plan: Plan, now: datetime) -> After:
    """What follows the decline number `declines` (from 1): another try on the next day of the plan, and after the last
    one the suspension, until the service is ended."""
    days = sorted(plan.retry_days)
    if declines <= len(days):
        planned = period_start + timedelta(days=days[declines - 1])
        return After(S.DECLINED, planned if planned > now else now + SHORTEST_PAUSE)
    return After(S.UNPAID, max(period_start + timedelta(days=plan.end_day), now + SHORTEST_PAUSE))


def after_early_decline(period_start: datetime) -> After:
    """A customer without automatic renewal wanted the next period before its time, and the card said no: the service still
    ends with its term."""
    return After(S.NOTIFIED, period_start)


def applies(measure: Measure, service_state: str) -> bool:
    return ServiceState(service_state) in APPLIES[measure]


def after_trouble(declines: int, now: datetime) -> After:
    """The provider could not be asked: soon again, and it does not count."""
    return After(S.DECLINED, now + TROUBLE_PAUSE)
