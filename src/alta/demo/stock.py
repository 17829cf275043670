"""Stock of the demo. Numbers are of the ranges kept for films, IMSIs of one kept for test networks."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from alta.inventory.fields import luhn_digit
from alta.inventory.models import Item, Template
from alta.inventory.rules import State
from alta.inventory.services import NewItem, add_items, create_template

HOW_MANY = 200
FEW = 40
FIRST_SIM = 123  # SIM-00123, +44 7700 900123


def _text(es: str, en: str) -> dict[str, str]:
    return {"es": es, "en": en}


MAC = {"name": "mac", "type": "mac", "unique": True, "label": _text("MAC", "MAC address")}
SERIAL = {"name": "serial", "type": "serial", "label": _text("Número de serie", "Serial number")}
NUMBER = {"name": "e164", "type": "e164", "unique": True, "label": _text("Número", "Number")}
SIM_FIELDS: list[dict[str, Any]] = [
    {"name": "iccid", "type": "iccid", "unique": True, "label": _text("ICCID", "ICCID")},
    {"name": "imsi", "type": "imsi", "label": _text("IMSI", "IMSI")},
    {"name": "k", "type": "hex32", "secret": True, "label": _text("Clave K", "Key K")},
    {"name": "opc", "type": "hex32", "secret": True, "label": _text("Clave OPc", "Key OPc")},
]
# name, in Spanish, in English, kind, fields
TEMPLATES: list[tuple[str, str, str, str, list[dict[str, Any]]]] = [
    ("SIM Card", "Tarjeta SIM", "SIM Card", "physical", SIM_FIELDS),
    ("Mobile Number", "Número Móvil", "Mobile Number", "virtual", [NUMBER]),
    ("CPE Modem", "Módem CPE", "CPE Modem", "physical", [MAC, SERIAL]),
    ("Set-Top Box", "Decodificador", "Set-Top Box", "physical", [MAC, SERIAL]),
    ("VoIP Number", "Número VoIP", "VoIP Number", "virtual", [NUMBER]),
]


def add(now: datetime, *, actor: str) -> dict[str, Template]:
    """Puts on the shelf what isn't there yet. Returns the templates by name."""
    templates = {row[0]: _template(*row, actor=actor) for row in TEMPLATES}
    shelves: list[tuple[str, State, Iterable[NewItem]]] = [
        ("SIM Card", State.NEW, map(sim, range(1, HOW_MANY + 1))),
        ("Mobile Number", State.IN_STOCK, map(mobile_number, range(HOW_MANY))),
        ("CPE Modem", State.NEW, map(modem, range(1, FEW + 1))),
        ("Set-Top Box", State.NEW, (_equipment("STB", 2, number) for number in range(1, FEW + 1))),
        ("VoIP Number", State.IN_STOCK, map(voip_number, range(FEW))),
    ]
    for name, state, items in shelves:
        template = templates[name]
        there = set(Item.objects.filter(template=template).values_list("identifier", flat=True))
        if missing := [item for item in items if item.identifier not in there]:
            add_items(template.pk, missing, now, state=state, actor=actor)
    return templates


def _template(
    name: str, es: str, en: str, kind: str, fields: list[dict[str, Any]], *, actor: str
) -> Template:
    found = Template.objects.filter(name=name).first()
    return found or create_template(name, label_es=es, label_en=en, kind=kind, fields=fields, actor=actor)


def sim(number: int) -> NewItem:
    """SIM number 1 is SIM-00123, whose ICCID reads 8944...0001."""
    values = {
        "iccid": iccid(number),
        "imsi": f"90170{number:010d}",
        "k": _key("K", number),
        "opc": _key("OPc", number),
    }
    return NewItem(f"SIM-{FIRST_SIM + number - 1:05d}", values, "Oxford Street")


def iccid(number: int) -> str:
    """A valid ICCID that ends in the number: the check digit is in that end, so one before it must fit."""
    end = f"{number:04d}"
    bodies = (f"89440000000000{choice}{end[:3]}" for choice in range(10))
    return next(body + end[3] for body in bodies if luhn_digit(body) == end[3])


def _key(name: str, number: int) -> str:
    """A key for simulated networks: anybody can work it out."""
    return hashlib.sha256(f"alta demo {name} {number}".encode()).hexdigest()[:32]


def mobile_number(number: int) -> NewItem:
    """+44 7700 900123 and so on."""
    digits = f"900{FIRST_SIM + number:03d}"
    return NewItem(f"+44 7700 {digits}", {"e164": f"+447700{digits}"})


def voip_number(number: int) -> NewItem:
    digits = f"{number + 100:04d}"
    return NewItem(f"+44 20 7946 {digits}", {"e164": f"+44207946{digits}"})


def modem(number: int) -> NewItem:
    """Its serial number is an ONT's: the maker in four letters, then eight hexadecimal digits."""
    item = _equipment("CPE", 1, number)
    return NewItem(item.identifier, {**item.values, "serial": f"ALTA{number:08X}"}, item.location)


def _equipment(name: str, kind: int, number: int) -> NewItem:
    # The second digit 2 says: an address given out locally, no maker's.
    values = {"mac": f"02:00:5e:{kind:02x}:00:{number:02x}", "serial": f"{name}-DEMO-{number:04d}"}
    return NewItem(f"{name}-{number:05d}", values, "Oxford Street")
