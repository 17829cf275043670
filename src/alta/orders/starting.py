"""Starting what was confirmed: the service of a sale, and the job of an order with what its playbook reads. These functions
are parts of the use cases that hold the order's lock."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from alta.catalog.rules import AutoRenew, auto_renews
from alta.orders.checking import playbook_of
from alta.orders.models import Order
from alta.orders.rules import Action
from alta.playbooks.plan import plan_of_version
from alta.playbooks.queries import current_version
from alta.runner.context import product_variables, site_variables
from alta.runner.models import Job
from alta.runner.services import Subject, start_job
from alta.services.models import Service
from alta.services.services import create_service


def new_service(order: Order, actor: str, now: datetime) -> Service:
    """The service that the order makes, in preparation."""
    product, customer = order.product, order.customer
    assert product is not None and customer is not None
    return create_service(
        uuid=order.holder,
        customer_id=customer.pk,
        product_id=product.pk,
        service_type=product.service_type,
        name=product.name_en if customer.language == "en" else product.name_es,
        auto_renew=auto_renews(AutoRenew(product.auto_renew), product.auto_renew_default, order.auto_renew),
        setup_price=order.agreed_setup_price,
        recurring_price=order.agreed_recurring_price,
        currency=product.currency,
        site_id=order.site_id,
        billing_contact_id=order.billing_contact_id,
        technical_contact_id=order.technical_contact_id,
        custom=order.custom,
        period=product.period,
        items=order.selection,
        actor=actor,
        now=now,
    )


def start(order: Order, installation: Mapping[str, Any], actor: str, now: datetime) -> Job:
    """The job of a confirmed order; `installation` is what was agreed of it. Sales and changes of plan run with the product
    that is sold; every other change with the service's."""
    service, product = order.service, order.product
    assert service is not None and product is not None
    playbook = playbook_of(order)
    subject = Subject(
        service=service,
        customer=order.customer,
        product=product,
        order_id=order.pk,
        order=order_variables(order, service),
        installation=installation,
    )
    inputs = order.selection if order.action == Action.CREATE else _inputs(order, service, playbook)
    return start_job(playbook, inputs, subject, actor=actor, now=now)


def _inputs(order: Order, service: Service, playbook: str) -> dict[str, int]:
    version = current_version(playbook)
    return change_inputs(order, service, plan_of_version(version.pk).playbook.inputs if version else ())


def change_inputs(order: Order, service: Service, wanted: Collection[str]) -> dict[str, int]:
    """What a change hands to its playbook: the service's stock under the names it had at the sale, and what was chosen now
    as `new_<name>`; an add-on's choice keeps its name. Only what the playbook asks for (`wanted`)."""
    chosen = (
        order.selection
        if order.action == Action.ADDON
        else {f"new_{k}": v for k, v in order.selection.items()}
    )
    given = {**service.items, **chosen}
    return {name: item for name, item in given.items() if name in wanted}


def order_variables(order: Order, service: Service) -> Mapping[str, Any]:
    """What templates read as `order`. Amounts are in minor units of the service's currency."""
    return {
        "id": order.pk,
        "action": order.action,
        "reference": str(order.holder),
        "reason": order.reason,
        "due": order.due,
        "credit": order.credit,
        "effective_at": order.effective_at.isoformat() if order.effective_at else None,
        "site": site_variables(order.site) if order.site else None,
        "from_product": product_variables(service.product) if order.action == Action.MODIFY else None,
    }
