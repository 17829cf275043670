"""What is looked at before a product is saved: that the catalogue allows its values, and that it could be provisioned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from alta.catalog.models import Product, RequiredItem, ServiceType
from alta.catalog.provisioning import CREATE, Recipe, Taken, shortcomings
from alta.catalog.refusals import (
    BUNDLE_CURRENCY,
    BUNDLE_CUSTOMERS,
    BUNDLE_EMPTY,
    BUNDLE_IN_BUNDLE,
    MEMBERS_OF_NO_BUNDLE,
    NOT_READY,
    PRODUCT_INVALID,
)
from alta.catalog.rules import Kind
from alta.catalog.specification import COLUMNS, ProductSpec, RequiredSpec
from alta.playbooks.definitions import Definition
from alta.playbooks.queries import definitions
from alta.refusal import Refusal

FEWEST_MEMBERS = 2
PRICES = ("setup_price", "recurring_price", "wholesale_setup_price", "wholesale_recurring_price")
IN_FORCE = ("type", "version", "on_sale", "changes_at")


class Reasons(tuple[Refusal, ...]):
    """Several refusals as one text, in the reader's language."""

    def __str__(self) -> str:
        return "; ".join(str(reason) for reason in self)


def refuse_impossible(spec: ProductSpec) -> None:
    """Refuses a specification that can't be saved: the first value that the catalogue does not allow, or else every
    reason at once why it could not be provisioned."""
    _refuse_names(spec)
    _refuse_values(spec)
    _refuse_items(spec.required_items)
    _refuse_members(spec)
    if reasons := shortcomings_of(spec):
        raise NOT_READY(product=spec.name_es, reasons=Reasons(reasons))


def _invalid(name: str, reason: str) -> Refusal:
    columns = {
        one.name: str(one.verbose_name) for one in [*Product._meta.fields, *Product._meta.many_to_many]
    }
    title = columns.get(name) or {"required_items": _("Required inventory"), "members": _("Members")}.get(
        name, name
    )
    return PRODUCT_INVALID(field=title[:1].upper() + title[1:], reason=reason, name=name)


def _refuse_values(spec: ProductSpec) -> None:
    for name in PRICES:
        if getattr(spec, name) < 0:
            raise _invalid(name, _("a price is zero or more"))
    if spec.most_per_customer == 0:
        raise _invalid("most_per_customer", _("one or more; leave it empty for no limit"))
    if spec.sale_from and spec.sale_until and spec.sale_until < spec.sale_from:
        raise _invalid("sale_until", _("the last day can't come before the first"))
    row = Product()
    for name in COLUMNS:
        setattr(row, name, getattr(spec, name))
    row.customer_kinds = list(spec.customer_kinds)
    try:
        row.full_clean(exclude=IN_FORCE, validate_unique=False)
    except ValidationError as error:
        name, messages = next(iter(error.message_dict.items()))
        raise _invalid(name, messages[0]) from error


def _refuse_names(spec: ProductSpec) -> None:
    """Everything that is named must be there."""
    types = set(ServiceType.objects.values_list("slug", flat=True))
    for name, slugs in (("service_type", [spec.service_type]), ("needed_types", spec.needs_services)):
        if missing := set(slugs) - types:
            reason = _("there is no service type «{slug}»; add it first")
            raise _invalid(name, reason.format(slug=sorted(missing)[0]))
    others = set(spec.excludes) | {member.product for member in spec.members}
    there = set(Product.objects.filter(slug__in=others).values_list("slug", flat=True))
    if missing := (others - there) | (others & {spec.slug}):
        name = "members" if missing & {member.product for member in spec.members} else "excludes"
        raise _invalid(name, _("choose another product than «{slug}»").format(slug=sorted(missing)[0]))


def _refuse_items(items: Iterable[RequiredSpec]) -> None:
    names: set[str] = set()
    for item in items:
        row = RequiredItem(
            name=item.name, template_id=item.template_id, label_es=item.label_es, label_en=item.label_en
        )
        try:
            row.clean_fields(exclude=["product"])
        except ValidationError as error:
            raise _invalid("required_items", error.messages[0]) from error
        if item.name in names:
            raise _invalid("required_items", _("two of them are called «{name}»").format(name=item.name))
        names.add(item.name)


def _refuse_members(spec: ProductSpec) -> None:
    if spec.kind != Kind.BUNDLE:
        if spec.members:
            raise MEMBERS_OF_NO_BUNDLE()
        return
    slugs = [member.product for member in spec.members]
    if len(set(slugs)) < max(FEWEST_MEMBERS, len(slugs)):
        raise BUNDLE_EMPTY()
    if any(min(member.setup_price, member.recurring_price) < 0 for member in spec.members):
        raise _invalid("members", _("a price is zero or more"))
    for member in Product.objects.filter(slug__in=slugs):
        if member.kind == Kind.BUNDLE:
            raise BUNDLE_IN_BUNDLE(member=member.name)
        if member.currency != spec.currency:
            raise BUNDLE_CURRENCY(member=member.name, other=member.currency, currency=spec.currency)
        if not set(spec.customer_kinds) <= set(member.customer_kinds):
            raise BUNDLE_CUSTOMERS(member=member.name)


def shortcomings_of(spec: ProductSpec) -> list[Refusal]:
    """Every reason why a product could not be provisioned, by the playbooks that are published now."""
    templates = RequiredItem._meta.get_field("template").related_model
    assert templates is not None and not isinstance(templates, str)
    ids = [item.template_id for item in spec.required_items]
    names = dict(templates._default_manager.filter(pk__in=ids).values_list("pk", "name"))
    recipe = Recipe(
        service_type=spec.service_type,
        kind=spec.kind,
        features=spec.features,
        items=[
            Taken(item.name, names.get(item.template_id, ""), item.required) for item in spec.required_items
        ],
        playbooks={CREATE: spec.playbook, **spec.verb_playbooks},
    )
    return shortcomings(recipe, definitions(filter(None, recipe.playbooks.values())))


def shortcomings_of_product(product: Product, published: Mapping[str, Definition]) -> list[Refusal]:
    """The same of a product as it is in force, with its required items and their templates read already."""
    return shortcomings(recipe_of(product), published)


def recipe_of(product: Product) -> Recipe:
    """What the provisioning of a product depends on."""
    features: Mapping[str, Any] = product.features
    return Recipe(
        service_type=product.service_type,
        kind=product.kind,
        features=features,
        items=[Taken(item.name, item.template.name, item.required) for item in product.required_items.all()],
        playbooks={CREATE: product.playbook, **product.verb_playbooks},
    )
