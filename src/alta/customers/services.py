"""Use cases of customer records. Each is one transaction, written to the log."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import Model

from alta.audit.log import record
from alta.customers import keys, rules
from alta.customers.customfields import customer_values
from alta.customers.models import Customer, Email, PaymentMethod, Phone, SearchKey
from alta.customers.refusals import (
    EXTERNAL_ID_TAKEN,
    NAME_MISSING,
    NOT_FOUND,
    PAYMENT_METHOD_NOT_FOUND,
    PAYMENT_METHOD_TAKEN,
    STATUS,
    VALUE,
)
from alta.customers.rules import Status


@transaction.atomic
def create_customer(
    *,
    name: str,
    kind: str = "individual",
    emails: Sequence[str] = (),
    phones: Sequence[str] = (),
    external_id: str | None = None,
    tax_id: str = "",
    language: str = "es",
    currency: str = "GBP",
    attributes: Mapping[str, Any] | None = None,
    custom: Mapping[str, Any] | None = None,
    region: str | None = None,
    actor: str,
) -> Customer:
    """A new customer, open. The first e-mail and phone are the primary ones; `region` reads phones without +.

    Refuses malformed values and an external id that another customer has. `custom` are values of the operator's own
    fields; programs that know none of them leave it out."""
    customer = Customer(
        name=" ".join(name.split()),
        kind=kind,
        external_id=external_id or None,
        tax_id=tax_id.strip(),
        language=language,
        currency=currency,
        attributes=dict(attributes or {}),
    )
    check_row(customer)
    if custom is not None:
        customer.custom = customer_values(kind, custom, {})
    try:
        customer.save()
    except IntegrityError as error:
        raise EXTERNAL_ID_TAKEN(external_id=external_id) from error
    _write_emails(customer, emails)
    _write_phones(customer, phones, region)
    file_customer(customer)
    record(actor, "customer.created", customer, kind=kind)
    return customer


@transaction.atomic
def update_customer(
    customer_id: int,
    *,
    name: str | None = None,
    tax_id: str | None = None,
    language: str | None = None,
    emails: Sequence[str] | None = None,
    phones: Sequence[str] | None = None,
    custom: Mapping[str, Any] | None = None,
    region: str | None = None,
    actor: str,
) -> Customer:
    """Changes what is given and leaves the rest. `emails` and `phones` replace all, the first being the
    primary one; `custom` replaces the values of all fields that the operator added."""
    customer = locked_customer(customer_id)
    if name is not None:
        customer.name = " ".join(name.split())
    if tax_id is not None:
        customer.tax_id = tax_id.strip()
    if language is not None:
        customer.language = language
    if custom is not None:
        customer.custom = customer_values(customer.kind, custom, customer.custom)
    check_row(customer)
    customer.save()
    if emails is not None:
        customer.emails.all().delete()
        _write_emails(customer, emails)
    if phones is not None:
        stored = set(customer.phones.values_list("e164", flat=True))
        customer.phones.all().delete()
        _write_phones(customer, phones, region, stored)
    file_customer(customer)
    given = {
        "name": name,
        "tax_id": tax_id,
        "language": language,
        "emails": emails,
        "phones": phones,
        "custom": custom,
    }
    record(actor, "customer.changed", customer, fields=[f for f, value in given.items() if value is not None])
    return customer


@transaction.atomic
def change_status(customer_id: int, status: Status, *, actor: str, reason: str = "") -> Customer:
    """Opens, suspends, closes or archives a customer. Refuses a step that the life of a customer hasn't
    got."""
    customer = locked_customer(customer_id)
    before = Status(customer.status)
    if before == status:
        return customer
    if not rules.may_become(before, status):
        raise STATUS(customer=customer.name, status=str(before.label), target=str(Status(status).label))
    customer.status = status
    customer.save(update_fields=["status"])
    record(actor, "customer.status_changed", customer, before=before, after=status, reason=reason)
    return customer


@transaction.atomic
def add_payment_method(
    customer_id: int,
    *,
    provider: str,
    token: str,
    brand: str = "",
    last4: str = "",
    exp_month: int | None = None,
    exp_year: int | None = None,
    make_default: bool = False,
    actor: str,
) -> PaymentMethod:
    """Keeps a provider's token; a customer's first one is the default. Adding the same again changes
    nothing."""
    customer = locked_customer(customer_id)
    there = PaymentMethod.objects.filter(provider=provider, token=token).first()
    if there is not None:
        if there.customer_id != customer.pk:
            raise PAYMENT_METHOD_TAKEN()
        return there
    method = PaymentMethod(
        customer=customer,
        provider=provider,
        token=token,
        brand=brand,
        last4=last4,
        exp_month=exp_month,
        exp_year=exp_year,
    )
    check_row(method)
    method.save()
    record(actor, "customer.payment_method.added", customer, method=method.pk, provider=provider)
    if make_default or not customer.payment_methods.filter(is_default=True).exists():
        _make_default(method)
    return method


@transaction.atomic
def set_default_payment_method(customer_id: int, method_id: int, *, actor: str) -> PaymentMethod:
    """The payment method that renewals charge. Refuses one that the customer hasn't got."""
    customer = locked_customer(customer_id)
    method = customer.payment_methods.filter(pk=method_id).first()
    if method is None:
        raise PAYMENT_METHOD_NOT_FOUND(customer=customer.name)
    if not method.is_default:
        _make_default(method)
        record(actor, "customer.payment_method.default", customer, method=method.pk)
    return method


def _make_default(method: PaymentMethod) -> None:
    PaymentMethod.objects.filter(customer_id=method.customer_id, is_default=True).update(is_default=False)
    method.is_default = True
    method.save(update_fields=["is_default"])


def locked_customer(customer_id: int) -> Customer:
    """The customer, for use inside a use case that changes what it has. Refuses (`customer.not_found`)."""
    customer = Customer.objects.select_for_update().filter(pk=customer_id).first()
    if customer is None:
        raise NOT_FOUND(customer=customer_id)
    return customer


def check_row(row: Model) -> None:
    """Refuses (`customer.value`) a row whose values its fields don't allow, naming the first of them."""
    if isinstance(row, Customer) and not row.name:
        raise NAME_MISSING()
    try:
        row.full_clean(validate_unique=False)
    except ValidationError as error:
        name, messages = next(iter(error.message_dict.items()))
        labels = {field.name: str(field.verbose_name) for field in row._meta.fields}
        raise VALUE(field=labels.get(name, name), reason=messages[0]) from error


def _write_emails(customer: Customer, emails: Iterable[str]) -> None:
    addresses = dict.fromkeys(rules.read_email(text) for text in emails)
    Email.objects.bulk_create(
        Email(customer=customer, address=address, primary=place == 0)
        for place, address in enumerate(addresses)
    )


def _write_phones(
    customer: Customer, phones: Iterable[str], region: str | None, stored: Collection[str] = ()
) -> None:
    """A number that was stored before is not read again: it may be older than the rules."""
    numbers = dict.fromkeys(
        text if text in stored else rules.read_phone(text, region).e164 for text in phones
    )
    Phone.objects.bulk_create(
        Phone(customer=customer, e164=e164, primary=place == 0) for place, e164 in enumerate(numbers)
    )


def file_customer(customer: Customer) -> None:
    """Files a customer anew under the keys that find it."""
    found = keys.keys_of(
        customer.name,
        customer.external_id,
        customer.emails.values_list("address", flat=True),
        [rules.stored_phone(e164) for e164 in customer.phones.values_list("e164", flat=True)],
    )
    SearchKey.objects.filter(customer=customer).delete()
    file_keys((customer.pk, kind, key) for kind, key in found)


def file_keys(rows: Iterable[tuple[int, str, str]]) -> None:
    """Adds search keys (customer id, kind, key) in bulk."""
    with (
        connection.cursor() as cursor,
        cursor.copy("COPY customers_searchkey (customer_id, kind, key) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(row)
