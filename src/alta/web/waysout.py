"""The ways out of an empty catalogue: for each product that isn't shown, why, and the click that changes it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from alta.catalog.queries import Hidden
from alta.catalog.refusals import (
    CURRENCY,
    CUSTOMER_KIND,
    DISABLED,
    NEEDS_OTHER_SERVICE,
    NEEDS_PAYMENT,
    NEEDS_SERVICE,
    NO_ADDRESS,
    NO_LONGER,
    NO_MATCH,
    NO_PLAYBOOK,
    NOT_READY,
    NOT_YET,
    OTHER_KIND,
    OTHER_SERVICE_TYPE,
)
from alta.catalog.rules import Kind
from alta.refusal import Refusal


@dataclass(frozen=True)
class WayOut:
    """A product that isn't shown, why, and where a click shows it or mends it; `address` is empty where nothing can be
    clicked."""

    name: str
    reason: Refusal
    address: str
    label: str


FILTER_CODES = {CUSTOMER_KIND.code, OTHER_KIND.code, OTHER_SERVICE_TYPE.code, NO_MATCH.code}
MEND_CODES = {DISABLED.code, NO_PLAYBOOK.code, NOT_READY.code, NOT_YET.code, NO_LONGER.code, CURRENCY.code}


def way_out(one: Hidden, customer_kind: str, *, may_edit: bool, customer_id: int | None) -> WayOut:
    """What the filters hide, other filters show; what the product lacks, its form mends; what the customer lacks is added
    on the customer's page."""
    product, codes = one.product, {reason.code for reason in one.reasons}
    own = [reason for reason in one.reasons if reason.code not in FILTER_CODES]
    if not own and (customer_id is None or CUSTOMER_KIND.code not in codes):
        kind = customer_kind if CUSTOMER_KIND.code not in codes else product.customer_kinds[0]
        query = urlencode({"cliente": kind, "tipo": product.kind, "servicio": product.service_type})
        return WayOut(product.name, one.nearest, f"?{query}", _("Show it"))
    reason = own[0] if own else one.nearest
    if reason.code in MEND_CODES and may_edit:
        return WayOut(product.name, reason, reverse("product_edit", args=[product.pk]), _("Open the product"))
    if reason.code in (NEEDS_SERVICE.code, NEEDS_OTHER_SERVICE.code):
        query = urlencode({"cliente": customer_kind, "tipo": Kind.PLAN.value})
        return WayOut(product.name, reason, f"?{query}", _("Show the plans"))
    if customer_id is not None and reason.code in (NEEDS_PAYMENT.code, NO_ADDRESS.code):
        tab = "pagos" if reason.code == NEEDS_PAYMENT.code else "sitios"
        address = f"{reverse('customer', args=[customer_id])}?ver={tab}"
        return WayOut(product.name, reason, address, _("Open the customer"))
    return WayOut(product.name, reason, "", "")
