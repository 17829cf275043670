from __future__ import annotations

from dataclasses import replace

import pytest
from django.utils import translation

from alta.catalog.rules import (
    AutoRenew,
    CustomerFacts,
    CustomerKind,
    Kind,
    ProductFacts,
    Shelf,
    auto_renews,
    eligibility,
    hidden_from,
    matches,
)

PLAN = ProductFacts(
    product="Mobile 20GB",
    kind=Kind.PLAN,
    service_type="mobile",
    customer_kinds=frozenset({CustomerKind.INDIVIDUAL}),
    enabled=True,
    playbook="mobile-prepaid",
    currency="GBP",
    words="mobile-20gb Móvil 20GB",
)
BOOST = replace(PLAN, product="5GB Data Boost", kind=Kind.ADDON)
JOHN = CustomerFacts(CustomerKind.INDIVIDUAL, "GBP")


@pytest.mark.parametrize(
    ("product", "customer", "codes"),
    [
        (PLAN, JOHN, []),
        (replace(PLAN, enabled=False), JOHN, ["disabled"]),
        (replace(PLAN, playbook=""), JOHN, ["no_playbook"]),
        (PLAN, replace(JOHN, kind=CustomerKind.BUSINESS), ["customer_kind"]),
        (PLAN, replace(JOHN, currency="BOB"), ["currency"]),
        (BOOST, JOHN, ["needs_service"]),
        (BOOST, replace(JOHN, service_types=frozenset({"internet"})), ["needs_service"]),
        (BOOST, replace(JOHN, service_types=frozenset({"mobile"})), []),
        (replace(BOOST, enabled=False, playbook=""), JOHN, ["disabled", "no_playbook", "needs_service"]),
    ],
)
def test_a_customer_is_told_every_reason(
    product: ProductFacts, customer: CustomerFacts, codes: list[str]
) -> None:
    assert [reason.code for reason in eligibility(product, customer)] == [
        f"catalog.product.{code}" for code in codes
    ]


@pytest.mark.parametrize(
    ("shelf", "codes"),
    [
        (Shelf(), []),
        (Shelf(CustomerKind.INDIVIDUAL, Kind.PLAN, "mobile", "movil 20"), []),
        (Shelf(customer_kind=CustomerKind.BUSINESS), ["customer_kind"]),
        (Shelf(kind=Kind.ADDON), ["other_kind"]),
        (Shelf(service_type="iptv"), ["other_service_type"]),
        (Shelf(search="fibra"), ["no_match"]),
    ],
)
def test_what_hides_a_product_is_named(shelf: Shelf, codes: list[str]) -> None:
    assert [reason.code for reason in hidden_from(PLAN, shelf)] == [
        f"catalog.product.{code}" for code in codes
    ]


def test_the_reason_says_where_the_product_is() -> None:
    with translation.override("en"):
        [reason] = hidden_from(PLAN, Shelf(customer_kind=CustomerKind.BUSINESS))
        assert str(reason) == "Mobile 20GB is not for this type of customer; switch to Individual"


@pytest.mark.parametrize(
    ("search", "found"),
    [("", True), ("MÓV", True), ("20gb movil", True), ("ovil", False), ("movil fibra", False), (" - ", True)],
)
def test_a_search_matches_beginnings_of_words(search: str, found: bool) -> None:
    assert matches("Móvil - Plan de 20GB", search) is found


@pytest.mark.parametrize(
    ("rule", "default", "answer", "renews"),
    [
        (AutoRenew.ASKED, True, None, True),
        (AutoRenew.ASKED, False, None, False),
        (AutoRenew.ASKED, True, False, False),
        (AutoRenew.ASKED, False, True, True),
        (AutoRenew.ALWAYS, False, False, True),
        (AutoRenew.NEVER, True, True, False),
    ],
)
def test_renewal_is_asked_only_where_the_product_leaves_it_open(
    rule: AutoRenew, default: bool, answer: bool | None, renews: bool
) -> None:
    assert auto_renews(rule, default, answer) is renews
