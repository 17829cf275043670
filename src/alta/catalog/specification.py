"""A product as it should be, apart from the rows that hold it: what is saved, kept as versions and compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import date
from typing import Any

from alta.catalog.models import Product
from alta.catalog.rules import Kind


@dataclass(frozen=True)
class RequiredSpec:
    """A piece of stock that a product takes; see `RequiredItem`."""

    name: str
    template_id: int
    label_es: str = ""
    label_en: str = ""
    required: bool = True


@dataclass(frozen=True)
class MemberSpec:
    """A product inside a bundle, by its slug; see `BundleMember`. Amounts are minor units."""

    product: str
    setup_price: int = 0
    recurring_price: int = 0


@dataclass(frozen=True)
class ProductSpec:
    """A product as it should be; see `Product`. Amounts are minor units. `needs_services` are slugs of service types,
    `excludes` slugs of products. A bundle costs what its members cost, whatever its prices say here."""

    slug: str
    name_es: str
    name_en: str
    kind: str
    service_type: str
    customer_kinds: Sequence[str]
    playbook: str = ""
    verb_playbooks: dict[str, str] = field(default_factory=dict)
    enabled: bool = True
    icon: str = ""
    summary_es: str = ""
    summary_en: str = ""
    features: dict[str, Any] = field(default_factory=dict)
    setup_price: int = 0
    recurring_price: int = 0
    wholesale_setup_price: int = 0
    wholesale_recurring_price: int = 0
    currency: str = "GBP"
    period: str = "month"
    contract_months: int = 0
    auto_renew: str = "asked"
    auto_renew_default: bool = True
    site_needed: str = "no"
    installation: str = "no"
    position: int = 0
    sale_from: date | None = None
    sale_until: date | None = None
    needs_services: Sequence[str] = ()
    most_per_customer: int | None = None
    excludes: Sequence[str] = ()
    needs_payment_method: bool = False
    needs_coverage: bool = False
    required_items: Sequence[RequiredSpec] = ()
    members: Sequence[MemberSpec] = ()

    def priced(self) -> ProductSpec:
        """The same, a bundle with the sum of its members' prices."""
        if self.kind != Kind.BUNDLE:
            return self
        return replace(
            self,
            setup_price=sum(member.setup_price for member in self.members),
            recurring_price=sum(member.recurring_price for member in self.members),
        )


# Kept in rows of their own, not in columns of the product.
RELATED = ("needs_services", "excludes", "required_items", "members")
# Whether a product is offered at all is switched at once, and isn't part of any version.
SWITCHED = ("enabled",)
COLUMNS = tuple(one.name for one in fields(ProductSpec) if one.name not in RELATED)


def as_data(spec: ProductSpec) -> dict[str, Any]:
    """The specification as a version keeps it, in JSON's types."""
    data = {name: value for name, value in asdict(spec).items() if name not in SWITCHED}
    for name in ("sale_from", "sale_until"):
        data[name] = data[name].isoformat() if data[name] else None
    for name in ("customer_kinds", *RELATED):
        data[name] = list(data[name])
    return data


def from_data(data: Mapping[str, Any]) -> ProductSpec:
    """The specification that a version kept. What its day did not know yet is as for a new product."""
    known = {one.name for one in fields(ProductSpec)}
    values = {name: value for name, value in data.items() if name in known}
    for name in ("sale_from", "sale_until"):
        values[name] = date.fromisoformat(values[name]) if values.get(name) else None
    for name in ("needs_services", "excludes"):
        values[name] = tuple(values.get(name, ()))
    values["required_items"] = tuple(RequiredSpec(**item) for item in values.get("required_items", ()))
    values["members"] = tuple(MemberSpec(**member) for member in values.get("members", ()))
    return ProductSpec(**values)


def spec_of(product: Product) -> ProductSpec:
    """What is in force of a product."""
    return ProductSpec(
        **{name: getattr(product, name) for name in COLUMNS},
        needs_services=tuple(one.slug for one in product.needed_types.all()),
        excludes=tuple(sorted(one.slug for one in product.excludes.all())),
        required_items=tuple(
            RequiredSpec(item.name, item.template_id, item.label_es, item.label_en, item.required)
            for item in product.required_items.all()
        ),
        members=tuple(
            MemberSpec(member.product.slug, member.setup_price, member.recurring_price)
            for member in product.members.select_related("product")
        ),
    )


@dataclass(frozen=True)
class Change:
    """What differs between two versions: a field of the specification, its value before and after."""

    field: str
    before: Any
    after: Any


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """What changed from one version's data to another's, in the order of the specification."""
    return [
        Change(one.name, before.get(one.name), after.get(one.name))
        for one in fields(ProductSpec)
        if before.get(one.name) != after.get(one.name)
    ]
