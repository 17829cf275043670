"""The demo's company with sites, contacts and fields of its own: the business example of the assignment guide."""

from __future__ import annotations

from alta.customers.belongings import add_note, add_tag, save_contact, save_site
from alta.customers.customfields import save_field
from alta.customers.models import Customer, CustomField

PHONE = "+442079460812"  # what ACME is known by


def add(*, actor: str) -> None:
    """Adds what isn't there yet."""
    if not CustomField.objects.exists():
        _add_fields(actor)
    acme = Customer.objects.filter(phones__e164=PHONE, name="ACME").first()
    if acme is not None and not acme.sites.exists() and not acme.contacts.exists():
        _add_to(acme, actor)


def _add_fields(actor: str) -> None:
    save_field(
        "po_number",
        subject="order",
        label_es="Número de Orden de Compra",
        label_en="Purchase order number",
        type="text",
        required=True,
        pattern=r"PO-\d{4}-\d{6}",
        example="PO-2025-001234",
        customer_kind="business",
        product_slug="business-mobile-40gb",
        actor=actor,
    )
    save_field(
        "account_number",
        subject="customer",
        label_es="Número de Cuenta",
        label_en="Account number",
        type="integer",
        example="104500",
        customer_kind="business",
        actor=actor,
    )
    save_field(
        "cost_centre",
        subject="customer",
        label_es="Centro de Costo",
        label_en="Cost centre",
        type="text",
        pattern=r"CC-[0-9]{3}",
        example="CC-210",
        customer_kind="business",
        position=1,
        actor=actor,
    )


def _add_to(acme: Customer, actor: str) -> None:
    save_site(
        acme.pk,
        name="Oficina de Londres",
        line1="123 Main St",
        city="London",
        postal_code="EC1A 1BB",
        country="GB",
        actor=actor,
    )
    save_site(
        acme.pk,
        name="Almacén de Leeds",
        line1="45 Canal Road",
        city="Leeds",
        postal_code="LS1 4AP",
        country="GB",
        actor=actor,
    )
    save_contact(acme.pk, name="Jane Doe", email="jane@acme.example.com", roles=["billing"], actor=actor)
    save_contact(acme.pk, name="Bob Smith", email="bob@acme.example.com", roles=["technical"], actor=actor)
    add_tag(acme.pk, "VIP", colour="blue", actor=actor)
    add_note(acme.pk, "Las entregas en Londres, solo por la mañana.", actor=actor)
