from __future__ import annotations

from datetime import datetime
from uuid import uuid4

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alta.demo.stock import iccid, sim
from alta.inventory.models import Item, Template
from alta.orders import services as orders
from alta.orders.models import Order
from alta.search import queries
from alta.search.models import SearchKey
from alta.search.queries import search
from alta.search.typed import Group
from alta.services import services
from alta.services.models import Service
from tests.house_of_data import draft, item

pytestmark = pytest.mark.django_db


def found(text: str, limit: int = 5, groups: list[Group] | None = None) -> dict[str, list[str]]:
    """The titles found, by group; of orders and jobs their ids."""
    results = search(text, list(Group) if groups is None else groups, limit)
    return {
        one.group.value: [
            str(hit.id) if one.group in (Group.ORDERS, Group.JOBS) else str(hit.title) for hit in one.hits
        ]
        for one in results.groups
    }


@pytest.fixture
def order(now: datetime) -> Order:
    """John Smith's, confirmed: it has a service, a job, SIM-00123 and +44 7700 900123."""
    order = draft(now)
    orders.confirm(order.uuid, actor="agente", now=now)
    order.refresh_from_db()
    return order


@pytest.fixture
def service(order: Order, now: datetime) -> Service:
    assert order.service is not None
    return services.activate(order.service.pk, actor="a", now=now, name="Móvil - +44 7700 900123")


@pytest.mark.parametrize(
    "text",
    [
        "+44 7700 900123",
        "447700900123",
        "0044 7700-900123",
        "07700 900123",
        "7700900123",
        "900123",
        "00123",
        "0123",
        "44 7700 90012",
        "770090012",
    ],
)
def test_a_service_and_its_number_are_found_by_any_part_of_it(service: Service, text: str) -> None:
    hits = found(text, limit=25)
    assert "Móvil - +44 7700 900123" in hits["services"]
    assert "+44 7700 900123" in hits["items"]


def test_a_whole_number_or_its_end_comes_first(service: Service) -> None:
    assert found("+44 7700 900123")["items"] == ["+44 7700 900123"]
    assert found("900130")["items"][0] == "+44 7700 900130"


@pytest.mark.parametrize(
    "text", ["movil", "MÓVIL 44", "móvil +44 7700 900123", "900123 movil", "7700 900123 movil"]
)
def test_a_service_is_found_by_the_words_of_its_name(service: Service, text: str) -> None:
    assert found(text)["services"] == ["Móvil - +44 7700 900123"]


def test_a_service_is_found_by_uuid_and_id(service: Service) -> None:
    for text in (str(service.uuid), str(service.uuid)[:13].upper(), service.uuid.hex[:10]):
        assert found(text)["services"] == [service.name], text
    assert found(f"servicio {service.pk}") == {"services": [service.name]}
    assert found(f"#{service.pk}")["services"] == [service.name]


def test_a_service_that_ended_is_found_by_its_number_after_the_one_that_is_in_use(
    service: Service, now: datetime
) -> None:
    service.state, service.ended_at = "terminated", now
    service.save()
    again = services.create_service(
        uuid=uuid4(),
        customer_id=456,
        product_id=service.product_id,
        service_type="mobile",
        name=service.name,
        auto_renew=True,
        setup_price=0,
        recurring_price=0,
        currency="GBP",
        actor="a",
        now=now,
    )
    hits = search("900123", [Group.SERVICES]).groups[0].hits
    assert [hit.key for hit in hits] == [again.pk, service.pk]


def test_a_service_is_found_by_the_custom_fields_of_its_order(service: Service) -> None:
    service.custom = {"po_number": "PO-2025-001234", "urgent": True}
    service.save()
    for text in ("po-2025", "PO 2025 001234", "001234"):
        assert service.name in found(text)["services"], text


def test_orders_and_jobs_are_found_by_id_and_with_their_word_only_they(order: Order) -> None:
    assert found(f"pedido {order.pk}") == {"orders": [str(order.pk)]}
    assert found(f"aprovisionamiento {order.job_id}") == {"jobs": [str(order.job_id)]}
    assert str(order.pk) in found(str(order.pk))["orders"]
    assert str(order.job_id) in found(f"#{order.job_id}")["jobs"]
    assert found(str(order.uuid))["orders"] == [str(order.pk)]


@pytest.mark.parametrize(
    "text",
    [
        "SIM-00123",
        "sim 00123",
        "SIM00123",
        sim(1).values["iccid"],
        sim(1).values["iccid"][-4:],
        f"{sim(1).values['iccid'][:6]} {sim(1).values['iccid'][6:19]}",
        sim(1).values["imsi"],
        sim(1).values["imsi"][-5:],
    ],
)
def test_a_sim_is_found_by_either_end_of_its_iccid_and_imsi(now: datetime, text: str) -> None:
    assert "SIM-00123" in found(text, limit=25)["items"]


def test_equipment_is_found_by_mac_and_serial_across_all_kinds(now: datetime) -> None:
    assert found("02:00:5e:01:00:07")["items"] == ["CPE-00007"]
    assert found("02005E010007")["items"] == ["CPE-00007"]
    assert found("stb-demo-0007")["items"] == ["STB-00007"]
    assert found("demo 0007")["items"] == ["STB-00007"]
    assert set(found("00:07")["items"]) >= {"CPE-00007", "STB-00007"}


def test_a_secret_finds_nothing(now: datetime) -> None:
    assert found(sim(1).values["k"]) == {}
    assert found(sim(1).values["k"][:8]) == {}


def test_an_item_says_what_it_is_and_who_has_it(service: Service) -> None:
    [hit] = search("SIM-00123", [Group.ITEMS]).groups[0].hits
    assert (hit.title, hit.state) == ("SIM-00123", "reserved")
    assert list(hit.facts) == ["Tarjeta SIM", sim(1).values["iccid"], sim(1).values["imsi"], "John Smith"]


def test_products_are_found_by_words_in_any_order(now: datetime) -> None:
    assert found("plan movil 20")["products"] == ["Móvil - Plan de 20GB"]
    assert "products" not in found("movil zzzz")


def test_customers_are_found_by_an_inner_part_of_their_number_and_by_tax_id(now: datetime) -> None:
    assert "John Smith" in found("3456")["customers"]  # +1234567890
    from alta.customers.models import Customer

    Customer.objects.filter(pk=123).update(tax_id="GB-999/1")
    assert found("gb-999/1")["customers"] == ["John Smith"]
    assert "customers" not in found("gb-999")


def test_only_the_groups_that_are_asked_for_are_searched(service: Service) -> None:
    assert list(found("900123", groups=[Group.ITEMS])) == ["items"]
    assert found("900123", groups=[]) == {}


def test_more_than_the_limit_is_said(now: datetime) -> None:
    results = search("8944", [Group.ITEMS], 5)
    assert (len(results.groups[0].hits), results.groups[0].count, results.more) == (5, "5+", True)


def test_one_hit_alone_is_the_only_one(now: datetime) -> None:
    only = search(iccid(7), list(Group)).only
    assert only is not None and only[1].title == "SIM-00129"
    assert search("0123", list(Group)).only is None


def test_what_takes_too_long_is_given_up_and_the_rest_is_shown(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(*_: object) -> list[object]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(5)")
        return []

    monkeypatch.setattr(queries, "LONGEST_MS", 50)
    monkeypatch.setattr(queries, "FINDERS", {**queries.FINDERS, Group.SERVICES: slow})
    results = search("john", list(Group))
    assert [(one.group, one.slow) for one in results.groups] == [
        (Group.CUSTOMERS, False),
        (Group.SERVICES, True),
    ]
    assert results.slow and results.only is None


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=60))
def test_no_text_breaks_a_search(db: None, text: str) -> None:
    with transaction.atomic():
        search(text, list(Group))


# --- the keys


def keys(kind: SearchKey.Kind, object_id: int) -> set[str]:
    return set(SearchKey.objects.filter(kind=kind, object_id=object_id).values_list("key", flat=True))


def test_the_keys_of_a_number_are_each_of_its_ends_of_four_digits_or_more(now: datetime) -> None:
    assert keys(SearchKey.Kind.ITEM, item("+44 7700 900123").pk) == {
        "447700900123"[begin:] for begin in range(9)
    }


def test_the_keys_of_a_sim_are_both_ends_of_each_identifier(now: datetime) -> None:
    codes = {"SIM00123", sim(1).values["iccid"], sim(1).values["imsi"]}
    assert keys(SearchKey.Kind.ITEM, item("SIM-00123").pk) == codes | {f"~{code[::-1]}" for code in codes}


def test_keys_follow_every_change_whoever_makes_it(service: Service) -> None:
    number = item("+44 7700 900130")
    Item.objects.filter(pk=number.pk).update(identifier="+44 7700 111222", values={"e164": "+447700111222"})
    assert found("111222")["items"] == ["+44 7700 111222"]
    assert "+44 7700 111222" not in found("900130", limit=25).get("items", [])
    Service.objects.filter(pk=service.pk).update(name="Fibra - Oficina")
    assert found("oficina fibra")["services"] == ["Fibra - Oficina"]
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM inventory_itemhistory WHERE item_id = %s", [number.pk])
        cursor.execute("DELETE FROM inventory_item WHERE id = %s", [number.pk])
    assert keys(SearchKey.Kind.ITEM, number.pk) == set()


def test_a_change_of_state_leaves_the_keys_alone(now: datetime) -> None:
    number = item("+44 7700 900130")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT xmin::text, key FROM search_key WHERE kind = 1 AND object_id = %s", [number.pk]
        )
        before = sorted(cursor.fetchall())
        Item.objects.filter(pk=number.pk).update(location="Tienda 2")
        cursor.execute(
            "SELECT xmin::text, key FROM search_key WHERE kind = 1 AND object_id = %s", [number.pk]
        )
        assert sorted(cursor.fetchall()) == before


def test_many_items_are_filed_in_one_statement(now: datetime) -> None:
    template = Template.objects.get(name="VoIP Number")
    Item.objects.bulk_create(
        Item(template=template, identifier=f"+44 20 7000 {n:04}", state="in_stock", values={})
        for n in range(50)
    )
    assert found("2070000049")["items"] == ["+44 20 7000 0049"]


def test_a_search_reads_ranges_of_the_index(now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            "EXPLAIN SELECT key, object_id FROM search_key"
            " WHERE kind = 1 AND key >= '8944' AND key < '8945' ORDER BY key, object_id LIMIT 9"
        )
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Index Only Scan using search_key_pkey" in plan
    assert "Sort" not in plan
