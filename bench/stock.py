"""Three million items and half a million services, made in SQL, for a database that has a million customers already."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

SERVICES = 500_000
PRODUCTS = 200


@dataclass(frozen=True)
class Kind:
    """A kind of item, and what item number n is like: SQL, where `values` may use the other two."""

    name: str
    label: str
    sort: str
    how_many: int
    identifier: str
    unique_value: str
    values: str
    assigned: bool = False


_NUMBER = "(7000000000 + n::bigint * 619 % 900000000)::text"
_MAC = "'02:00:{}:' || regexp_replace(lpad(to_hex(n), 6, '0'), '(..)(..)(..)', '\\1:\\2:\\3')"
_EQUIPMENT = "jsonb_build_object('mac', unique_value, 'serial', '{}-' || upper(substr(md5(n::text), 1, 8)))"
KINDS = (
    Kind(
        "SIM Card",
        "Tarjeta SIM",
        "physical",
        1_200_000,
        "'SIM-' || lpad(n::text, 8, '0')",
        "'8944' || lpad((n::bigint * 7919 % 1000000000000)::text, 15, '0')",
        "jsonb_build_object('iccid', unique_value, 'imsi', '90170' || lpad((n::bigint * 104729)::text, 10, '0'))",
        assigned=True,
    ),
    Kind(
        "Mobile Number",
        "Número Móvil",
        "virtual",
        1_200_000,
        f"'+44 ' || substr({_NUMBER}, 1, 4) || ' ' || substr({_NUMBER}, 5)",
        f"'+44' || {_NUMBER}",
        "jsonb_build_object('e164', unique_value)",
        assigned=True,
    ),
    Kind(
        "CPE Modem",
        "Módem CPE",
        "physical",
        400_000,
        "'CPE-' || lpad(n::text, 7, '0')",
        _MAC.format("5e"),
        _EQUIPMENT.format("CPE"),
    ),
    Kind(
        "Set-Top Box",
        "Decodificador",
        "physical",
        200_000,
        "'STB-' || lpad(n::text, 7, '0')",
        _MAC.format("5f"),
        _EQUIPMENT.format("STB"),
    ),
)
ITEMS = sum(kind.how_many for kind in KINDS)


def fill(connection: Any) -> float:
    """Adds the items, and for every second customer a service that holds a SIM and a number. Gives the seconds it took."""
    began = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
        cursor.execute("SET maintenance_work_mem = '512MB'")
        with (
            _bare(cursor, "inventory_item"),
            _bare(cursor, "services_service"),
            _bare(cursor, "search_key", "PRIMARY KEY (kind, key, object_id)"),
        ):
            for kind in KINDS:
                _items(cursor, kind)
            _services(cursor)
            cursor.execute(
                "INSERT INTO search_key (kind, key, object_id) SELECT 1, k, i.id"
                ' FROM inventory_item i, search_item_keys(i.identifier, i."values") k'
            )
            cursor.execute(
                "INSERT INTO search_key (kind, key, object_id) SELECT 2, k, s.id"
                " FROM services_service s, search_service_keys(s.name, s.custom) k"
            )
        cursor.execute("VACUUM ANALYZE inventory_item, services_service, search_key")
    return time.perf_counter() - began


@contextmanager
def _bare(cursor: Any, table: str, primary_key: str = "") -> Iterator[None]:
    """The table without its triggers and indexes, which are there again afterwards."""
    cursor.execute(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index"
        " WHERE indrelid = %s::regclass AND NOT indisprimary AND NOT EXISTS"
        " (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid)",
        [table],
    )
    indexes = cursor.fetchall()
    for name, _definition in indexes:
        cursor.execute(f"DROP INDEX {name}")
    if primary_key:
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {table}_pkey")
    cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    yield
    cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    if primary_key:
        cursor.execute(f"ALTER TABLE {table} ADD {primary_key}")
    for _name, definition in indexes:
        cursor.execute(definition)


def _items(cursor: Any, kind: Kind) -> None:
    from alta.inventory.models import Template

    template = Template.objects.create(
        name=kind.name, label_es=kind.label, label_en=kind.name, kind=kind.sort
    )
    cursor.execute(
        f"""
        INSERT INTO inventory_item
            (template_id, identifier, unique_value, "values", state, previous_state, holder, location)
        SELECT {template.pk}, {kind.identifier}, unique_value, {kind.values},
            CASE WHEN held THEN 'assigned' ELSE 'in_stock' END, CASE WHEN held THEN 'in_stock' END,
            CASE WHEN held THEN md5('service' || n)::uuid END, 'Almacén'
        FROM generate_series(1, {kind.how_many}) AS n,
            LATERAL (SELECT {kind.unique_value} AS unique_value, {kind.assigned} AND n <= {SERVICES} AS held) AS one
        ORDER BY 3
        """
    )


def _services(cursor: Any) -> None:
    """One for each customer, named after its number as the playbooks do."""
    from django.utils import timezone

    from alta.catalog.models import Product
    from alta.services.models import Service

    products = [
        Product.objects.create(
            slug=f"mobile-{gigabytes}gb",
            name_es=f"Móvil - Plan de {gigabytes}GB",
            name_en=f"Mobile - {gigabytes}GB Plan",
            kind="plan",
            service_type="mobile",
            customer_kinds=["individual"],
        )
        for gigabytes in range(1, PRODUCTS + 1)
    ]
    first = Service.objects.create(
        customer_id=1,
        product_id=products[0].pk,
        service_type="mobile",
        name="-",
        state="active",
        recurring_price=1500,
        currency="GBP",
        created_at=timezone.now(),
        activated_at=timezone.now(),
    )
    # The others are like the first one, whatever columns a service has by now.
    cursor.execute(
        """
        INSERT INTO services_service
        SELECT (jsonb_populate_record(one, jsonb_build_object(
            'id', one.id + n, 'uuid', number.holder, 'customer_id', 2 * n, 'product_id', one.product_id + n %% %(products)s,
            'name', 'Móvil - ' || number.identifier))).*
        FROM services_service AS one, generate_series(1, %(services)s) AS n
        JOIN inventory_item AS number ON number.holder = md5('service' || n)::uuid AND number.identifier LIKE '+%%'
        WHERE one.id = %(first)s
        """,
        {"first": first.pk, "services": SERVICES, "products": PRODUCTS},
    )
