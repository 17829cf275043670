from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from alta.catalog.models import Product
from alta.catalog.services import ProductSpec, RequiredSpec, save_product
from alta.inventory.models import Template

MakeProduct = Callable[..., Product]


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
            "playbook": "p",
        }
        return save_product(ProductSpec(slug, **defaults | values), actor="ana")

    return make_product
