"""What is checked before an order is confirmed. Pure: facts in, lines for people out. What blocks is refused by `confirm`
too; a warning is for whoever confirms to know."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import TextChoices
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from alta.customers.refusals import NOT_OPEN, PAYMENT_METHOD_EXPIRED, PAYMENT_METHOD_MISSING
from alta.customers.rules import Status, has_expired, may_be_served
from alta.inventory.refusals import ITEM_HELD
from alta.orders.rules import SALES, Action
from alta.refusal import Refusal

LAPSING = timedelta(minutes=2)
BREAKS_CONTRACT = frozenset({Action.MODIFY, Action.TERMINATE})
TO_SERVE = SALES | {Action.MODIFY}  # what only a customer who may be served can have


class Level(TextChoices):
    FINE = "fine", "✓"
    WARNING = "warning", "!"
    BLOCKING = "blocking", "✗"


class Mend(TextChoices):
    """Where it can be put right."""

    NOTHING = "", ""
    CUSTOMER = "customer", "customer"
    PAYMENTS = "payments", "payments"
    SERVICE = "service", "service"
    ORDER = "order", "order"
    INVENTORY = "inventory", "inventory"
    PRODUCT = "product", "product"


@dataclass(frozen=True)
class Check:
    """One line. `about` is the number (or uuid) of what `mend` leads to; `refusal` is what `confirm` says where it blocks."""

    level: Level
    text: str
    mend: Mend = Mend.NOTHING
    about: str = ""
    refusal: Refusal | None = None


@dataclass(frozen=True)
class Method:
    """The default payment method, as far as a check looks at it."""

    label: str
    exp_year: int | None
    exp_month: int | None


@dataclass(frozen=True)
class Silent:
    """An outside system that is not asked now: it doesn't answer, or somebody paused it."""

    system: str
    paused: bool


@dataclass(frozen=True)
class Named:
    """A service or an order that is there already. `key` is what its address is made of."""

    key: str
    name: str


@dataclass(frozen=True)
class Facts:
    """What is known of an order that could be confirmed. `due` is paid at once, in minor units; `must_pay` says that without
    a payment method it can't be. `held_until` is when the first reservation lapses; `lost` are pieces that somebody else
    has by now."""

    action: str
    customer: str
    status: str
    due: int = 0
    must_pay: bool = True
    method: Method | None = None
    unfit: tuple[Refusal, ...] = ()
    twins: tuple[Named, ...] = ()
    open_orders: tuple[Named, ...] = ()
    owes: tuple[str, ...] = ()
    contract_until: datetime | None = None
    takes_stock: bool = False
    held_until: datetime | None = None
    lost: tuple[str, ...] = ()
    silent: tuple[Silent, ...] = ()


def checks(facts: Facts, now: datetime) -> list[Check]:
    """All lines, what blocks first."""
    found = [*blocking(facts, now), *_warnings(facts, now)]
    found += [one for one in _fine(facts, now) if all(one.mend != other.mend for other in found)]
    order = list(Level)[::-1]
    return sorted(found, key=lambda one: order.index(one.level))


def blocking(facts: Facts, now: datetime) -> list[Check]:
    """What must be put right first."""
    return [
        Check(Level.BLOCKING, str(refusal), mend, refusal=refusal) for mend, refusal in _refusals(facts, now)
    ]


def _refusals(facts: Facts, now: datetime) -> Iterator[tuple[Mend, Refusal]]:
    status = Status(facts.status)
    if facts.action in TO_SERVE and not may_be_served(status):
        yield Mend.CUSTOMER, NOT_OPEN(customer=facts.customer, status=str(status.label))
    for reason in facts.unfit:
        yield Mend.PRODUCT, reason
    if facts.due and facts.must_pay:
        if facts.method is None:
            yield Mend.PAYMENTS, PAYMENT_METHOD_MISSING(customer=facts.customer)
        elif has_expired(facts.method.exp_year, facts.method.exp_month, localtime(now).date()):
            yield Mend.PAYMENTS, PAYMENT_METHOD_EXPIRED(customer=facts.customer)
    for item in facts.lost:
        yield Mend.INVENTORY, ITEM_HELD(item=item)


def _warnings(facts: Facts, now: datetime) -> Iterator[Check]:
    if facts.due and not facts.must_pay and facts.method is None:
        yield _warn(_("There is no payment method: the amount will be owed."), Mend.PAYMENTS)
    for amount in facts.owes:
        yield _warn(_("The customer owes {amount}.").format(amount=amount), Mend.PAYMENTS)
    for one in facts.twins:
        yield _warn(
            _("The customer already has this product: {name}.").format(name=one.name), Mend.SERVICE, one.key
        )
    for one in facts.open_orders:
        text = _("The same is being done already, and is not finished: {name}.")
        yield _warn(text.format(name=one.name), Mend.ORDER, one.key)
    if facts.action in BREAKS_CONTRACT and facts.contract_until and facts.contract_until > now:
        day = date_format(localtime(facts.contract_until), "SHORT_DATE_FORMAT")
        yield _warn(_("The contract runs until {date}. Tell the customer before you go on.").format(date=day))
    if facts.held_until and facts.held_until - now < LAPSING and not facts.lost:
        yield _warn(_("The reservation of the stock ends in less than two minutes."), Mend.INVENTORY)
    for system in facts.silent:
        yield _warn(_silence(system))


def _silence(one: Silent) -> str:
    if one.paused:
        return _("{system} is paused. You can confirm: the job waits until it goes on.").format(
            system=one.system
        )
    text = _("{system} does not answer now. You can confirm, and «Retry» will go on from there.")
    return text.format(system=one.system)


def _warn(text: str, mend: Mend = Mend.NOTHING, about: str = "") -> Check:
    return Check(Level.WARNING, text, mend, about)


def _fine(facts: Facts, now: datetime) -> Iterator[Check]:
    """What was looked at and is in order. One is left out where the same place has something to put right."""
    if facts.action in TO_SERVE:
        yield Check(Level.FINE, _("The customer may be served and may have this product."), Mend.CUSTOMER)
    if facts.due and facts.method is not None:
        yield Check(
            Level.FINE, _("Payment method: {method}").format(method=facts.method.label), Mend.PAYMENTS
        )
    if facts.takes_stock and facts.held_until is not None:
        until = date_format(localtime(facts.held_until), "TIME_FORMAT")
        yield Check(Level.FINE, _("The stock is reserved until {time}.").format(time=until), Mend.INVENTORY)
    if not facts.silent:
        yield Check(Level.FINE, _("Every system that it needs was answering at its last call."))
