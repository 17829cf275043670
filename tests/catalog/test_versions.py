from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from alta.audit.log import entries_about
from alta.catalog import queries
from alta.catalog.models import Product
from alta.catalog.services import ProductSpec, duplicate_product, save_product, set_enabled
from alta.catalog.specification import as_data, differences, from_data, spec_of
from alta.catalog.versions import bring_into_force, withdraw_version
from alta.housekeeping import chores
from alta.refusal import Refusal

from .conftest import NOW, MakeProduct

LATER = NOW + timedelta(days=7)
AFTER = LATER + timedelta(seconds=1)


def price(product: Product) -> int:
    return Product.objects.get(pk=product.pk).recurring_price


def test_each_saving_is_a_version_that_stays(mobile: ProductSpec) -> None:
    product = save_product(mobile, actor="ana", now=NOW)
    dearer = replace(mobile, recurring_price=1600, enabled=False)
    save_product(dearer, actor="eva", now=LATER)
    second, first = product.versions.all()
    assert (first.number, first.saved_by, first.valid_from, first.spec["recurring_price"]) == (
        1,
        "ana",
        NOW,
        1500,
    )
    assert (second.number, second.saved_by, second.valid_from) == (2, "eva", LATER)
    assert differences(first.spec, second.spec)[0].field == "recurring_price"
    assert len(differences(first.spec, second.spec)) == 1
    assert replace(from_data(first.spec), customer_kinds=["individual"]) == replace(
        mobile, required_items=tuple(mobile.required_items)
    )
    product.refresh_from_db()
    assert (product.version, product.enabled) == (2, False)


def test_a_version_with_a_date_comes_into_force_by_itself(mobile: ProductSpec) -> None:
    product = save_product(mobile, actor="ana", now=NOW)
    dearer = replace(mobile, recurring_price=1900, required_items=mobile.required_items[::-1])
    save_product(dearer, actor="eva", now=NOW, valid_from=LATER)
    assert price(product) == 1500
    assert bring_into_force(LATER - timedelta(microseconds=1)) == 0
    assert price(product) == 1500
    assert bring_into_force(AFTER) == 1
    assert price(product) == 1900
    assert [item.name for item in product.required_items.all()] == ["number", "sim"]
    assert bring_into_force(AFTER) == 0
    assert entries_about(product)[0].action == "catalog.version.in_force"
    assert "alta.catalog.versions.bring_into_force" in {chore.name for chore in chores()}


def test_what_was_switched_off_meanwhile_stays_off(mobile: ProductSpec) -> None:
    product = save_product(mobile, actor="ana", now=NOW)
    save_product(replace(mobile, recurring_price=1900), actor="eva", now=NOW, valid_from=LATER)
    set_enabled(product.pk, False, actor="ana")
    bring_into_force(AFTER)
    product.refresh_from_db()
    assert (product.recurring_price, product.enabled) == (1900, False)


def test_saving_after_the_day_sees_the_version_of_that_day(mobile: ProductSpec) -> None:
    """Nobody brought it into force; the next saving does, and then comes after it."""
    product = save_product(mobile, actor="ana", now=NOW)
    save_product(replace(mobile, recurring_price=1900), actor="eva", now=NOW, valid_from=LATER)
    save_product(mobile, actor="ana", now=AFTER)
    product.refresh_from_db()
    assert (product.recurring_price, product.version) == (1500, 3)


def test_a_version_is_withdrawn_before_its_day_and_not_after(mobile: ProductSpec) -> None:
    product = save_product(mobile, actor="ana", now=NOW)
    save_product(replace(mobile, recurring_price=1900), actor="eva", now=NOW, valid_from=LATER)
    withdraw_version(product.pk, 2, actor="ana", now=NOW)
    assert bring_into_force(AFTER) == 0
    assert price(product) == 1500
    for number in (1, 2, 3):
        with pytest.raises(Refusal) as refusal:
            withdraw_version(product.pk, number, actor="ana", now=AFTER)
        assert refusal.value.code == "catalog.version.not_pending"
    assert product.versions.get(number=2).withdrawn_by == "ana"


@pytest.mark.parametrize("change", [{"spec": {}}, {"number": 9}, {"valid_from": NOW}, {"saved_by": "x"}])
def test_the_database_refuses_to_change_a_version(mobile: ProductSpec, change: dict[str, object]) -> None:
    product = save_product(mobile, actor="ana", now=NOW - timedelta(days=1))
    with pytest.raises(IntegrityError), transaction.atomic():
        product.versions.update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        product.versions.all()._raw_delete("default")


def test_what_somebody_else_saved_meanwhile_is_not_overwritten(mobile: ProductSpec) -> None:
    product = save_product(mobile, actor="ana", now=NOW, expected=0)
    with pytest.raises(Refusal) as refusal:
        save_product(replace(mobile, recurring_price=1), actor="eva", now=NOW, expected=0)
    assert refusal.value.code == "catalog.product.exists"
    save_product(replace(mobile, recurring_price=1600), actor="eva", now=NOW, expected=1)
    with pytest.raises(Refusal) as refusal:
        save_product(replace(mobile, recurring_price=1), actor="ana", now=NOW, expected=1)
    assert refusal.value.code == "catalog.product.changed_meanwhile"
    assert price(product) == 1600


def test_a_new_product_cannot_begin_later(mobile: ProductSpec) -> None:
    with pytest.raises(Refusal) as refusal:
        save_product(mobile, actor="ana", now=NOW, valid_from=LATER)
    assert refusal.value.code == "catalog.product.first_version_at_once"
    assert not Product.objects.exists()


def test_a_product_is_on_sale_between_its_days(make: MakeProduct) -> None:
    product = make("summer", sale_from=date(2026, 6, 1), sale_until=date(2026, 8, 31))
    codes = []
    for day in (NOW, datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 8, 31, 23, 59, tzinfo=UTC)):
        bring_into_force(day)
        codes.append([hidden.code for hidden in queries.explain_hidden()])
    bring_into_force(datetime(2026, 9, 1, tzinfo=UTC))
    codes.append([hidden.code for hidden in queries.explain_hidden()])
    assert codes == [["catalog.product.not_yet"], [], [], ["catalog.product.no_longer"]]
    product.refresh_from_db()
    assert product.changes_at is None
    with pytest.raises(Refusal) as refusal:
        make("summer", sale_from=date(2026, 6, 1), sale_until=date(2026, 5, 31))
    assert refusal.value.code == "catalog.product.invalid"
    with pytest.raises(IntegrityError), transaction.atomic():
        Product.objects.update(sale_until=date(2026, 5, 31))


def test_a_copy_is_off_and_has_a_name_of_its_own(mobile: ProductSpec) -> None:
    product = save_product(mobile, actor="ana", now=NOW)
    first = duplicate_product(product.pk, actor="eva", now=NOW)
    second = duplicate_product(product.pk, actor="eva", now=NOW)
    assert [first.slug, second.slug] == ["mobile-20gb-2", "mobile-20gb-3"]
    assert (first.enabled, first.name_es) == (False, "Móvil - Plan de 20GB (2)")
    same = replace(spec_of(first), slug=mobile.slug, name_es=mobile.name_es, name_en=mobile.name_en)
    assert as_data(same) == as_data(spec_of(product))
