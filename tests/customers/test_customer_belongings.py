"""Sites, contacts, notes, tags, custom fields: what is refused changes nothing, and the database keeps it so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from alta.audit.models import Entry
from alta.customers import belongings, customfields, services
from alta.customers.duplicates import find_duplicates, similarity
from alta.customers.fields import Field, FieldType, read_value, read_values
from alta.customers.models import Contact, Customer, CustomField, Note, Site, Tag
from alta.customers.registration import NewCustomer, register_customer
from alta.refusal import Refusal

from .conftest import MakeCustomer

ACTOR = {"actor": "ana"}


def refused(code: str, call: Callable[[], object]) -> Refusal:
    before = everything()
    with pytest.raises(Refusal) as refusal:
        call()
    assert refusal.value.code == code
    assert "{" not in str(refusal.value)
    assert everything() == before
    return refusal.value


def everything() -> list[list[dict[str, Any]]]:
    models = (Customer, Site, Contact, Note, Tag, CustomField, Customer.tags.through, Entry)
    return [list(model._default_manager.order_by("pk").values()) for model in models]


def test_a_site_reads_as_pickers_show_it_and_its_name_is_the_customers_own(john: Customer) -> None:
    site = belongings.save_site(
        john.pk, name="Oficina  de Londres", line1="123 Main St", country="gb", **ACTOR
    )
    assert (str(site), site.country) == ("Oficina de Londres - 123 Main St", "GB")
    belongings.save_site(john.pk, site_id=site.pk, name=site.name, line1="124 Main St", active=False, **ACTOR)
    site.refresh_from_db()
    assert (site.line1, site.active, site.country) == ("124 Main St", False, "")
    refused(
        "customer.site.name_taken",
        lambda: belongings.save_site(john.pk, name="Oficina de Londres", line1="x", **ACTOR),
    )
    refused("customer.value", lambda: belongings.save_site(john.pk, name="Bath", line1=" ", **ACTOR))
    refused(
        "customer.value", lambda: belongings.save_site(john.pk, name="B", line1="x", country="1A", **ACTOR)
    )


def test_what_is_another_customers_is_not_found(john: Customer, make: MakeCustomer) -> None:
    other = make("Eva")
    site = belongings.save_site(john.pk, name="A", line1="x", **ACTOR)
    contact = belongings.save_contact(john.pk, name="Jane", **ACTOR)
    refused(
        "customer.site.not_found",
        lambda: belongings.save_site(other.pk, site_id=site.pk, name="B", line1="y", **ACTOR),
    )
    refused(
        "customer.contact.not_found",
        lambda: belongings.save_contact(other.pk, contact_id=contact.pk, name="B", **ACTOR),
    )
    refused("customer.not_found", lambda: belongings.save_site(404, name="B", line1="y", **ACTOR))


def test_a_contact_has_known_roles_and_a_readable_address(john: Customer) -> None:
    jane = belongings.save_contact(
        john.pk,
        name="Jane Doe",
        email="Jane@ACME.example.com",
        roles=["technical", "billing", "king"],
        **ACTOR,
    )
    assert str(jane) == "Jane Doe - <jane@acme.example.com>"
    assert jane.roles == ["billing", "technical"]
    refused(
        "customer.email.malformed", lambda: belongings.save_contact(john.pk, name="B", email="jane@", **ACTOR)
    )
    refused(
        "customer.phone.malformed", lambda: belongings.save_contact(john.pk, name="B", phone="12", **ACTOR)
    )
    refused("customer.value", lambda: belongings.save_contact(john.pk, name=" ", **ACTOR))


def test_the_database_refuses_to_change_or_delete_a_note(john: Customer, make: MakeCustomer) -> None:
    note = belongings.add_note(john.pk, " Llamar por la tarde ", **ACTOR)
    assert (note.text, note.author) == ("Llamar por la tarde", "ana")
    for change in (
        lambda: Note.objects.filter(pk=note.pk).update(text="otra cosa"),
        lambda: Note.objects.filter(pk=note.pk).update(author="eva"),
        lambda: Note.objects.filter(pk=note.pk).delete(),
    ):
        with pytest.raises(IntegrityError, match="stays as it was written"), transaction.atomic():
            change()
    assert Note.objects.filter(pk=note.pk).update(customer=make("Eva")) == 1
    refused("customer.note.empty", lambda: belongings.add_note(john.pk, " \n", **ACTOR))


def test_a_tag_is_one_whatever_its_case_and_keeps_its_colour(john: Customer, make: MakeCustomer) -> None:
    first = belongings.add_tag(john.pk, "VIP", colour="blue", **ACTOR)
    second = belongings.add_tag(make("Eva").pk, "vip", colour="red", **ACTOR)
    assert (second.pk, second.colour) == (first.pk, "blue")
    belongings.add_tag(john.pk, "VIP", **ACTOR)
    assert Entry.objects.filter(action="customer.tag.added").count() == 2
    belongings.remove_tag(john.pk, first.pk, **ACTOR)
    belongings.remove_tag(john.pk, first.pk, **ACTOR)
    assert Entry.objects.filter(action="customer.tag.removed").count() == 1
    refused("customer.tag.empty", lambda: belongings.add_tag(john.pk, "  ", **ACTOR))
    refused("customer.value", lambda: belongings.add_tag(john.pk, "x", colour="pink", **ACTOR))


PO = Field("po", "PO", FieldType.TEXT, required=True, pattern=r"PO-\d{4}-\d{6}", example="PO-2025-001234")


@pytest.mark.parametrize(
    ("field", "given", "value"),
    [
        (PO, " PO-2025-001234 ", "PO-2025-001234"),
        (Field("n", "N", FieldType.INTEGER), "-12", -12),
        (Field("n", "N", FieldType.INTEGER), "", None),
        (Field("d", "D", FieldType.DATE), "2025-12-31", "2025-12-31"),
        (Field("b", "B", FieldType.BOOLEAN), "true", True),
        (Field("b", "B", FieldType.BOOLEAN), False, False),
        (Field("c", "C", FieldType.CHOICE, choices=("a", "b")), "b", "b"),
    ],
)
def test_a_value_is_read_in_its_type(field: Field, given: Any, value: Any) -> None:
    assert read_value(field, given) == value


@pytest.mark.parametrize(
    ("field", "given", "code"),
    [
        (PO, "", "customer.field.missing"),
        (PO, "PO-25-1", "customer.field.shape"),
        (PO, "xPO-2025-001234", "customer.field.shape"),
        (PO, "x" * 201, "customer.field.too_long"),
        (Field("n", "N", FieldType.INTEGER), "1.5", "customer.field.integer"),
        (Field("n", "N", FieldType.INTEGER), "9" * 17, "customer.field.integer"),
        (Field("d", "D", FieldType.DATE), "31/12/2025", "customer.field.date"),
        (Field("d", "D", FieldType.DATE), "2025-02-30", "customer.field.date"),
        (Field("b", "B", FieldType.BOOLEAN), "maybe", "customer.field.choice"),
        (Field("c", "C", FieldType.CHOICE, choices=("a", "b")), "c", "customer.field.choice"),
    ],
)
def test_a_wrong_value_is_refused_with_the_name_of_its_field(field: Field, given: str, code: str) -> None:
    with pytest.raises(Refusal) as caught:
        read_value(field, given)
    assert caught.value.code == code
    assert field.label in str(caught.value)


def test_a_value_of_no_field_is_refused() -> None:
    with pytest.raises(Refusal, match="«other»"):
        read_values([PO], {"po": "PO-2025-001234", "other": "1"})


def test_a_customers_values_are_checked_when_saved(make: MakeCustomer) -> None:
    texts = {"label_es": "Centro", "label_en": "Centre"}
    customfields.save_field(
        "centre", subject="customer", type="integer", customer_kind="business", **texts, **ACTOR
    )
    company = make("Una Empresa", kind="business", custom={"centre": "12"})
    assert Customer.objects.get(pk=company.pk).custom == {"centre": 12}
    refused(
        "customer.field.integer",
        lambda: services.update_customer(company.pk, custom={"centre": "x"}, **ACTOR),
    )
    refused("customer.field.unknown", lambda: make("Eva", kind="individual", custom={"centre": "12"}))


@pytest.mark.parametrize(
    "wrong",
    [
        {"key": "With Spaces"},
        {"type": "choice"},
        {"type": "integer", "pattern": "x"},
        {"pattern": "("},
        {"pattern": "[0-9]+", "example": "abc"},
        {"subject": "customer", "product_slug": "mobile"},
        {"type": "colour"},
    ],
)
def test_a_definition_that_cannot_be_is_refused(db: None, wrong: dict[str, Any]) -> None:
    values: dict[str, Any] = {
        "key": "po",
        "subject": "order",
        "type": "text",
        "label_es": "PO",
        "label_en": "PO",
        **ACTOR,
    } | wrong
    refused("customer.field.definition", lambda: customfields.save_field(values.pop("key"), **values))


def test_fields_belong_to_kinds_and_products(db: None) -> None:
    texts = {"type": "text", "label_es": "a", "label_en": "a", **ACTOR}
    customfields.save_field("all", subject="order", **texts)
    customfields.save_field("company", subject="order", customer_kind="business", **texts)
    customfields.save_field("fibre", subject="order", product_slug="fibre", position=1, **texts)
    customfields.save_field("own", subject="customer", **texts)

    def keys(kind: str, slug: str) -> list[str]:
        return [field.key for field in customfields.fields_of_order(kind, slug)]

    assert keys("individual", "mobile") == ["all"]
    assert keys("business", "fibre") == ["all", "company", "fibre"]
    assert [field.key for field in customfields.fields_of_customer("individual")] == ["own"]


@pytest.mark.parametrize(
    ("given", "by"),
    [
        ({"name": "Somebody Else", "emails": ["john.smith@example.com"]}, ("email",)),
        ({"name": "Somebody Else", "phones": ["+447700900123"]}, ("phone",)),
        ({"name": "Somebody Else", "tax_id": "b1234"}, ("tax_id",)),
        ({"name": "Smith, Jöhn"}, ("name",)),
        ({"name": "Jon Smith", "emails": ["jsmith@work.example"]}, ("email", "name")),
    ],
)
def test_somebody_who_is_there_already_is_found(
    john: Customer, given: dict[str, Any], by: tuple[str, ...]
) -> None:
    services.update_customer(john.pk, tax_id="B1234", **ACTOR)
    [found] = find_duplicates(**given)
    assert (found.id, found.by) == (john.pk, by)


def test_somebody_else_is_not_found(john: Customer) -> None:
    assert find_duplicates(name="Joan Smart", emails=["joan@example.com"], phones=["+447700900124"]) == []
    assert find_duplicates(name="") == []
    assert similarity("ACME Ltd", "Acme") == 1.0
    assert similarity("", "x") == 0.0


def test_registering_refuses_a_similar_one_unless_wanted_anyway(john: Customer) -> None:
    new = NewCustomer(name="Jon Smith")
    refusal = refused("customer.duplicates", lambda: register_customer(new, **ACTOR))
    assert f"John Smith (ID: {john.pk})" in str(refusal)
    assert register_customer(NewCustomer(name="Jon Smith", anyway=True), **ACTOR).name == "Jon Smith"


def test_the_database_keeps_what_the_use_cases_promise(john: Customer, make: MakeCustomer) -> None:
    other = make("Eva")
    belongings.save_site(john.pk, name="A", line1="x", **ACTOR)
    for wrong in (
        lambda: Site.objects.create(customer=john, name="A", line1="y"),
        lambda: Site.objects.create(customer=john, name="", line1="y"),
        lambda: Contact.objects.create(customer=john, name="J", roles=["king"]),
        lambda: Contact.objects.create(customer=john, name="J", email="Jane@x"),
        lambda: Tag.objects.create(text="x", colour="pink"),
        lambda: CustomField.objects.create(key="a", subject="order", type="choice"),
        lambda: Customer.objects.filter(pk=john.pk).update(merged_into=other),
        lambda: Customer.objects.filter(pk=john.pk).update(merged_into=john, status="archived"),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            wrong()
