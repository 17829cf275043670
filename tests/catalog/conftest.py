from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from alta.catalog.models import Product
from alta.catalog.services import ProductSpec, RequiredSpec, save_product
from alta.inventory.models import Template
from alta.playbooks.services import publish

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
TASK = "tasks: [{id: wait, title: {es: Esperar, en: Wait}, wait: {timer: 1s}}]"
MOBILE = f"""
playbook: mobile-prepaid
title: {{es: Alta, en: New}}
applies_to: {{service_type: mobile, category: plan, verb: create}}
inputs:
  sim: {{inventory: SIM Card}}
  number: {{inventory: Mobile Number}}
  data_gb: {{type: integer, min: 1, max: 500}}
{TASK}
"""
ANYTHING = f"""
playbook: any
title: {{es: Cualquiera, en: Any}}
{TASK}
"""
MakeProduct = Callable[..., Product]


@pytest.fixture(autouse=True)
def playbooks(request: pytest.FixtureRequest) -> None:
    """What the products of these tests are provisioned with."""
    if request.node.get_closest_marker("django_db") or "db" in request.fixturenames:
        request.getfixturevalue("db")
        publish(MOBILE, "ana", NOW)
        publish(ANYTHING, "ana", NOW)


@pytest.fixture
def sim_template(db: None) -> Template:
    return Template.objects.create(
        name="SIM Card", label_es="Tarjeta SIM", label_en="SIM Card", kind="physical"
    )


@pytest.fixture
def number_template(db: None) -> Template:
    return Template.objects.create(
        name="Mobile Number", label_es="Número Móvil", label_en="Mobile Number", kind="virtual"
    )


@pytest.fixture
def mobile(sim_template: Template, number_template: Template) -> ProductSpec:
    return ProductSpec(
        slug="mobile-20gb",
        name_es="Móvil - Plan de 20GB",
        name_en="Mobile - 20GB plan",
        kind="plan",
        service_type="mobile",
        customer_kinds=["individual"],
        playbook="mobile-prepaid",
        features={"data_gb": 20},
        recurring_price=1500,
        wholesale_recurring_price=500,
        required_items=[
            RequiredSpec("sim", sim_template.pk),
            RequiredSpec("number", number_template.pk, label_es="Número", label_en="Number"),
        ],
    )


@pytest.fixture
def make(db: None) -> MakeProduct:
    def make_product(slug: str, **values: Any) -> Product:
        defaults: dict[str, Any] = {
            "name_es": slug,
            "name_en": slug,
            "kind": "plan",
            "service_type": "mobile",
            "customer_kinds": ["individual"],
            "playbook": "any",
        }
        return save_product(ProductSpec(slug, **defaults | values), actor="ana", now=NOW)

    return make_product
