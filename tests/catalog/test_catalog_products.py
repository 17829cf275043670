from __future__ import annotations

from dataclasses import replace
from itertools import product as combinations
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import translation
from pytest_django import DjangoAssertNumQueries

from alta.audit.log import entries_about
from alta.catalog import queries, services
from alta.catalog.models import Product, RequiredItem
from alta.catalog.rules import CustomerFacts, CustomerKind, Kind
from alta.catalog.services import MemberSpec, ProductSpec, RequiredSpec
from alta.inventory.models import Template
from alta.refusal import Refusal

from .conftest import NOW, MakeProduct

JOHN = CustomerFacts(CustomerKind.INDIVIDUAL, "GBP")


def slugs(products: list[Product]) -> list[str]:
    return [product.slug for product in products]


def test_a_product_is_saved_with_what_it_takes(mobile: ProductSpec) -> None:
    product = services.save_product(mobile, actor="ana", now=NOW)
    product.refresh_from_db()
    assert (product.recurring_price, product.wholesale_recurring_price, product.currency) == (
        1500,
        500,
        "GBP",
    )
    assert product.features == {"data_gb": 20}
    with translation.override("es"):
        assert product.name == "Móvil - Plan de 20GB"
        assert [item.label for item in product.required_items.all()] == ["Tarjeta SIM", "Número"]
    with translation.override("en"):
        assert product.name == "Mobile - 20GB plan"
        assert [item.label for item in product.required_items.all()] == ["SIM Card", "Number"]


def test_saving_the_same_product_again_writes_nothing(mobile: ProductSpec) -> None:
    product = services.save_product(mobile, actor="ana", now=NOW)
    items = list(product.required_items.values_list("id", flat=True))
    again = services.save_product(mobile, actor="ana", now=NOW)
    assert again.pk == product.pk
    assert list(again.required_items.values_list("id", flat=True)) == items
    assert [entry.action for entry in entries_about(product)] == ["catalog.product.created"]


def test_a_changed_product_keeps_its_id_and_says_what_changed(mobile: ProductSpec) -> None:
    product = services.save_product(mobile, actor="ana", now=NOW)
    changed = replace(mobile, recurring_price=1600, required_items=mobile.required_items[::-1])
    again = services.save_product(changed, actor="eva", now=NOW)
    assert (again.pk, again.recurring_price) == (product.pk, 1600)
    assert [item.name for item in again.required_items.all()] == ["number", "sim"]
    newest = entries_about(product)[0]
    assert (newest.actor, newest.action) == ("eva", "catalog.product.changed")
    assert newest.detail == {
        "slug": "mobile-20gb",
        "version": 2,
        "fields": ["recurring_price", "required_items"],
    }


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "gift"},
        {"service_type": "fax"},
        {"customer_kinds": []},
        {"customer_kinds": ["robot"]},
        {"recurring_price": -1},
        {"setup_price": -1},
        {"wholesale_setup_price": -1},
        {"currency": "gbp"},
        {"period": "eon"},
        {"auto_renew": "maybe"},
        {"contract_months": -1},
        {"name_es": ""},
    ],
)
def test_values_that_the_catalogue_does_not_allow_are_refused(
    mobile: ProductSpec, wrong: dict[str, Any]
) -> None:
    services.save_product(mobile, actor="ana", now=NOW)
    before = Product.objects.values().get()
    with pytest.raises(Refusal) as refusal:
        services.save_product(replace(mobile, **wrong), actor="ana", now=NOW)
    assert refusal.value.code == "catalog.product.invalid"
    assert refusal.value.params["field"]
    assert Product.objects.values().get() == before


@pytest.mark.parametrize("wrong", [{"name": "a b"}, {"template_id": 0}, {"name": "number"}])
def test_a_required_item_that_makes_no_sense_is_refused(mobile: ProductSpec, wrong: dict[str, Any]) -> None:
    sim, number = mobile.required_items
    with pytest.raises(Refusal) as refusal:
        services.save_product(
            replace(mobile, required_items=[number, replace(sim, **wrong)]), actor="ana", now=NOW
        )
    assert refusal.value.code == "catalog.product.invalid"
    assert not Product.objects.exists()
    assert not RequiredItem.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "gift"},
        {"service_type": "fax"},
        {"customer_kinds": []},
        {"customer_kinds": ["robot"]},
        {"recurring_price": -1},
        {"wholesale_recurring_price": -1},
        {"currency": "gb"},
        {"period": "eon"},
        {"auto_renew": "maybe"},
    ],
)
def test_the_database_refuses_what_the_catalogue_does_not_allow(
    mobile: ProductSpec, change: dict[str, Any]
) -> None:
    services.save_product(mobile, actor="ana", now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        Product.objects.update(**change)


def test_the_database_refuses_two_products_of_one_slug_and_two_inputs_of_one_name(
    mobile: ProductSpec, make: MakeProduct
) -> None:
    product = services.save_product(mobile, actor="ana", now=NOW)
    make("other")
    with pytest.raises(IntegrityError), transaction.atomic():
        Product.objects.filter(slug="other").update(slug=product.slug)
    with pytest.raises(IntegrityError), transaction.atomic():
        product.required_items.update(name="sim")


def test_a_template_that_a_product_takes_cannot_go(mobile: ProductSpec) -> None:
    services.save_product(mobile, actor="ana", now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        Template.objects.all().delete()


def test_a_product_is_taken_off_sale_and_put_back(make: MakeProduct) -> None:
    product = make("a")
    services.set_enabled(product.pk, False, actor="ana")
    services.set_enabled(product.pk, False, actor="ana")
    assert queries.list_products() == []
    services.set_enabled(product.pk, True, actor="ana")
    assert slugs(queries.list_products()) == ["a"]
    assert [entry.action for entry in entries_about(product)] == [
        "catalog.product.enabled",
        "catalog.product.disabled",
        "catalog.product.created",
    ]


def test_an_unknown_product_is_refused(db: None) -> None:
    for call in (
        lambda: services.set_enabled(404, True, actor="ana"),
        lambda: services.sellable_product(404, JOHN),
    ):
        with pytest.raises(Refusal) as refusal:
            call()
        assert refusal.value.code == "catalog.product.not_found"


def test_only_a_sellable_product_is_sold(make: MakeProduct) -> None:
    assert services.sellable_product(make("a").pk, JOHN).slug == "a"
    with pytest.raises(Refusal) as refusal:
        services.sellable_product(make("boost", kind="addon").pk, JOHN)
    assert refusal.value.code == "catalog.product.needs_service"


@pytest.fixture
def shop(make: MakeProduct) -> None:
    make("mobile", position=2)
    make("mobile-business", customer_kinds=["business"], position=1)
    make(
        "everyone", customer_kinds=["individual", "business"], service_type="internet", name_es="Fibra óptica"
    )
    make("boost", kind="addon")
    make(
        "triple",
        kind="bundle",
        service_type="iptv",
        playbook="",
        members=[MemberSpec("mobile"), MemberSpec("everyone", recurring_price=500)],
    )
    make("off", enabled=False)
    make("draft", playbook="")
    make("bolivian", currency="BOB")


def test_products_are_listed_by_position(shop: None) -> None:
    assert slugs(queries.list_products()) == [
        "everyone",
        "boost",
        "triple",
        "bolivian",
        "mobile-business",
        "mobile",
    ]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"customer_kind": "business"}, ["everyone", "mobile-business"]),
        ({"kind": "addon"}, ["boost"]),
        ({"service_type": "internet"}, ["everyone"]),
        ({"search": "fibra opt"}, ["everyone"]),
        ({"customer_kind": "business", "kind": "addon"}, []),
    ],
)
def test_the_shelf_is_filtered(shop: None, filters: dict[str, str], found: list[str]) -> None:
    assert slugs(queries.list_products(**filters)) == found


def test_a_customer_sees_what_the_customer_may_have(shop: None) -> None:
    assert slugs(queries.list_products(customer=JOHN)) == ["everyone", "triple", "mobile"]
    hidden = {hidden.product.slug: hidden.code for hidden in queries.explain_hidden(customer=JOHN)}
    assert hidden == {
        "boost": "catalog.product.needs_service",
        "off": "catalog.product.disabled",
        "draft": "catalog.product.no_playbook",
        "bolivian": "catalog.product.currency",
        "mobile-business": "catalog.product.customer_kind",
    }


def test_every_product_is_either_shown_or_explained(shop: None) -> None:
    everything = set(Product.objects.values_list("slug", flat=True))
    for customer_kind, kind, service_type, search, customer in combinations(
        [None, *CustomerKind],
        [None, *Kind],
        [None, "mobile", "internet", "iptv", "voip"],
        ["", "fibra", "zz"],
        [None, JOHN],
    ):
        shown = queries.list_products(customer_kind, kind, service_type, search, customer=customer)
        hidden = queries.explain_hidden(customer_kind, kind, service_type, search, customer=customer)
        assert sorted([*slugs(shown), *slugs([h.product for h in hidden])]) == sorted(everything)
        assert all(h.params["product"] == h.product.name and str(h.reason) for h in hidden)


def test_listing_takes_the_same_statements_however_many_products(
    mobile: ProductSpec, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for count in (1, 20):
        for number in range(count):
            services.save_product(replace(mobile, slug=f"mobile-{count}-{number}"), actor="ana", now=NOW)
        with django_assert_num_queries(7):
            for product in queries.list_products():
                assert [item.template.name for item in product.required_items.all()] == [
                    "SIM Card",
                    "Mobile Number",
                ]


def test_a_required_item_needs_a_template_that_exists(mobile: ProductSpec) -> None:
    with pytest.raises(Refusal):
        services.save_product(replace(mobile, required_items=[RequiredSpec("sim", 0)]), actor="ana", now=NOW)
