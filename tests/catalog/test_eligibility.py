from __future__ import annotations

from dataclasses import replace

import pytest

from alta.catalog import rules
from alta.catalog.coverage import add_area, remove_area, types_at
from alta.catalog.models import CoverageArea
from alta.catalog.rules import CustomerFacts, CustomerKind, Kind, Named, OnSale, Place, ProductFacts, covers
from alta.refusal import Refusal

IPTV = ProductFacts(
    product="IPTV",
    kind=Kind.PLAN,
    service_type="iptv",
    customer_kinds=frozenset({CustomerKind.INDIVIDUAL}),
    enabled=True,
    playbook="iptv-plan",
    currency="GBP",
    slug="iptv-home",
)
FIBRE = replace(IPTV, product="Fibre", service_type="internet", slug="fibre")
JOHN = CustomerFacts(CustomerKind.INDIVIDUAL, "GBP")


@pytest.mark.parametrize(
    ("rule", "unfit", "fit", "code"),
    [
        (
            {"needs_services": (Named("internet", "Internet"),)},
            {},
            {"service_types": frozenset({"internet"})},
            "needs_other_service",
        ),
        ({"most_per_customer": 1}, {"products": {"iptv-home": 1}}, {"products": {"other": 1}}, "too_many"),
        (
            {"most_per_customer": 2},
            {"products": {"iptv-home": 3}},
            {"products": {"iptv-home": 1}},
            "too_many",
        ),
        (
            {"excludes": (Named("iptv-bar", "Bar"),)},
            {"products": {"iptv-bar": 1}},
            {"products": {"iptv-bar": 0}},
            "excluded",
        ),
        ({"needs_payment_method": True}, {}, {"has_payment_method": True}, "needs_payment"),
        (
            {"needs_coverage": True},
            {"has_address": True, "covered_types": frozenset({"internet"})},
            {"has_address": True, "covered_types": frozenset({"iptv"})},
            "not_covered",
        ),
        ({"needs_coverage": True}, {}, {"has_address": True, "covered_types": {"iptv"}}, "no_address"),
    ],
)
def test_each_rule_refuses_whom_it_should_and_nobody_else(
    rule: dict[str, object], unfit: dict[str, object], fit: dict[str, object], code: str
) -> None:
    product = replace(IPTV, **rule)  # type: ignore[arg-type]
    [reason] = rules.eligibility(product, replace(JOHN, **unfit))  # type: ignore[arg-type]
    assert reason.code == f"catalog.product.{code}"
    assert str(reason)
    assert rules.eligibility(product, replace(JOHN, **fit)) == []  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("state", "code"), [(OnSale.NOT_YET, "not_yet"), (OnSale.NO_LONGER, "no_longer"), (OnSale.NOW, None)]
)
def test_a_product_is_sold_only_in_its_time(state: OnSale, code: str | None) -> None:
    found = [reason.code for reason in rules.for_sale(replace(IPTV, on_sale=state))]
    assert found == ([f"catalog.product.{code}"] if code else [])


def test_a_bundle_asks_what_its_members_ask_and_members_help_those_after_them() -> None:
    iptv = replace(IPTV, needs_services=(Named("internet", "Internet"),))
    bundle = replace(IPTV, product="Duo", kind=Kind.BUNDLE, playbook="", members=(FIBRE, iptv), slug="duo")
    assert rules.eligibility(bundle, JOHN) == []
    turned = replace(bundle, members=(iptv, FIBRE))
    assert [reason.code for reason in rules.eligibility(turned, JOHN)] == [
        "catalog.product.needs_other_service"
    ]
    broken = replace(bundle, members=(replace(FIBRE, enabled=False), iptv))
    assert [reason.code for reason in rules.eligibility(broken, JOHN)] == ["catalog.product.disabled"]
    empty = replace(bundle, members=())
    assert [reason.code for reason in rules.eligibility(empty, JOHN)] == ["catalog.product.bundle"]


LONDON = Place("GB", "London", "E1 6AN")


@pytest.mark.parametrize(
    ("area", "covered"),
    [
        (Place("GB"), True),
        (Place("BO"), False),
        (Place("GB", "LONDÓN"), True),
        (Place("GB", "Leeds"), False),
        (Place("GB", "", "e16"), True),
        (Place("GB", "", "E2"), False),
        (Place("GB", "London", "E2"), False),
    ],
)
def test_an_area_covers_the_addresses_that_lie_in_it(area: Place, covered: bool) -> None:
    assert covers(area, LONDON) is covered


@pytest.mark.django_db
def test_coverage_is_found_by_address() -> None:
    fibre = add_area("internet", country="gb", postal_code="e1", actor="ana")
    add_area("iptv", country="GB", city=" Leeds ", actor="ana")
    assert types_at([LONDON]) == {"internet"}
    assert types_at([LONDON, Place("GB", "leeds", "")]) == {"internet", "iptv"}
    assert types_at([]) == frozenset()
    remove_area(fibre.pk, actor="ana")
    assert types_at([LONDON]) == frozenset()
    with pytest.raises(Refusal) as refusal:
        remove_area(fibre.pk, actor="ana")
    assert refusal.value.code == "catalog.area.not_found"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wrong", [{"country": "Spain"}, {"country": ""}, {"service_type": "fax"}, {"city": "x" * 81}, {}]
)
def test_an_area_that_is_none_or_is_there_already_is_refused(wrong: dict[str, str]) -> None:
    add_area("internet", country="GB", actor="ana")
    values = {"service_type": "internet", "country": "GB"} | wrong
    with pytest.raises(Refusal) as refusal:
        add_area(values.pop("service_type"), **values, actor="ana")  # type: ignore[arg-type]
    assert refusal.value.code == "catalog.area.invalid"
    assert CoverageArea.objects.count() == 1
