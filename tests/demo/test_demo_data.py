"""What the demo loads."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.utils import timezone
from stdnum import luhn

from alta.catalog.models import Product
from alta.catalog.queries import kept_products
from alta.customers.models import Customer
from alta.customers.queries import search
from alta.customers.services import create_customer
from alta.demo import catalogue, data, people, stock
from alta.inventory.models import Item
from alta.inventory.rules import abbreviated
from alta.playbooks.queries import definitions

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def loaded() -> None:
    assert data.load(timezone.now())


def _counts() -> dict[str, int]:
    return {model._meta.label: model._default_manager.count() for model in apps.get_models()}


def test_loading_again_changes_nothing() -> None:
    before = _counts()
    assert not data.load(timezone.now())
    # Also where another version of the data was loaded before.
    people.add_users()
    catalogue.save(stock.add(timezone.now(), actor="demo"), actor="demo", now=timezone.now())
    people.add_customers(timezone.now(), actor="demo")
    assert _counts() == before


def test_the_guides_customers_are_found_as_in_the_guide() -> None:
    assert [(found.id, found.name) for found in search("+1234567890")] == [(123, "John Smith")]
    assert {(found.id, found.name) for found in search("John")} >= {
        (123, "John Smith"),
        (456, "John Doe"),
        (789, "Johnson Enterprises"),
    }
    assert [found.id for found in search("jane@")] == [found.id for found in search("ACME")]
    assert Customer.objects.count() == 10


def test_new_customers_are_numbered_beyond() -> None:
    assert create_customer(name="Prueba", actor="ana").pk == people.FIRST_FREE_ID


def test_a_customer_in_the_place_of_another_is_left_alone() -> None:
    Customer.objects.filter(pk=456).delete()
    Customer.objects.create(pk=456, name="Somebody Else", kind="individual")
    people.add_customers(timezone.now(), actor="demo")
    assert Customer.objects.get(pk=456).name == "Somebody Else"
    assert Customer.objects.filter(name="John Doe").exists()


def test_iccids_are_valid_and_end_in_their_number() -> None:
    iccids = [stock.iccid(number) for number in range(1, stock.HOW_MANY + 1)]
    assert all(luhn.is_valid(iccid) and iccid.startswith("8944") for iccid in iccids)
    assert [iccid[-4:] for iccid in iccids] == [f"{number:04d}" for number in range(1, stock.HOW_MANY + 1)]
    sims = Item.objects.filter(identifier__in=["SIM-00123", "SIM-00124", "SIM-00125"]).order_by("identifier")
    assert [abbreviated(sim.values["iccid"]) for sim in sims] == [
        "8944...0001",
        "8944...0002",
        "8944...0003",
    ]


def test_no_key_is_stored_in_the_open() -> None:
    sim = Item.objects.get(identifier="SIM-00123")
    assert set(sim.values) == {"iccid", "imsi"}
    assert bytes.fromhex(stock._key("K", 1)) not in bytes(sim.secrets or b"")
    assert stock._key("K", 1).upper().encode() not in bytes(sim.secrets or b"")


def test_the_guides_product() -> None:
    product = Product.objects.get(slug="mobile-20gb")
    assert (product.name_es, product.setup_price, product.recurring_price) == (
        "Móvil - Plan de 20GB",
        0,
        1500,
    )
    assert [(item.name, item.label_es) for item in product.required_items.all()] == [
        ("sim", "Tarjeta SIM"),
        ("number", "Número Móvil"),
    ]
    assert set(Product.objects.values_list("service_type", flat=True)) == {
        "mobile",
        "internet",
        "iptv",
        "voip",
    }


def test_products_are_on_sale_where_their_playbook_is() -> None:
    kept = {one.product.slug: one.state for one in kept_products(timezone.now())}
    published = set(definitions())
    for product in Product.objects.exclude(kind="bundle"):
        assert kept[product.slug] == ("on_sale" if product.playbook else "unready")
        assert not product.playbook or product.playbook in published
    assert kept["mobile-20gb"] == "on_sale"
    trio = Product.objects.get(slug="fibre-tv-voice")
    assert (trio.setup_price, trio.recurring_price) == (4900, 4000)
    assert (trio.setup_margin, trio.recurring_margin) == (4900 - 3500, 4000 - 1400 - 600 - 350)
