"""Which products a customer may have, and why not the others. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from alta.catalog.refusals import (
    BUNDLE_WITHOUT_MEMBERS,
    CURRENCY,
    CUSTOMER_KIND,
    DISABLED,
    EXCLUDED,
    NEEDS_OTHER_SERVICE,
    NEEDS_PAYMENT,
    NEEDS_SERVICE,
    NO_ADDRESS,
    NO_LONGER,
    NO_MATCH,
    NO_PLAYBOOK,
    NOT_COVERED,
    NOT_YET,
    OTHER_KIND,
    OTHER_SERVICE_TYPE,
    TOO_MANY,
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


class Verb(TextChoices):
    """What a playbook does with a service of the product."""

    CREATE = "create", _("New service")
    MODIFY = "modify", _("Change of plan")
    SWAP = "swap", _("Swap of equipment")
    MOVE = "move", _("Move to another site")
    SUSPEND = "suspend", _("Suspension")
    RESUME = "resume", _("Resumption")
    TERMINATE = "terminate", _("Termination")


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


class OnSale(TextChoices):
    """Where today lies in the time in which a product is on sale."""

    NOT_YET = "not_yet", _("Not yet on sale")
    NOW = "now", _("On sale")
    NO_LONGER = "no_longer", _("No longer on sale")


@dataclass(frozen=True)
class Named:
    """Something that a rule names: its slug, and its name for people."""

    slug: str
    name: str


@dataclass(frozen=True)
class ProductFacts:
    """What decides whether a product is on offer. `service_type` is the slug of one, `type_name` its name for people;
    `words` is all text that a search looks in; `members` are what a bundle consists of."""

    product: str
    kind: Kind
    service_type: str
    customer_kinds: frozenset[CustomerKind]
    enabled: bool
    playbook: str
    currency: str
    type_name: str = ""
    words: str = ""
    slug: str = ""
    on_sale: OnSale = OnSale.NOW
    sale_from: str = ""  # as people read a date
    sale_until: str = ""
    needs_services: tuple[Named, ...] = ()
    most_per_customer: int | None = None
    excludes: tuple[Named, ...] = ()
    needs_payment_method: bool = False
    needs_coverage: bool = False
    members: tuple[ProductFacts, ...] = ()


@dataclass(frozen=True)
class CustomerFacts:
    """What decides whether a customer may have a product. `service_types` are those of the services in use, and
    `covered_types` those that reach an address of the customer; `products` says how many of each the customer has."""

    kind: CustomerKind
    currency: str
    service_types: frozenset[str] = frozenset()
    products: Mapping[str, int] = field(default_factory=dict)
    has_payment_method: bool = False
    has_address: bool = False
    covered_types: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Shelf:
    """The part of the catalogue that somebody looks at; None shows all."""

    customer_kind: CustomerKind | None = None
    kind: Kind | None = None
    service_type: str | None = None
    search: str = ""


def on_sale(today: date, first: date | None, last: date | None) -> OnSale:
    """A product is on sale from its first day to its last, both included; without one, always."""
    if first is not None and today < first:
        return OnSale.NOT_YET
    return OnSale.NO_LONGER if last is not None and today > last else OnSale.NOW


def for_sale(product: ProductFacts) -> list[Refusal]:
    """Why nobody can have the product; empty where it is on sale."""
    reasons = []
    if not product.enabled:
        reasons.append(DISABLED(product=product.product))
    if product.on_sale == OnSale.NOT_YET:
        reasons.append(NOT_YET(product=product.product, date=product.sale_from))
    if product.on_sale == OnSale.NO_LONGER:
        reasons.append(NO_LONGER(product=product.product, date=product.sale_until))
    if product.kind == Kind.BUNDLE:
        if not product.members:
            reasons.append(BUNDLE_WITHOUT_MEMBERS(product=product.product))
        return [*reasons, *(reason for member in product.members for reason in for_sale(member))]
    if not product.playbook:
        reasons.append(NO_PLAYBOOK(product=product.product))
    return reasons


def _wrong_kind(product: ProductFacts) -> Refusal:
    kinds = ", ".join(str(kind.label) for kind in CustomerKind if kind in product.customer_kinds)
    return CUSTOMER_KIND(product=product.product, kinds=kinds)


def eligibility(product: ProductFacts, customer: CustomerFacts) -> list[Refusal]:
    """Every reason why this customer can't have the product; empty where the customer can."""
    return for_sale(product) + _unfit(product, customer)


def _unfit(product: ProductFacts, customer: CustomerFacts) -> list[Refusal]:
    """Every reason that lies between the product and the customer."""
    reasons = []
    if customer.kind not in product.customer_kinds:
        reasons.append(_wrong_kind(product))
    if customer.currency != product.currency:
        reasons.append(CURRENCY(product=product.product, currency=product.currency, other=customer.currency))
    reasons += _missing_services(product, customer)
    count = customer.products.get(product.slug, 0)
    if product.most_per_customer is not None and count >= product.most_per_customer:
        reasons.append(TOO_MANY(product=product.product, most=product.most_per_customer, count=count))
    for other in product.excludes:
        if customer.products.get(other.slug):
            reasons.append(EXCLUDED(product=product.product, other=other.name))
    if product.needs_payment_method and not customer.has_payment_method:
        reasons.append(NEEDS_PAYMENT(product=product.product))
    if product.needs_coverage and not customer.has_address:
        reasons.append(NO_ADDRESS(product=product.product))
    elif product.needs_coverage and product.service_type not in customer.covered_types:
        reasons.append(NOT_COVERED(product=product.product, service_type=product.type_name))
    return reasons + _unfit_members(product, customer)


def _missing_services(product: ProductFacts, customer: CustomerFacts) -> list[Refusal]:
    reasons = []
    if product.kind == Kind.ADDON and product.service_type not in customer.service_types:
        reasons.append(NEEDS_SERVICE(product=product.product, service_type=product.type_name))
    for needed in product.needs_services:
        if needed.slug not in customer.service_types:
            reasons.append(NEEDS_OTHER_SERVICE(product=product.product, service_type=needed.name))
    return reasons


def _unfit_members(bundle: ProductFacts, customer: CustomerFacts) -> list[Refusal]:
    """A member may need what an earlier member of the same bundle brings, such as IPTV the internet."""
    reasons: list[Refusal] = []
    for member in bundle.members:
        reasons += _unfit(member, customer)
        if member.kind == Kind.PLAN:
            customer = replace(customer, service_types=customer.service_types | {member.service_type})
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


@dataclass(frozen=True)
class Place:
    """Where something is: a site's address, or a coverage area. Of an area, what is empty does not matter."""

    country: str
    city: str = ""
    postal_code: str = ""


def covers(area: Place, address: Place) -> bool:
    """Whether an address lies in an area: the same country, the same city, and a postal code that begins as the area's."""
    return (
        area.country == address.country
        and (not area.city or _folded(area.city).split() == _folded(address.city).split())
        and _plain_code(address.postal_code).startswith(_plain_code(area.postal_code))
    )


def covered_types(areas: Iterable[tuple[str, Place]], addresses: Iterable[Place]) -> frozenset[str]:
    """The types of service that reach one of the addresses."""
    there = list(addresses)
    return frozenset(kind for kind, area in areas if any(covers(area, address) for address in there))


def _plain_code(code: str) -> str:
    return "".join(c for c in code.upper() if c.isalnum())


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
