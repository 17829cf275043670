"""The demo's data in a test database, and what tests ask of them."""

from __future__ import annotations

from datetime import date, datetime

from django.db import connection, transaction
from django.utils import timezone

from alta.catalog.models import Product
from alta.customers.models import Customer
from alta.demo.data import load
from alta.installations.calendar import Where
from alta.installations.queries import week
from alta.inventory.models import Item
from alta.orders import services as orders
from alta.orders.details import Answers
from alta.orders.models import Order

EMPTY_COPY = 21  # bytes: a binary copy without rows is a header and an end
_kept: dict[date, dict[str, bytes]] = {}


def load_demo(now: datetime | None = None) -> None:
    """Loads the demo's data. Making them takes seconds, so the first time of a day their rows are kept, and from then on
    put back as they were. Numbers are never given twice, because sequences only go on."""
    now = now or timezone.now()
    if Customer.objects.exists() or not _may_copy():
        load(now)
    elif now.date() in _kept:
        _put_back(_kept[now.date()])
    else:
        load(now)
        _kept[now.date()] = _rows()


def _may_copy() -> bool:
    """Whether rows may be written without their triggers, as in the embedded database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        return bool(cursor.fetchone()[0])


def _rows() -> dict[str, bytes]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
            " AND relname NOT IN ('django_migrations', 'django_content_type', 'auth_permission')"
        )
        tables = [name for (name,) in cursor.fetchall()]
        kept = {}
        for table in tables:
            with cursor.copy(f'COPY "{table}" TO STDOUT (FORMAT binary)') as copy:
                kept[table] = b"".join(copy)
    return {table: rows for table, rows in kept.items() if len(rows) > EMPTY_COPY}


def _put_back(kept: dict[str, bytes]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for table, rows in kept.items():
            cursor.execute(f'DELETE FROM "{table}"')
            with cursor.copy(f'COPY "{table}" FROM STDIN (FORMAT binary)') as copy:
                copy.write(rows)
        cursor.execute("SET LOCAL session_replication_role = origin")


def item(identifier: str) -> Item:
    return Item.objects.get(identifier=identifier)


def draft(
    now: datetime,
    *,
    product: str = "mobile-20gb",
    customer: int = 123,
    sim: str | None = "SIM-00123",
    number: str | None = "+44 7700 900123",
    renew: bool | None = True,
    actor: str = "agente",
) -> Order:
    """A draft order, as far as the given choices go."""
    order = orders.begin(
        actor=actor,
        now=now,
        product_id=Product.objects.get(slug=product).pk,
        customer_id=Customer.objects.get(pk=customer).pk,
    )
    for name, identifier in (("sim", sim), ("number", number)):
        if identifier is not None:
            orders.choose_item(order.uuid, name, item(identifier).pk, actor=actor, now=now)
    if renew is not None:
        orders.answer_renewal(order.uuid, renew)
    order.refresh_from_db()
    return order


def draft_of_fibre(now: datetime, modem: int, *, customer: int = 123, product: str = "fibre-100") -> Order:
    """A draft of fibre with the modem of this number, as far as the installation's date."""
    order = orders.begin(
        actor="agente", now=now, product_id=Product.objects.get(slug=product).pk, customer_id=customer
    )
    modems = Item.objects.filter(template__name="CPE Modem").order_by("identifier")
    orders.choose_item(order.uuid, "modem", modems[modem].pk, actor="agente", now=now)
    orders.answer_details(order.uuid, Answers())
    orders.answer_renewal(order.uuid, True)
    order.refresh_from_db()
    return order


def first_slot(now: datetime) -> tuple[int, date]:
    """The first place in the demo's calendar."""
    shown = week(None, Where("internet"), now, holder=None)
    return next((one.slot.id, one.day) for day in shown.days for one in day.offers if one.bookable)
