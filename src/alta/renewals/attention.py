"""Renewals that were not paid, for who looks after them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from alta.renewals.models import Renewal
from alta.renewals.rules import State

MOST_COUNTED = 1000


@dataclass(frozen=True)
class Unpaid:
    """A few of them, those looked at again soonest first, and how many there are, counted no further than MOST_COUNTED."""

    renewals: Sequence[Renewal]
    count: int

    @property
    def words(self) -> str:
        return f"{MOST_COUNTED}+" if self.count > MOST_COUNTED else str(self.count)


def unpaid(limit: int) -> Unpaid:
    """Renewals that were declined: asked again, or suspended and waiting for a payment."""
    found = Renewal.objects.filter(state__in=[State.DECLINED, State.UNPAID], next_at__isnull=False)
    few = list(found.select_related("service__customer").order_by("next_at", "pk")[:limit])
    return Unpaid(few, len(few) if len(few) < limit else found.order_by()[: MOST_COUNTED + 1].count())
