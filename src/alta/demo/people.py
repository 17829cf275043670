"""The demo's people: those of the assignment guide's examples, and invented ones, at addresses of nobody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from alta.accounts.models import User
from alta.accounts.permissions import Role
from alta.customers.keys import phone_keys
from alta.customers.models import Customer, Email, Phone
from alta.customers.rules import PhoneNumber
from alta.customers.services import add_payment_method, file_keys, update_customer

PASSWORD = "alta-demo"  # noqa: S105 - printed for whoever starts the demo
USERS: Mapping[str, Role] = {
    "agente": Role.AGENT,
    "supervisora": Role.SUPERVISOR,
    "almacen": Role.STOCK_KEEPER,
    "ingeniera": Role.ENGINEER,
    "tecnico": Role.TECHNICIAN,
    "admin": Role.ADMINISTRATOR,
}
FIRST_FREE_ID = 1001


@dataclass(frozen=True)
class Person:
    id: int
    name: str
    emails: tuple[str, ...]
    phone: str
    kind: str = "individual"
    language: str = "es"
    pays: bool = True


CUSTOMERS = (
    Person(123, "John Smith", ("john.smith@example.com",), "+1234567890"),
    Person(456, "John Doe", ("john.doe@example.com",), "+442079460456"),
    Person(789, "Johnson Enterprises", ("office@johnson.example.net",), "+442079460789", kind="business"),
    Person(812, "ACME", ("jane@acme.example.com", "bob@acme.example.com"), "+442079460812", kind="business"),
    Person(824, "Lucía Fernández Prueba", ("lucia.fernandez@example.com",), "+447700900824"),
    Person(831, "Mateo Quispe Ejemplo", ("mateo.quispe@example.net",), "+447700900831"),
    Person(847, "Ana O'Brien-Muñoz", ("ana.obrien@example.com",), "+447700900847", language="en"),
    Person(858, "Wanda Sample", ("wanda.sample@example.net",), "+447700900858", language="en", pays=False),
    Person(869, "Panadería Ficticia", ("pedidos@panaderia.example.com",), "+442079460869", kind="business"),
    Person(873, "Tomás Ejemplar Ruiz", ("tomas.ejemplar@example.net",), "+447700900873", pays=False),
)


def add_users() -> None:
    """Whoever is there already keeps password and roles."""
    for name, role in USERS.items():
        user, created = User.objects.get_or_create(
            username=name, defaults={"language": "es", "roles": [role.value]}
        )
        if created:
            user.set_password(PASSWORD)
            user.save()


def add_customers(now: datetime, *, actor: str) -> None:
    """Adds who isn't there yet, and lets new customers be numbered beyond."""
    for person in CUSTOMERS:
        if not Email.objects.filter(address=person.emails[0]).exists():
            _add(person, now, actor)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT setval(pg_get_serial_sequence('customers_customer', 'id'),"
            " greatest((SELECT max(id) FROM customers_customer), %s - 1))",
            [FIRST_FREE_ID],
        )


def _add(person: Person, now: datetime, actor: str) -> None:
    free = not Customer.objects.filter(pk=person.id).exists()
    customer = Customer.objects.create(
        pk=person.id if free else None, name=person.name, kind=person.kind, language=person.language
    )
    update_customer(customer.pk, emails=person.emails, actor=actor)
    # Stored by hand: the guide's +1234567890 is a number that can't be dialled.
    Phone.objects.create(customer=customer, e164=person.phone, primary=True)
    number = PhoneNumber(person.phone, person.phone[3 if person.phone.startswith("+44") else 1 :])
    file_keys((customer.pk, kind, key) for kind, key in sorted(set(phone_keys(number))))
    if person.pays:
        add_payment_method(
            customer.pk,
            provider="stripe",
            token=f"pm_demo_{person.id}",
            brand="Visa",
            last4="4242",
            exp_month=12,
            exp_year=now.year + 3,
            actor=actor,
        )
