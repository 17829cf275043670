"""What somebody may mean by what they typed. Pure; it reads text as `migrations/0001_search_keys.sql` files it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from uuid import UUID

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from alta.customers.keys import fold

LONGEST = 100
SHORTEST_CODE = 3
BACKWARDS = "~"
LEFT_OUT = str.maketrans("", "", " \t-:./()+_")


class Group(TextChoices):
    """What is searched, in the order in which it is shown."""

    CUSTOMERS = "customers", _("Customers")
    SERVICES = "services", _("Services")
    ORDERS = "orders", _("Orders")
    JOBS = "jobs", _("Provisioning")
    PRODUCTS = "products", _("Products")
    ITEMS = "items", _("Inventory")


# «pedido 12», "order 12": a word for what it is, before its number.
NAMES = {
    "cliente": Group.CUSTOMERS,
    "customer": Group.CUSTOMERS,
    "servicio": Group.SERVICES,
    "service": Group.SERVICES,
    "pedido": Group.ORDERS,
    "orden": Group.ORDERS,
    "order": Group.ORDERS,
    "aprovisionamiento": Group.JOBS,
    "provision": Group.JOBS,
    "provisioning": Group.JOBS,
    "trabajo": Group.JOBS,
    "job": Group.JOBS,
}


@dataclass(frozen=True)
class Typed:
    """One search. `id` is the number it may be; with `only_id` it can be nothing else, in the group `named` where one is.

    `codes` are beginnings of keys of identifiers, likeliest first; `uuids` the first and last uuid that begin so."""

    text: str = ""
    id: int | None = None
    only_id: bool = False
    named: Group | None = None
    words: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    uuids: tuple[UUID, UUID] | None = None


def read(text: str) -> Typed:
    """Reads what was typed, or scanned, or pasted."""
    tidy = " ".join(text.replace("\x00", " ").split())[:LONGEST]
    numbered = re.fullmatch(r"(?:([^\W\d]+)[ :]*)?(#?) ?([0-9]{1,18})", tidy)
    if numbered and (numbered[1] or numbered[2]):
        named = NAMES.get(fold(numbered[1] or ""))
        if named or not numbered[1]:
            return Typed(tidy, int(numbered[3]), only_id=True, named=named)
    bare = re.fullmatch(r"[0-9]{1,18}", tidy)
    return Typed(
        tidy,
        int(tidy) if bare else None,
        words=tuple(fold(tidy).split()),
        codes=_codes(tidy),
        uuids=_uuids(tidy),
    )


def _codes(text: str) -> tuple[str, ...]:
    """Beginnings, then ends. A number may begin with the 0 that is dialled at home, or the 00 that is dialled abroad."""
    code = text.translate(LEFT_OUT).upper()
    if len(code) < SHORTEST_CODE:
        return ()
    found = [code]
    if code.isdigit() and len(code.lstrip("0")) >= SHORTEST_CODE:
        found.append(code.lstrip("0"))
    if not text.startswith("+"):
        found.append(BACKWARDS + code[::-1])
    return tuple(dict.fromkeys(found))


def _uuids(text: str) -> tuple[UUID, UUID] | None:
    digits = text.replace("-", "").lower()
    if not re.fullmatch(r"[0-9a-f]{8,32}", digits):
        return None
    return UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))
