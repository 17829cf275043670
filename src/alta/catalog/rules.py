"""Which products a customer may have, and why not the others. Pure."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from alta.catalog.refusals import (
    CURRENCY,
    CUSTOMER_KIND,
    DISABLED,
    NEEDS_SERVICE,
    NO_MATCH,
    NO_PLAYBOOK,
    OTHER_KIND,
    OTHER_SERVICE_TYPE,
)
from alta.refusal import Refusal


class Kind(TextChoices):
    PLAN = "plan", _("Plan")
    ADDON = "addon", _("Add-on")
    BUNDLE = "bundle", _("Bundle")


class CustomerKind(TextChoices):
    INDIVIDUAL = "individual", _("Individual")
    BUSINESS = "business", _("Business")


class Period(TextChoices):
    DAY = "day", _("Day")
    WEEK = "week", _("Week")
    MONTH = "month", _("Month")
    YEAR = "year", _("Year")


class AutoRenew(TextChoices):
    ASKED = "asked", _("Asked when assigning")
    ALWAYS = "always", _("Always")
    NEVER = "never", _("Never")


class SiteNeeded(TextChoices):
    """Whether an assignment asks where the service goes."""

    NO = "no", _("Not asked")
    ASKED = "asked", _("Asked, may be left empty")
    NEEDED = "needed", _("Needed")


class Installation(TextChoices):
    """Whether an assignment asks for the day on which a technician comes."""

    NO = "no", _("Not asked")
    ASKED = "asked", _("Asked, may be left open")
    NEEDED = "needed", _("Needed")


@dataclass(frozen=True)
class ProductFacts:
    """What decides whether a product is on offer. `service_type` is the slug of one, `type_name` its name for people;
    `words` is all text that a search looks in."""

    product: str
    kind: Kind
    service_type: str
    customer_kinds: frozenset[CustomerKind]
    enabled: bool
    playbook: str
    currency: str
    type_name: str = ""
    words: str = ""


@dataclass(frozen=True)
class CustomerFacts:
    """What decides whether a customer may have a product. `service_types` are those of the services in
    use."""

    kind: CustomerKind
    currency: str
    service_types: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Shelf:
    """The part of the catalogue that somebody looks at; None shows all."""

    customer_kind: CustomerKind | None = None
    kind: Kind | None = None
    service_type: str | None = None
    search: str = ""


def for_sale(product: ProductFacts) -> list[Refusal]:
    """Why nobody can have the product; empty where it is on sale."""
    reasons = []
    if not product.enabled:
        reasons.append(DISABLED(product=product.product))
    if not product.playbook:
        reasons.append(NO_PLAYBOOK(product=product.product))
    return reasons


def _wrong_kind(product: ProductFacts) -> Refusal:
    kinds = ", ".join(str(kind.label) for kind in CustomerKind if kind in product.customer_kinds)
    return CUSTOMER_KIND(product=product.product, kinds=kinds)


def eligibility(product: ProductFacts, customer: CustomerFacts) -> list[Refusal]:
    """Every reason why this customer can't have the product; empty where the customer can."""
    reasons = for_sale(product)
    if customer.kind not in product.customer_kinds:
        reasons.append(_wrong_kind(product))
    if customer.currency != product.currency:
        reasons.append(CURRENCY(product=product.product, currency=product.currency, other=customer.currency))
    if product.kind == Kind.ADDON and product.service_type not in customer.service_types:
        reasons.append(NEEDS_SERVICE(product=product.product, service_type=product.type_name))
    return reasons


def hidden_from(product: ProductFacts, shelf: Shelf) -> list[Refusal]:
    """Every reason why the product isn't on this shelf; empty where it is."""
    reasons = for_sale(product)
    if shelf.customer_kind and shelf.customer_kind not in product.customer_kinds:
        reasons.append(_wrong_kind(product))
    if shelf.kind and shelf.kind != product.kind:
        reasons.append(OTHER_KIND(product=product.product, kind=str(product.kind.label)))
    if shelf.service_type and shelf.service_type != product.service_type:
        reasons.append(OTHER_SERVICE_TYPE(product=product.product, service_type=product.type_name))
    if not matches(product.words, shelf.search):
        reasons.append(NO_MATCH(product=product.product, search=shelf.search.strip()))
    return reasons


def matches(words: str, search: str) -> bool:
    """Each word of the search begins a word of the text, accents and case apart."""
    there = _folded(words).split()
    return all(any(word.startswith(wanted) for word in there) for wanted in _folded(search).split())


def _folded(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c if c.isalnum() else " " for c in letters if not unicodedata.combining(c))


def auto_renews(rule: AutoRenew, default: bool, answer: bool | None) -> bool:
    """Whether a service renews: as the product says, else as the customer answered, else the product's
    default."""
    if rule == AutoRenew.ASKED:
        return default if answer is None else answer
    return rule == AutoRenew.ALWAYS
