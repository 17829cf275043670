"""A product that could not be provisioned is not saved, and every reason is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pytest

from alta.catalog.models import Product
from alta.catalog.queries import bundle_members, explain_hidden, kept_products, products_broken_by
from alta.catalog.services import MemberSpec, ProductSpec, RequiredSpec, save_product, set_enabled
from alta.connectors import registry
from alta.playbooks import definitions
from alta.playbooks.services import publish
from alta.refusal import Refusal

from .conftest import MOBILE, NOW, MakeProduct


def reasons(spec: ProductSpec) -> list[str]:
    """The codes of all that is wrong, after making sure that nothing was saved."""
    before = list(Product.objects.values())
    with pytest.raises(Refusal) as refusal:
        save_product(spec, actor="ana", now=NOW)
    assert refusal.value.code == "catalog.product.not_ready"
    assert list(Product.objects.values()) == before
    found: Sequence[Refusal] = refusal.value.params["reasons"]
    assert all(str(reason) in str(refusal.value) for reason in found)
    return [reason.code.removeprefix("catalog.playbook.") for reason in found]


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        ({"playbook": "mobile-perpaid"}, ["not_published"]),
        ({"service_type": "voip"}, ["other_use"]),
        ({"kind": "addon"}, ["other_use"]),
        ({"features": {}}, ["feature_missing"]),
        ({"features": {"data_gb": "lots"}}, ["feature_invalid"]),
        ({"features": {"data_gb": 0}}, ["feature_invalid"]),
        ({"features": {"data_gb": 501}}, ["feature_invalid"]),
        ({"features": {"data_gb": True}}, ["feature_invalid"]),
        ({"required_items": ()}, ["item_missing", "item_missing"]),
        ({"required_items": (), "features": {}}, ["item_missing", "item_missing", "feature_missing"]),
    ],
)
def test_every_reason_is_said_at_once(mobile: ProductSpec, change: dict[str, Any], codes: list[str]) -> None:
    save_product(mobile, actor="ana", now=NOW)
    assert reasons(replace(mobile, **change)) == codes


def test_stock_must_be_just_what_the_playbook_takes(mobile: ProductSpec) -> None:
    sim, number = mobile.required_items
    swapped = [replace(sim, template_id=number.template_id), number]
    assert reasons(replace(mobile, required_items=swapped)) == ["item_other_template"]
    assert reasons(replace(mobile, required_items=[sim, replace(number, required=False)])) == [
        "item_optional"
    ]
    more = [sim, number, RequiredSpec("modem", sim.template_id)]
    assert reasons(replace(mobile, required_items=more)) == ["item_unknown"]


def test_a_product_may_wait_for_its_playbook(mobile: ProductSpec) -> None:
    product = save_product(replace(mobile, playbook="", features={}), actor="ana", now=NOW)
    assert [hidden.code for hidden in explain_hidden()] == ["catalog.product.no_playbook"]
    [kept] = kept_products(NOW)
    assert (kept.product, kept.state) == (product, "unready")


def test_a_playbook_whose_action_is_gone_provisions_nothing(mobile: ProductSpec, make: MakeProduct) -> None:
    text = MOBILE.replace("wait: {timer: 1s}", "do: ocs.get_account, with: {account: x}")
    publish(text, "ana", NOW)
    save_product(mobile, actor="ana", now=NOW)
    definitions.definition.cache_clear()
    with patch.object(registry, "find_action", lambda name: None):
        assert reasons(replace(mobile, recurring_price=1)) == ["broken"]
        assert [hidden.code for hidden in explain_hidden()] == ["catalog.product.not_ready"]
        [kept] = kept_products(NOW)
        assert (kept.state, [reason.code for reason in kept.reasons]) == (
            "unready",
            ["catalog.playbook.broken"],
        )
        set_enabled(kept.product.pk, False, actor="ana")
        with pytest.raises(Refusal) as refusal:
            set_enabled(kept.product.pk, True, actor="ana")
        assert refusal.value.code == "catalog.product.not_ready"
        assert not Product.objects.get().enabled
    definitions.definition.cache_clear()


def test_features_that_templates_read_must_be_there(mobile: ProductSpec) -> None:
    text = MOBILE.replace("es: Esperar, en: Wait", "es: '{{ product.features.speed }}', en: Wait")
    publish(text, "ana", NOW)
    assert reasons(mobile) == ["feature_missing"]


def test_a_new_version_of_a_playbook_may_break_products_on_sale(mobile: ProductSpec) -> None:
    save_product(mobile, actor="ana", now=NOW)
    assert products_broken_by("mobile-prepaid") == []
    publish(MOBILE.replace("max: 500", "max: 10"), "ana", NOW)
    [(product, found)] = products_broken_by("mobile-prepaid")
    assert (product.slug, [reason.code for reason in found]) == (
        "mobile-20gb",
        ["catalog.playbook.feature_invalid"],
    )
    set_enabled(product.pk, False, actor="ana")
    assert products_broken_by("mobile-prepaid") == []


def bundle(**more: Any) -> dict[str, Any]:
    members = [MemberSpec("fibre", 4900, 2000), MemberSpec("phone", 0, 500)]
    return {"kind": "bundle", "service_type": "internet", "playbook": "", "members": members} | more


@pytest.fixture
def parts(make: MakeProduct) -> None:
    make("fibre", service_type="internet", recurring_price=2900)
    make("phone", service_type="voip", recurring_price=900)


def test_a_bundle_costs_what_its_members_cost_in_it(parts: None, make: MakeProduct) -> None:
    duo = make("duo", **bundle(recurring_price=99999))
    assert (duo.setup_price, duo.recurring_price) == (4900, 2500)
    assert [(member.product.slug, member.recurring_price) for member in bundle_members(duo)] == [
        ("fibre", 2000),
        ("phone", 500),
    ]
    make("duo", **bundle(members=[MemberSpec("phone", 0, 400), MemberSpec("fibre", 0, 2000)]))
    assert [member.product.slug for member in bundle_members(duo)] == ["phone", "fibre"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"members": [MemberSpec("fibre")]}, "bundle.empty"),
        ({"members": [MemberSpec("fibre"), MemberSpec("fibre")]}, "bundle.empty"),
        ({"members": [MemberSpec("fibre"), MemberSpec("nothing")]}, "product.invalid"),
        ({"members": [MemberSpec("fibre"), MemberSpec("trio")]}, "product.invalid"),
        ({"members": [MemberSpec("fibre"), MemberSpec("phone", -1)]}, "product.invalid"),
        ({"members": [MemberSpec("fibre"), MemberSpec("duo")]}, "bundle.member_kind"),
        ({"currency": "EUR"}, "bundle.currency"),
        ({"customer_kinds": ["individual", "business"]}, "bundle.customers"),
        ({"kind": "plan"}, "bundle.not_a_bundle"),
    ],
)
def test_a_bundle_that_cannot_be_is_refused(
    parts: None, make: MakeProduct, change: dict[str, Any], code: str
) -> None:
    make("duo", **bundle())
    with pytest.raises(Refusal) as refusal:
        make("trio", **bundle(**change))
    assert refusal.value.code == f"catalog.{code}"
    assert not Product.objects.filter(slug="trio").exists()
