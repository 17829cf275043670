"""Sites, contacts and custom fields of an order, and merging customers who have orders and services."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alta.catalog.models import Product
from alta.customers import belongings, services
from alta.customers.merging import BY_HAND, merge_customers, references
from alta.customers.models import Contact, Customer, Email, PaymentMethod, Phone, Site
from alta.customers.queries import search
from alta.orders import services as orders
from alta.orders.details import Answers
from alta.orders.models import Order
from alta.runner.models import Job
from alta.services.models import Service
from tests.house_of_data import draft
from tests.orders.test_assigning import refused

pytestmark = pytest.mark.django_db
ACME, JOHNSON = 812, 789
PO = {"po_number": "PO-2025-001234"}


def business(now: datetime, **values: Any) -> Order:
    return draft(now, product="business-mobile-40gb", **({"customer": ACME} | values))


def answers(**changes: Any) -> Answers:
    values: dict[str, Any] = {
        "site_id": Site.objects.get(name="Oficina de Londres").pk,
        "billing_contact_id": Contact.objects.get(name="Jane Doe").pk,
        "technical_contact_id": Contact.objects.get(name="Bob Smith").pk,
        "custom": PO,
    }
    return Answers(**(values | changes))


def test_the_answers_go_to_the_service_and_the_playbook_can_read_them(now: datetime) -> None:
    order = business(now)
    orders.answer_details(order.uuid, answers())
    job = orders.confirm(order.uuid, actor="agente", now=now)
    service = Service.objects.get(uuid=order.holder)
    assert (str(service.site), service.custom) == ("Oficina de Londres - 123 Main St", PO)
    assert (str(service.billing_contact), str(service.technical_contact)) == (
        "Jane Doe - <jane@acme.example.com>",
        "Bob Smith - <bob@acme.example.com>",
    )
    known = Job.objects.get(pk=job.pk).variables["service"]
    assert known["custom"] == PO
    assert (known["site"]["city"], known["site"]["line1"]) == ("London", "123 Main St")
    assert known["technical_contact"]["email"] == "bob@acme.example.com"


def test_what_is_missing_or_anothers_or_no_longer_in_use_is_refused(now: datetime) -> None:
    order = business(now)
    foreign = belongings.save_site(JOHNSON, name="A", line1="x", actor="ana")
    stranger = belongings.save_contact(JOHNSON, name="A", actor="ana")
    for code, wrong in (
        ("order.site_missing", answers(site_id=None)),
        ("customer.site.not_found", answers(site_id=foreign.pk)),
        ("customer.contact.not_found", answers(billing_contact_id=stranger.pk)),
        ("customer.field.missing", answers(custom={})),
        ("customer.field.shape", answers(custom={"po_number": "1"})),
        ("customer.field.unknown", answers(custom=PO | {"x": "1"})),
    ):
        refused(code, orders.answer_details, order.uuid, wrong)
    refusal = refused("order.incomplete", orders.confirm, order.uuid, actor="agente", now=now)
    assert refusal.params["step"] == "Datos del servicio"
    orders.answer_details(order.uuid, answers())
    Site.objects.filter(name="Oficina de Londres").update(active=False)
    refused("order.site_not_in_use", orders.confirm, order.uuid, actor="agente", now=now)
    Site.objects.update(active=True)
    Contact.objects.filter(name="Bob Smith").update(active=False)
    refused("order.contact_not_in_use", orders.confirm, order.uuid, actor="agente", now=now)


def test_another_customer_is_asked_anew(now: datetime) -> None:
    order = business(now)
    orders.answer_details(order.uuid, answers())
    orders.choose_customer(order.uuid, ACME)
    order.refresh_from_db()
    assert order.site is not None
    orders.choose_customer(order.uuid, JOHNSON)
    order.refresh_from_db()
    assert (order.site, order.billing_contact, order.technical_contact, order.custom) == (None,) * 4


def test_a_merged_customer_cannot_be_chosen(now: datetime) -> None:
    order = business(now, customer=JOHNSON)
    merge_customers(JOHNSON, ACME, actor="ana")
    refused("customer.merged", orders.choose_customer, order.uuid, ACME)


def test_the_database_ties_a_site_to_its_customer(now: datetime) -> None:
    order = business(now, customer=JOHNSON)
    site = Site.objects.get(name="Oficina de Londres")
    for wrong in ({"site": site}, {"technical_contact": Contact.objects.get(name="Bob Smith")}):
        with pytest.raises(IntegrityError), transaction.atomic():
            update_checked(order, wrong)


def update_checked(order: Order, values: dict[str, Any]) -> None:
    """Writes the values and has the database check at once what it would check at the end."""
    Order.objects.filter(pk=order.pk).update(**values)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def belongings_of(*customers: int) -> dict[str, Counter[Any]]:
    """Everything that these customers have, whoever of them has it."""
    found: dict[str, Counter[Any]] = {}
    for model, name in references():
        if model is not Customer:
            rows = model._base_manager.filter(**{f"{name}__in": customers})
            found[model._meta.label] = Counter(rows.values_list("pk", flat=True))
    for known, value in ((Email, "address"), (Phone, "e164")):
        values = known._default_manager.filter(customer__in=customers).values_list(value, flat=True)
        found[known._meta.label] = Counter(set(values))
    for other in (PaymentMethod, Site):
        rows = other._default_manager.filter(customer__in=customers)
        found[other._meta.label] = Counter(rows.values_list("pk", flat=True))
    tags = Customer.objects.filter(pk__in=customers, tags__isnull=False).values_list("tags", flat=True)
    found["tags"] = Counter(set(tags))
    return found


def test_every_relation_to_a_customer_is_moved_by_a_rule_or_by_hand() -> None:
    known = {(model._meta.label, name) for model, name in references()}
    assert {
        ("orders.Order", "customer"),
        ("services.Service", "customer"),
        ("runner.Job", "customer"),
        ("customers.Contact", "customer"),
        ("customers.Note", "customer"),
        ("customers.Customer", "merged_into"),
    } <= known
    assert not {model for model, _ in references()} & set(BY_HAND)


part = st.sampled_from(["email", "phone", "card", "site", "contact", "note", "tag", "order", "service"])


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=st.lists(st.tuples(st.booleans(), part, st.integers(0, 2)), max_size=14))
def test_merging_loses_nothing(now: datetime, parts: list[tuple[bool, str, int]]) -> None:
    with transaction.atomic():
        keep, other = (
            services.create_customer(name=name, kind="business", actor="ana").pk for name in ("Uno", "Otro")
        )
        for first, kind, number in parts:
            give(keep if first else other, kind, number, now)
        before = belongings_of(keep, other)
        merge_customers(keep, other, actor="ana")
        assert belongings_of(keep) == before
        left = belongings_of(other)
        assert all(not rows for rows in left.values())
        gone = Customer.objects.get(pk=other)
        assert (gone.status, gone.merged_into_id, gone.name) == ("archived", keep, "Otro")
        for model in (Email, Phone):
            rows = model._default_manager.filter(customer=keep)
            assert rows.filter(primary=True).count() == min(1, rows.count())
        cards = PaymentMethod.objects.filter(customer=keep)
        assert cards.filter(is_default=True).count() == min(1, cards.count())
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        transaction.set_rollback(True)


def give(customer: int, kind: str, number: int, now: datetime) -> None:
    found = Customer.objects.get(pk=customer)
    match kind:
        case "email":
            addresses = [*found.emails.values_list("address", flat=True), f"a{number}@example.com"]
            services.update_customer(customer, emails=addresses, actor="ana")
        case "phone":
            numbers = [*found.phones.values_list("e164", flat=True), f"+44770090012{number}"]
            services.update_customer(customer, phones=numbers, actor="ana")
        case "card":
            services.add_payment_method(customer, provider="test", token=f"{customer}-{number}", actor="ana")
        case "site":
            if not found.sites.filter(name=f"S{number}").exists():
                belongings.save_site(customer, name=f"S{number}", line1="x", actor="ana")
        case "contact":
            belongings.save_contact(customer, name=f"C{number}", actor="ana")
        case "note":
            belongings.add_note(customer, f"N{number}", actor="ana")
        case "tag":
            belongings.add_tag(customer, f"T{number}", actor="ana")
        case "order":
            orders.begin(actor="ana", now=now, customer_id=customer)
        case "service":
            site = belongings.save_site(customer, name=f"Z{found.sites.count()}", line1="x", actor="ana")
            Service.objects.create(
                customer=found,
                product=Product.objects.get(slug="mobile-20gb"),
                service_type="mobile",
                name="x",
                currency="GBP",
                created_at=now,
                site=site,
            )


def test_the_one_that_stays_knows_what_only_the_other_knew(now: datetime) -> None:
    keep = services.create_customer(name="Uno", attributes={"a": 1}, actor="ana")
    other = services.create_customer(
        name="Otro Nombre", external_id="X-1", tax_id="B1", attributes={"a": 2, "b": 3}, actor="ana"
    )
    third = services.create_customer(name="Tercero", actor="ana")
    merge_customers(other.pk, third.pk, actor="ana")
    merge_customers(keep.pk, other.pk, actor="ana")
    keep.refresh_from_db()
    assert (keep.tax_id, keep.external_id, keep.attributes) == ("B1", "X-1", {"a": 1, "b": 3})
    third.refresh_from_db()
    assert third.merged_into_id == keep.pk
    assert [one.id for one in search("x-1")] == [keep.pk]
    assert [one.id for one in search("otro nombre")] == [other.pk]


def test_customers_who_cannot_be_merged_are_refused(now: datetime) -> None:
    euro = services.create_customer(name="Euro", currency="EUR", actor="ana")
    refused("customer.merge.same", merge_customers, ACME, ACME, actor="ana")
    refused("customer.not_found", merge_customers, ACME, 99_999, actor="ana")
    refused("customer.merge.currency", merge_customers, ACME, euro.pk, actor="ana")
    merge_customers(ACME, JOHNSON, actor="ana")
    refused("customer.merge.gone", merge_customers, ACME, JOHNSON, actor="ana")
    refused("customer.merge.gone", merge_customers, JOHNSON, ACME, actor="ana")
