from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from alta.audit.log import entries_about
from alta.audit.models import Entry
from alta.connectors.registry import Effect, find_action
from alta.customers import rules, services
from alta.customers.models import Customer, Email, PaymentMethod, Phone, SearchKey
from alta.customers.queries import search
from alta.customers.rules import Status
from alta.refusal import Refusal

from .conftest import MakeCustomer

ACTOR = {"actor": "ana"}


def everything() -> list[list[dict[str, Any]]]:
    return [
        list(model.objects.order_by("pk").values())
        for model in (Customer, Email, Phone, PaymentMethod, SearchKey, Entry)
    ]


def refused(code: str, call: Callable[[], object]) -> Refusal:
    """The call is refused with this code, and nothing has changed."""
    before = everything()
    with pytest.raises(Refusal) as refusal:
        call()
    assert refusal.value.code == code
    assert str(refusal.value)
    assert everything() == before
    return refusal.value


def test_a_new_customer_is_open_and_filed_under_every_key(john: Customer) -> None:
    john.refresh_from_db()
    assert (john.status, john.kind, john.currency, john.language) == ("open", "individual", "GBP", "es")
    assert str(john) == f"John Smith (ID: {john.pk})"
    assert list(john.emails.order_by("id").values_list("address", "primary")) == [
        ("john.smith@example.com", True),
        ("jsmith@work.example", False),
    ]
    assert list(john.phones.values_list("e164", "primary")) == [("+447700900123", True)]
    assert set(SearchKey.objects.filter(customer=john).values_list("kind", "key")) == {
        ("name", "john smith"),
        ("name", "smith john"),
        ("email", "john.smith@example.com"),
        ("email", "jsmith@work.example"),
        ("phone", "447700900123"),
        ("phone", "7700900123"),
        ("phone_end", "~321009007744"),
        *(("phone_part", f"*{'7700900123'[begin:]}") for begin in range(1, 6)),
        ("external_id", "7590-vhveg"),
    }
    assert [entry.action for entry in entries_about(john)] == ["customer.created"]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"name": "  "}, "customer.name.missing"),
        ({"name": "x" * 201}, "customer.value"),
        ({"kind": "robot"}, "customer.value"),
        ({"language": "xx"}, "customer.value"),
        ({"currency": "gbp"}, "customer.value"),
        ({"emails": ["good@x.com", "bad"]}, "customer.email.malformed"),
        ({"phones": ["900123"]}, "customer.phone.malformed"),
        ({"external_id": "7590-VHVEG"}, "customer.external_id.taken"),
    ],
)
def test_a_customer_with_a_wrong_value_is_refused(
    john: Customer, make: MakeCustomer, values: dict[str, Any], code: str
) -> None:
    refused(code, lambda: make(**{"name": "Eva", **values}))


def test_customers_without_external_id_do_not_collide(make: MakeCustomer) -> None:
    assert make("Eva", external_id="").external_id is None
    assert make("Ana").external_id is None


def test_a_change_touches_what_is_given_and_files_anew(john: Customer) -> None:
    services.update_customer(john.pk, name="John Taylor", phones=["+44 7700 900456"], **ACTOR)
    john.refresh_from_db()
    assert john.name == "John Taylor"
    assert john.emails.count() == 2
    keys = set(SearchKey.objects.filter(customer=john).values_list("key", flat=True))
    assert {"taylor john", "447700900456", "7590-vhveg", "jsmith@work.example"} <= keys
    assert not any("smith john" in key or "900123" in key for key in keys)
    assert entries_about(john)[0].detail == {"fields": ["name", "phones"]}


def test_contacts_can_all_be_taken_away(john: Customer) -> None:
    services.update_customer(john.pk, emails=[], phones=[], tax_id=" X1 ", language="en", **ACTOR)
    john.refresh_from_db()
    assert (john.emails.count(), john.phones.count(), john.tax_id, john.language) == (0, 0, "X1", "en")


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"name": ""}, "customer.name.missing"),
        ({"emails": ["bad"]}, "customer.email.malformed"),
        ({"phones": ["bad"]}, "customer.phone.malformed"),
        ({"language": "xx"}, "customer.value"),
    ],
)
def test_a_wrong_change_is_refused(john: Customer, values: dict[str, Any], code: str) -> None:
    refused(code, lambda: services.update_customer(john.pk, **values, **ACTOR))


def test_every_step_of_a_customers_life_is_allowed_or_refused_by_the_table(make: MakeCustomer) -> None:
    for before, after in product(Status, Status):
        customer = make("Eva")
        Customer.objects.filter(pk=customer.pk).update(status=before)
        if before == after or rules.may_become(before, after):
            services.change_status(customer.pk, after, **ACTOR)
            customer.refresh_from_db()
            assert customer.status == after
        else:
            refused("customer.status", lambda c=customer, s=after: services.change_status(c.pk, s, **ACTOR))


def test_an_unknown_customer_is_refused(db: None) -> None:
    refused("customer.not_found", lambda: services.update_customer(404, **ACTOR))
    refused("customer.not_found", lambda: services.change_status(404, Status.OPEN, **ACTOR))
    refused("customer.not_found", lambda: services.set_default_payment_method(404, 1, **ACTOR))
    refused("customer.not_found", lambda: services.add_payment_method(404, provider="p", token="t", **ACTOR))


def card(customer: Customer, token: str, **values: Any) -> PaymentMethod:
    return services.add_payment_method(
        customer.pk,
        provider="stripe",
        token=token,
        **{"brand": "Visa", "last4": "4242", "exp_month": 12, "exp_year": 2030, **values},
        **ACTOR,
    )


def test_the_first_payment_method_is_the_default_until_another_is_chosen(john: Customer) -> None:
    first, second = card(john, "a"), card(john, "b")
    assert (first.is_default, second.is_default) == (True, False)
    services.set_default_payment_method(john.pk, second.pk, **ACTOR)
    services.set_default_payment_method(john.pk, second.pk, **ACTOR)
    assert list(john.payment_methods.filter(is_default=True)) == [second]
    third = card(john, "c", make_default=True)
    assert list(john.payment_methods.filter(is_default=True)) == [third]
    assert str(third) == "Visa 4242"


def test_adding_the_same_payment_method_twice_is_adding_it_once(john: Customer) -> None:
    assert card(john, "a").pk == card(john, "a").pk
    assert john.payment_methods.count() == 1


def test_payment_methods_that_are_wrong_or_anothers_are_refused(john: Customer, make: MakeCustomer) -> None:
    eva = make("Eva")
    method = card(eva, "a")
    refused("customer.payment_method.taken", lambda: card(john, "a"))
    refused("customer.value", lambda: card(john, "b", last4="42"))
    refused("customer.value", lambda: card(john, "b", exp_month=13))
    refused("customer.value", lambda: card(john, "b", exp_month=None))
    refused(
        "customer.payment_method.not_found",
        lambda: services.set_default_payment_method(john.pk, method.pk, **ACTOR),
    )


def test_the_database_refuses_two_defaults_and_two_primaries(john: Customer) -> None:
    card(john, "a")
    card(john, "b")
    for rows, change in [
        (john.payment_methods, {"is_default": True}),
        (john.emails, {"primary": True}),
    ]:
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        Phone.objects.create(customer=john, e164="+447700900999", primary=True)


@pytest.mark.parametrize(
    ("model", "change"),
    [
        (Customer, {"kind": "robot"}),
        (Customer, {"status": "lost"}),
        (Customer, {"name": ""}),
        (Customer, {"currency": "gb"}),
        (Customer, {"language": "xx"}),
        (Customer, {"external_id": ""}),
        (Email, {"address": "Upper@x.com"}),
        (Email, {"address": "nothing"}),
        (Phone, {"e164": "447700900123"}),
        (Phone, {"e164": "+0123456"}),
        (PaymentMethod, {"last4": "abcd"}),
        (PaymentMethod, {"exp_month": 13}),
        (PaymentMethod, {"exp_year": None}),
    ],
)
def test_the_database_refuses_malformed_rows(john: Customer, model: Any, change: dict[str, Any]) -> None:
    card(john, "a")
    john.emails.filter(primary=False).delete()
    with pytest.raises(IntegrityError), transaction.atomic():
        model.objects.update(**change)


def test_the_database_refuses_two_customers_of_one_external_id(john: Customer, make: MakeCustomer) -> None:
    eva = make("Eva")
    with pytest.raises(IntegrityError), transaction.atomic():
        Customer.objects.filter(pk=eva.pk).update(external_id=john.external_id)


def check(**params: Any) -> Any:
    action = find_action("customer.check")
    assert action is not None
    assert action.read_only
    effect = Effect(
        job_id=1,
        task="check_customer",
        service_id=None,
        customer_id=None,
        order_id=None,
        actor="job 1",
        now=datetime(2026, 3, 2, tzinfo=UTC),
    )
    return action.function(action.params.model_validate(params), effect)


def test_an_open_customer_passes_the_check(john: Customer) -> None:
    assert check(customer_id=john.pk).model_dump() == {
        "name": "John Smith",
        "kind": "individual",
        "language": "es",
    }


@pytest.mark.parametrize("status", ["suspended", "closed", "archived"])
def test_a_customer_that_is_not_open_fails_the_check(john: Customer, status: str) -> None:
    Customer.objects.update(status=status)
    refused("customer.not_open", lambda: check(customer_id=john.pk))


def test_a_payment_method_is_looked_at_only_where_asked(john: Customer) -> None:
    check(customer_id=john.pk)
    refused(
        "customer.payment_method.missing", lambda: check(customer_id=john.pk, require_payment_method=True)
    )
    card(john, "a", exp_month=2, exp_year=2026)
    refused(
        "customer.payment_method.expired", lambda: check(customer_id=john.pk, require_payment_method=True)
    )
    card(john, "b", make_default=True)
    assert check(customer_id=john.pk, require_payment_method=True).name == "John Smith"


def test_the_check_refuses_an_unknown_customer(db: None) -> None:
    refused("customer.not_found", lambda: check(customer_id=404))


def test_a_customer_with_an_old_number_that_would_be_refused_today_can_be_changed_and_found(db: None) -> None:
    customer = services.create_customer(name="Old Number", actor="test")
    Phone.objects.create(customer=customer, e164="+1234567890", primary=True)
    services.update_customer(customer.pk, name="Old But Renamed", actor="test")
    assert [found.id for found in search("+1234567890")] == [customer.pk]
    assert [found.id for found in search("Old But")] == [customer.pk]
