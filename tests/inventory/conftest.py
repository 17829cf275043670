from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from alta.inventory import services
from alta.inventory.fields import luhn_digit
from alta.inventory.models import Item, Template

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
KI = "465B5CE8B199B49FAA5F0A2EE238A6BC"


def iccid(number: int) -> str:
    digits = f"894410{number:012d}"
    return digits + luhn_digit(digits)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def holder() -> UUID:
    return uuid4()


@pytest.fixture
def other() -> UUID:
    return uuid4()


def make_sim_template() -> Template:
    return services.create_template(
        "SIM Card",
        label_es="Tarjeta SIM",
        label_en="SIM Card",
        kind="physical",
        fields=[
            {"name": "iccid", "type": "iccid", "unique": True},
            {"name": "imsi", "type": "imsi"},
            {"name": "ki", "type": "hex32", "secret": True},
        ],
        actor="ana",
    )


def make_sims(template: Template, count: int) -> list[Item]:
    return services.add_items(
        template.pk,
        [
            services.NewItem(
                f"SIM-{n:05d}", {"iccid": iccid(n), "imsi": f"23410{n:010d}", "ki": KI}, location="Shop 1"
            )
            for n in range(1, count + 1)
        ],
        NOW,
        actor="ana",
    )


@pytest.fixture
def sim_template(db: None) -> Template:
    return make_sim_template()


@pytest.fixture
def sims(sim_template: Template) -> list[Item]:
    return make_sims(sim_template, 3)


@pytest.fixture
def sim(sims: list[Item]) -> Item:
    return sims[0]


@pytest.fixture
def number_template(db: None) -> Template:
    return services.create_template(
        "Mobile Number",
        label_es="Número Móvil",
        label_en="Mobile Number",
        kind="virtual",
        fields=[{"name": "e164", "type": "e164", "unique": True}],
        actor="ana",
    )


@pytest.fixture
def number(number_template: Template) -> Item:
    [item] = services.add_items(
        number_template.pk,
        [services.NewItem("+44 7700 900123", {"e164": "+44 7700 900123"})],
        NOW,
        state=services.State.IN_STOCK,
        actor="ana",
    )
    return item
