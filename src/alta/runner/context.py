"""The variables that a job's templates read.

`service customer product order installation job settings` are frozen when the job starts. `inputs` are frozen too, and each
remembers where its value came from. In rising order of precedence: the playbook's `default`, the product's
feature of the same name, the value given with the order, a value edited on the job. Items from stock are
kept by number; their values, secrets among them, are read anew whenever a worker takes the job, so no
secret is ever stored with it. So are the service's own credentials, `service.secrets`. `tasks` grows as tasks end."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from alta.catalog.models import Product
from alta.customers.models import Contact, Customer, Site
from alta.customers.queries import default_payment
from alta.inventory.models import Item
from alta.inventory.queries import item_values
from alta.playbooks.language import Input, Playbook
from alta.playbooks.plan import Plan, Step
from alta.playbooks.refusals import INPUT_INVALID
from alta.playbooks.templates import Context, TemplateMistake, evaluate
from alta.playbooks.values import valid_value
from alta.runner.records import JobRow
from alta.runner.refusals import (
    INPUT_MISSING,
    INPUT_UNKNOWN,
    ITEM_WRONG_TEMPLATE,
    VARIABLE_UNKNOWN,
)
from alta.services.credentials import secrets_of_service
from alta.services.models import Addon, Service

SETTING_PREFIX = "ALTA_VAR_"
DEFAULT_SETTINGS = {"company": "Alta Telecom"}


def operator_settings() -> dict[str, str]:
    """`settings`: what the operator set as ALTA_VAR_<NAME>; never a secret."""
    own = {
        name.removeprefix(SETTING_PREFIX).lower(): value
        for name, value in os.environ.items()
        if name.startswith(SETTING_PREFIX)
    }
    return DEFAULT_SETTINGS | own


# What `installation` is where nobody agreed on a day: a playbook may ask for it in any job.
NO_INSTALLATION = {"date": None, "slot": None, "starts_at": None, "ends_at": None}


def frozen_variables(
    service: Service | None,
    customer: Customer | None,
    product: Product | None,
    *,
    order: Mapping[str, Any] | None = None,
    installation: Mapping[str, Any] | None = None,
    addons: Sequence[Addon] = (),
) -> dict[str, Any]:
    """What a job remembers of the world when it starts. Missing parts are empty, so reading from them is an
    error."""
    return {
        "service": _service(service, addons) if service else {},
        "customer": _customer(customer) if customer else {},
        "product": product_variables(product) if product else {},
        "order": dict(order or {}),
        "installation": dict(installation or NO_INSTALLATION),
        "settings": operator_settings(),
    }


def _service(service: Service, addons: Sequence[Addon]) -> dict[str, Any]:
    return {
        "id": service.pk,
        "uuid": str(service.uuid),
        "name": service.name,
        "type": service.service_type,
        "auto_renew": service.auto_renew,
        "site": site_variables(service.site) if service.site else None,
        "billing_contact": _contact(service.billing_contact) if service.billing_contact else None,
        "technical_contact": _contact(service.technical_contact) if service.technical_contact else None,
        "custom": service.custom,
        "setup_price": service.setup_price,
        "recurring_price": service.recurring_price,
        "addons": [_addon(one) for one in addons],
        "period_price": service.recurring_price + sum(one.recurring_price for one in addons),
        "currency": service.currency,
        "period": service.period,
    }


def _addon(addon: Addon) -> dict[str, Any]:
    return {
        "key": str(addon.key),
        "order": addon.order_id,
        "name": addon.name,
        "product": addon.product.slug,
        "features": addon.product.features,
        "recurring_price": addon.recurring_price,
    }


def site_variables(site: Site) -> dict[str, Any]:
    """A site as templates read it."""
    return {
        "id": site.pk,
        "label": str(site),
        "name": site.name,
        "line1": site.line1,
        "line2": site.line2,
        "city": site.city,
        "postal_code": site.postal_code,
        "country": site.country,
    }


def _contact(contact: Contact) -> dict[str, Any]:
    return {"id": contact.pk, "name": contact.name, "email": contact.email, "phone": contact.phone}


def _customer(customer: Customer) -> dict[str, Any]:
    # In Python, so that whoever starts many jobs can have read them for all.
    email = next((one for one in customer.emails.all() if one.primary), None)
    phone = next((one for one in customer.phones.all() if one.primary), None)
    return {
        "id": customer.pk,
        "external_id": customer.external_id,
        "name": customer.name,
        "kind": customer.kind,
        "language": customer.language,
        "email": email.address if email else None,
        "phone": phone.e164 if phone else None,
        "payment": default_payment(customer),
    }


def product_variables(product: Product) -> dict[str, Any]:
    """A product as templates read it."""
    return {
        "id": product.pk,
        "slug": product.slug,
        "name": {"es": product.name_es, "en": product.name_en},
        "features": product.features,
        "installation": product.installation,
        "setup_price": product.setup_price,
        "recurring_price": product.recurring_price,
        "currency": product.currency,
    }


def resolve_inputs(
    playbook: Playbook, given: Mapping[str, Any], features: Mapping[str, Any], source: str
) -> dict[str, Any]:
    """The value of every input, with where it came from. Raises a refusal for one that is missing, unknown
    or invalid.

    For an item from stock the given value is the item's number."""
    for name in given:
        if name not in playbook.inputs:
            raise INPUT_UNKNOWN(input=name)
    items = {
        item.pk: item
        for item in Item.objects.select_related("template").filter(
            pk__in=[given[n] for n, i in playbook.inputs.items() if i.inventory and _is_number(given.get(n))]
        )
    }
    resolved: dict[str, Any] = {}
    for name, spec in playbook.inputs.items():
        if spec.inventory:
            resolved[name] = _item(name, spec, given.get(name), items, source)
        else:
            resolved[name] = _value(name, spec, given, features, source)
    return resolved


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**63


def _item(name: str, spec: Input, number: Any, items: Mapping[int, Item], source: str) -> dict[str, Any]:
    if number is None and not spec.required:
        return {"item": None, "source": "absent"}
    if number is None:
        raise INPUT_MISSING(input=name)
    item = items.get(number) if _is_number(number) else None
    if item is None:
        raise INPUT_INVALID(input=name, value=number)
    if item.template.name != spec.inventory:
        raise ITEM_WRONG_TEMPLATE(input=name, wanted=spec.inventory, found=item.template.name)
    return {"item": item.pk, "identifier": item.identifier, "source": source}


def _value(
    name: str, spec: Input, given: Mapping[str, Any], features: Mapping[str, Any], source: str
) -> dict[str, Any]:
    for place, values in ((source, given), ("product", features), ("playbook", {name: spec.default})):
        if values.get(name) is not None:
            return {"value": valid_value(name, spec, values[name]), "source": place}
    if spec.required:
        raise INPUT_MISSING(input=name)
    return {"value": None, "source": "absent"}


def input_values(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """`inputs` as templates read them: plain values, and items with the values and secrets they have now."""
    numbers = [entry["item"] for entry in inputs.values() if entry.get("item")]
    items = item_values(numbers) if numbers else {}
    return {
        name: items.get(entry["item"]) if "item" in entry else entry["value"]
        for name, entry in inputs.items()
    }


@dataclass(frozen=True)
class Fresh:
    """What is read anew whenever a worker takes the job, because it holds secrets: the values of the inputs, and the
    service's credentials."""

    inputs: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, SecretStr] = field(default_factory=dict)


def needs_database(playbook: Playbook, inputs: Mapping[str, Any]) -> bool:
    return bool(playbook.secrets) or any(entry.get("item") for entry in inputs.values())


def read_fresh(playbook: Playbook, inputs: Mapping[str, Any], service_id: int | None) -> Fresh:
    known = secrets_of_service(service_id) if playbook.secrets and service_id else {}
    return Fresh(input_values(inputs), {name: known[name] for name in playbook.secrets if name in known})


def base_context(job_id: int, variables: Mapping[str, Any], fresh: Fresh) -> dict[str, Any]:
    context = {**variables, "job": {"id": job_id}, "inputs": fresh.inputs}
    if fresh.secrets:
        context["service"] = {**variables["service"], "secrets": fresh.secrets}
    return context


def task_context(base: Context, job: JobRow, plan: Plan, step: Step, item: Any = None) -> dict[str, Any]:
    """Everything that a task's templates see: the job's variables, what earlier tasks gave back, and its
    own item."""
    context = dict(base)
    context["tasks"] = {
        row.key: {"state": row.state, "output": row.output}
        for row in job.tasks.values()
        if row.key in plan.steps
    }
    for other in plan.steps.values():
        if other.task.register_:
            context[other.task.register_] = job.tasks[other.key].output
    if step.task.for_each:
        context["item"] = item
    return context


def refuse_unknown_variables(plan: Plan, context: Context) -> None:
    """Every variable that some template reads must exist before the job starts. Raises
    `playbook.variable.unknown`.

    What tasks will give back (`tasks`, registered names, `result`, `item`) was checked against the playbook
    itself."""
    for chain in sorted(plan.variables):
        if chain[0] not in context:
            continue
        if chain[0] == "inputs" and len(chain) > 2 and context["inputs"].get(chain[1]) is None:
            continue  # an input that may be absent, and is; the task's `when` can ask
        try:
            evaluate(_expression(chain), context)
        except TemplateMistake:
            raise VARIABLE_UNKNOWN(variable=".".join(chain)) from None


def _expression(chain: tuple[str, ...]) -> str:
    return chain[0] + "".join(f"[{part!r}]" for part in chain[1:])
