"""The checks before a confirmation, each with where it can be put right."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from alta.orders.checking import checks_of
from alta.orders.checks import Check, Level, Mend
from alta.orders.models import Order

WORDS: dict[Level, str | Promise] = {
    Level.FINE: _("Fine"),
    Level.WARNING: _("Mind"),
    Level.BLOCKING: _("Must be put right first"),
}


def checks_context(order: Order) -> dict[str, Any]:
    """For `web/assign_checks.html`."""
    found = checks_of(order, timezone.now())
    return {
        "checks": [
            {"check": one, "word": WORDS[one.level], "address": _address(one, order)} for one in found
        ],
        "blocked": any(one.level == Level.BLOCKING for one in found),
    }


def _address(check: Check, order: Order) -> str:
    """Nothing leads anywhere where all is fine."""
    if check.level == Level.FINE:
        return ""
    match check.mend:
        case Mend.CUSTOMER:
            return reverse("customer", args=[order.customer_id])
        case Mend.PAYMENTS:
            return f"{reverse('customer', args=[order.customer_id])}?{urlencode({'ver': 'pagos'})}"
        case Mend.SERVICE:
            return reverse("service", args=[check.about])
        case Mend.ORDER:
            return reverse("assign_progress", kwargs={"order": check.about})
        case Mend.INVENTORY:
            return reverse("assign_inventory", kwargs={"order": order.uuid})
        case Mend.PRODUCT if order.action != "modify":
            return reverse("assign_product", kwargs={"order": order.uuid})
        case _:
            return ""
