"""Reads customers from a CSV file: another system's export, or the public "Telco Customer Churn" set.

Each line stands alone: a bad one is refused with its number and the reason, the others go in. Customers are
told by external id, so the same file again changes nothing. Columns that Alta has no field for are kept as
attributes; an empty cell, or a column that isn't there, leaves what the customer has."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from django.db import connection, transaction

from alta.audit.models import Entry
from alta.customers import keys, rules
from alta.customers.models import Customer, Email, PaymentMethod, Phone, SearchKey
from alta.customers.refusals import (
    FILE_COLUMN_TWICE,
    FILE_HEADER,
    FILE_TOO_LARGE,
    FILE_UNREADABLE,
    ROW_CHOICE,
    ROW_COLUMNS,
    ROW_ENCODING,
    ROW_ID_MISSING,
    ROW_ID_TWICE,
    ROW_NUMBER,
    ROW_TOO_LONG,
    ROW_UNREADABLE,
)
from alta.customers.rules import Kind, PhoneNumber
from alta.customers.services import file_keys
from alta.refusal import Refusal

LARGEST_FILE = 200_000_000
LONGEST_LINE = 65_536
BATCH = 2_000
MOST_REFUSED_KEPT = 10_000
PROVIDER = "imported"  # of payment methods whose token another system holds
INVENTED_NAME = "Cliente {external_id}"  # plainly no person's name, for files without names
ADVISORY_LOCK = 0x616C7461  # one import at a time

ALIASES = {
    "external_id": {"external_id", "externalid", "customerid", "customer_id", "id"},
    "name": {"name", "customer_name", "nombre", "full_name"},
    "kind": {"kind", "type", "tipo", "customer_account_type"},
    "email": {"email", "e-mail", "email_address", "correo"},
    "phone": {"phone", "phone_number", "telefono", "teléfono"},
    "tax_id": {"tax_id", "tax_identifier", "nif", "nit"},
    "language": {"language", "idioma"},
    "currency": {"currency", "moneda"},
    "payment_method": {"payment_method", "paymentmethod", "payment method"},
}
FIELD_OF = {alias: name for name, aliases in ALIASES.items() for alias in aliases}
AMOUNTS = {"monthlycharges", "totalcharges", "tenure", "monthly_charges", "total_charges"}
KINDS = {
    "individual": Kind.INDIVIDUAL,
    "residential": Kind.INDIVIDUAL,
    "business": Kind.BUSINESS,
    "empresa": Kind.BUSINESS,
    "empresarial": Kind.BUSINESS,
}
LIMITS = {"external_id": 64, "name": 200, "tax_id": 40, "payment_method": 60}


@dataclass(frozen=True)
class RefusedLine:
    """A line that stayed out. `str(reason)` says why, to the reader."""

    line: int
    reason: Refusal

    @property
    def code(self) -> str:
        return self.reason.code

    @property
    def params(self) -> dict[str, Any]:
        return self.reason.params


@dataclass
class Report:
    """What an import did. Of very many refused lines only the first are kept; `refused_count` counts all."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused_count: int = 0
    refused: list[RefusedLine] = field(default_factory=list)

    @property
    def changed_nothing(self) -> bool:
        return self.created == self.updated == 0

    def refuse(self, line: int, reason: Refusal) -> None:
        self.refused_count += 1
        if len(self.refused) < MOST_REFUSED_KEPT:
            self.refused.append(RefusedLine(line, reason))


@dataclass(frozen=True)
class Row:
    """A line's values, checked. None leaves what the customer has."""

    line: int
    external_id: str
    name: str | None
    kind: str | None
    tax_id: str | None
    language: str | None
    currency: str | None
    email: str | None
    phone: PhoneNumber | None
    payment_method: str | None
    attributes: dict[str, str]


OWN_FIELDS = ("name", "kind", "tax_id", "language", "currency")


def import_customers(path: Path | str, *, region: str | None = None, actor: str = "import") -> Report:
    """Imports a file in batches, each one transaction. `region` reads phones without +.

    Refuses a file that can't be read, is too large, or whose first line doesn't name the columns."""
    path = Path(path)
    report = Report()
    try:
        size, source = path.stat().st_size, path.open("rb")
    except OSError as error:
        raise FILE_UNREADABLE(file=path.name) from error
    with source:
        if size > LARGEST_FILE:
            raise FILE_TOO_LARGE(megabytes=LARGEST_FILE // 1_000_000)
        lines = _lines(source)
        header = _header(next(lines, (1, b""))[1])
        rows = _rows(lines, header, region, report)
        while batch := list(islice(rows, BATCH)):
            _import_batch(batch, report, path.name, actor)
    return report


def _lines(source: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Numbered lines. One that is too long comes cut, and is too long still."""
    number = 0
    while line := source.readline(LONGEST_LINE + 1):
        number += 1
        rest = line
        while len(rest) > LONGEST_LINE and not rest.endswith(b"\n"):
            rest = source.readline(LONGEST_LINE + 1)
        yield number, line


def _cells(line: bytes) -> list[str]:
    """Refuses a line that isn't one whole line of UTF-8 CSV."""
    if len(line) > LONGEST_LINE:
        raise ROW_UNREADABLE()
    try:
        text = line.decode()
    except UnicodeDecodeError:
        raise ROW_ENCODING() from None
    text = text.rstrip("\r\n")
    if not text.replace("\t", "").isprintable():
        raise ROW_ENCODING()
    try:
        return [cell.strip() for cell in next(csv.reader([text], strict=True), [])]
    except csv.Error:
        raise ROW_UNREADABLE() from None


def _header(line: bytes) -> list[str]:
    """The columns, by Alta's field names where it has them."""
    try:
        cells = _cells(line.removeprefix(b"\xef\xbb\xbf"))
    except Refusal as refusal:
        raise FILE_HEADER() from refusal
    columns = [FIELD_OF.get(cell.casefold(), cell) for cell in cells]
    if "external_id" not in columns or "" in columns:
        raise FILE_HEADER()
    if doubled := [column for column in columns if columns.count(column) > 1]:
        raise FILE_COLUMN_TWICE(column=doubled[0])
    return columns


def _rows(
    lines: Iterator[tuple[int, bytes]], header: list[str], region: str | None, report: Report
) -> Iterator[Row]:
    seen: dict[str, int] = {}
    for number, line in lines:
        try:
            cells = _cells(line)
            if not any(cells):
                continue
            row = _row(number, cells, header, region)
            if row.external_id in seen:
                raise ROW_ID_TWICE(external_id=row.external_id, line=seen[row.external_id])
        except Refusal as refusal:
            report.refuse(number, refusal)
            continue
        seen[row.external_id] = number
        yield row


def _row(number: int, cells: list[str], header: list[str], region: str | None) -> Row:
    if len(cells) != len(header):
        raise ROW_COLUMNS(found=len(cells), expected=len(header))
    values = dict(zip(header, cells, strict=True))
    if not values["external_id"]:
        raise ROW_ID_MISSING()
    for column, limit in LIMITS.items():
        if len(values.get(column, "")) > limit:
            raise ROW_TOO_LONG(column=column, limit=limit)
    for column in values.keys() - FIELD_OF.keys():
        if column.casefold() in AMOUNTS:
            _check_amount(column, values[column])
    email, phone = values.get("email"), values.get("phone")
    return Row(
        line=number,
        external_id=values["external_id"],
        name=values.get("name") or None,
        kind=_choice(values, "kind", KINDS),
        tax_id=values.get("tax_id") or None,
        language=_choice(values, "language", {"es": "es", "en": "en"}),
        currency=_currency(values.get("currency", "")),
        email=rules.read_email(email) if email else None,
        phone=rules.read_phone(phone, region) if phone else None,
        payment_method=values.get("payment_method") or None,
        attributes={column: value for column, value in values.items() if column not in ALIASES and value},
    )


def _check_amount(column: str, value: str) -> None:
    """Empty is no amount yet: the public set has it for customers in their first month."""
    if not value:
        return
    try:
        amount = Decimal(value)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount < 0:
        raise ROW_NUMBER(column=column, value=value)


def _choice(values: dict[str, str], column: str, choices: dict[str, Any]) -> str | None:
    value = values.get(column, "")
    if not value:
        return None
    if value.casefold() not in choices:
        raise ROW_CHOICE(column=column, value=value, choices=", ".join(choices))
    return str(choices[value.casefold()])


def _currency(value: str) -> str | None:
    if value and not (len(value) == 3 and value.isascii() and value.isalpha()):
        raise ROW_CHOICE(column="currency", value=value, choices="ISO 4217")
    return value.upper() or None


@transaction.atomic
def _import_batch(rows: list[Row], report: Report, file: str, actor: str) -> None:
    """Creates and changes a batch of customers, each table in one statement."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ADVISORY_LOCK])
    known = {
        customer.external_id: customer
        for customer in Customer.objects.select_for_update()
        .filter(external_id__in=[row.external_id for row in rows])
        .order_by("id")
        .prefetch_related("emails", "phones", "payment_methods")
    }
    new = [row for row in rows if row.external_id not in known]
    changed = [row for row in rows if row.external_id in known and _differs(known[row.external_id], row)]
    touched = [*new, *changed]
    if touched:
        customers = _write_customers(touched, known)
        _write_contacts(touched, customers)
        _write_payment_methods(touched, customers, known)
        _file_anew(touched, customers, known)
        _log(touched, customers, known, file, actor)
    report.created += len(new)
    report.updated += len(changed)
    report.unchanged += len(rows) - len(touched)


def _differs(customer: Customer, row: Row) -> bool:
    """Whether the row says something that the customer's record doesn't."""
    if any(getattr(row, name) not in (None, getattr(customer, name)) for name in OWN_FIELDS):
        return True
    if customer.attributes | row.attributes != customer.attributes:
        return True
    if row.email and row.email not in [email.address for email in customer.emails.all() if email.primary]:
        return True
    if row.phone and row.phone.e164 not in [phone.e164 for phone in customer.phones.all() if phone.primary]:
        return True
    return row.payment_method is not None and (row.external_id, row.payment_method) not in [
        (method.token, method.brand)
        for method in customer.payment_methods.all()
        if method.provider == PROVIDER
    ]


def _write_customers(rows: list[Row], known: dict[str | None, Customer]) -> dict[str, Customer]:
    customers = []
    for row in rows:
        customer = known.get(row.external_id) or Customer(
            external_id=row.external_id,
            name=INVENTED_NAME.format(external_id=row.external_id),
            kind=Kind.INDIVIDUAL,
        )
        for name in OWN_FIELDS:
            if (value := getattr(row, name)) is not None:
                setattr(customer, name, value)
        customer.attributes = customer.attributes | row.attributes
        customers.append(customer)
    written = Customer.objects.bulk_create(
        [Customer(**{f.name: getattr(c, f.name) for f in _WRITTEN}) for c in customers],
        update_conflicts=True,
        unique_fields=["external_id"],
        update_fields=[*OWN_FIELDS, "attributes"],
    )
    return {customer.external_id or "": customer for customer in written}


_WRITTEN = [f for f in Customer._meta.concrete_fields if f.name not in ("id", "created_at", "status")]


def _write_contacts(rows: list[Row], customers: dict[str, Customer]) -> None:
    """A row's e-mail and phone become the primary ones; others that the customer has stay."""
    emails = [
        Email(customer=customers[row.external_id], address=row.email, primary=True)
        for row in rows
        if row.email
    ]
    Email.objects.filter(customer__in=[email.customer for email in emails], primary=True).update(
        primary=False
    )
    Email.objects.bulk_create(
        emails, update_conflicts=True, unique_fields=["customer", "address"], update_fields=["primary"]
    )
    phones = [
        Phone(customer=customers[row.external_id], e164=row.phone.e164, primary=True)
        for row in rows
        if row.phone
    ]
    Phone.objects.filter(customer__in=[phone.customer for phone in phones], primary=True).update(
        primary=False
    )
    Phone.objects.bulk_create(
        phones, update_conflicts=True, unique_fields=["customer", "e164"], update_fields=["primary"]
    )


def _write_payment_methods(
    rows: list[Row], customers: dict[str, Customer], known: dict[str | None, Customer]
) -> None:
    """The other system charges by its own id, so that is the token; the default where there was none."""
    PaymentMethod.objects.bulk_create(
        [
            PaymentMethod(
                customer=customers[row.external_id],
                provider=PROVIDER,
                token=row.external_id,
                brand=row.payment_method,
                is_default=row.external_id not in known
                or not any(m.is_default for m in known[row.external_id].payment_methods.all()),
            )
            for row in rows
            if row.payment_method
        ],
        update_conflicts=True,
        unique_fields=["provider", "token"],
        update_fields=["brand"],
    )


def _file_anew(rows: list[Row], customers: dict[str, Customer], known: dict[str | None, Customer]) -> None:
    SearchKey.objects.filter(
        customer__in=[customers[row.external_id] for row in rows if row.external_id in known]
    ).delete()
    filed: list[tuple[int, str, str]] = []
    for row in rows:
        customer, before = customers[row.external_id], known.get(row.external_id)
        emails = {email.address for email in before.emails.all()} if before else set()
        numbers = {rules.stored_phone(phone.e164) for phone in before.phones.all()} if before else set()
        emails |= {row.email} if row.email else set()
        numbers |= {row.phone} if row.phone else set()
        found = keys.keys_of(customer.name, customer.external_id, emails, numbers)
        filed.extend((customer.pk, kind, key) for kind, key in found)
    file_keys(filed)


def _log(
    rows: list[Row], customers: dict[str, Customer], known: dict[str | None, Customer], file: str, actor: str
) -> None:
    Entry.objects.bulk_create(
        Entry(
            actor=actor,
            action="customer.changed" if row.external_id in known else "customer.created",
            object_type=Customer._meta.label_lower,
            object_id=str(customers[row.external_id].pk),
            detail={"file": file, "line": row.line},
        )
        for row in rows
    )
