from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.utils import translation

from alta.audit.log import entries_about
from alta.catalog.models import Product, ServiceType
from alta.catalog.queries import service_types
from alta.catalog.servicetypes import begin, remove_service_type, save_service_type
from alta.refusal import Refusal

from .conftest import MakeProduct

pytestmark = pytest.mark.django_db


def test_an_installation_begins_with_four_types_and_keeps_what_became_of_them() -> None:
    assert [one.slug for one in service_types()] == ["mobile", "internet", "iptv", "voip"]
    remove_service_type("iptv", actor="ana")
    begin()
    assert [one.slug for one in service_types()] == ["mobile", "internet", "voip"]
    ServiceType.objects.all().delete()
    begin()
    assert [one.slug for one in service_types()] == ["mobile", "internet", "iptv", "voip"]


def test_a_new_type_is_data_and_products_can_be_of_it(make: MakeProduct) -> None:
    added = save_service_type(
        "omnicharge", name_es="Omnicharge", name_en="Omnicharge", icon="wallet", actor="ana"
    )
    assert added.position == 4
    product = make("top-up", service_type="omnicharge")
    assert (product.service_type, product.type.name, product.facts.type_name) == (
        "omnicharge",
        "Omnicharge",
        "Omnicharge",
    )
    save_service_type("omnicharge", name_es="Recargas", name_en="Top-ups", icon="wallet", actor="eva")
    with translation.override("es"):
        assert Product.objects.get(slug="top-up").type.name == "Recargas"
    assert [(entry.actor, entry.action) for entry in entries_about(added)] == [
        ("eva", "catalog.service_type.changed"),
        ("ana", "catalog.service_type.created"),
    ]


@pytest.mark.parametrize(
    "wrong", [{"slug": "Fixed Wireless"}, {"slug": "x"}, {"name_es": " "}, {"name_en": ""}, {"icon": "cat"}]
)
def test_a_type_that_cannot_be_is_refused(wrong: dict[str, str]) -> None:
    values = {"slug": "radio", "name_es": "Radio", "name_en": "Radio", "icon": "antenna"} | wrong
    with pytest.raises(Refusal) as refusal:
        save_service_type(values.pop("slug"), **values, actor="ana")  # type: ignore[arg-type]
    assert refusal.value.code == "catalog.service_type.invalid"
    assert len(service_types()) == 4


def test_a_type_with_products_stays(make: MakeProduct) -> None:
    make("phone")
    with pytest.raises(Refusal) as refusal:
        remove_service_type("mobile", actor="ana")
    assert (refusal.value.code, refusal.value.params["products"]) == ("catalog.service_type.in_use", 1)
    assert ServiceType.objects.filter(slug="mobile").exists()
    with pytest.raises(IntegrityError), transaction.atomic():
        ServiceType.objects.filter(slug="mobile")._raw_delete("default")
    with pytest.raises(Refusal) as refusal:
        remove_service_type("fax", actor="ana")
    assert refusal.value.code == "catalog.service_type.not_found"
