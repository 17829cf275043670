"""What a renewal costs, line by line: the plan's period, and that of each add-on."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from pydantic import ConfigDict

from alta.billing.rules import ChargeKind
from alta.billing.services import Line
from alta.connectors.contract import Params
from alta.connectors.payments.models import Payment as Paid
from alta.renewals.models import Renewal
from alta.services.models import Service


class AddonPeriod(Params):
    """An add-on as the job that charged it knew it: one of `service.addons`."""

    model_config = ConfigDict(extra="ignore")

    key: UUID
    name: str = ""
    recurring_price: int = 0


class OfRenewal(Params):
    renewal: int


class PaidRenewal(OfRenewal):
    """`price` and `addons` are what the payment was asked for, whatever the service has by now."""

    payment: Paid
    price: int | None = None
    addons: Sequence[AddonPeriod] = ()


def lines(paid: PaidRenewal, renewal: Renewal, service: Service) -> list[Line]:
    """What the payment is for; what costs nothing is left out."""
    period = (renewal.period_start, renewal.period_end)
    price = service.recurring_price if paid.price is None else paid.price
    plan = Line(ChargeKind.RECURRING, price, period, service.name)
    addons = (
        Line(ChargeKind.ADDON, one.recurring_price, period, one.name, one.key)
        for one in sorted(paid.addons, key=lambda one: one.key)
    )
    return [line for line in (plan, *addons) if line.amount]
