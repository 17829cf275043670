"""A customer's pages, as an agent meets them."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.test import Client

from alta.accounts.models import User
from alta.accounts.permissions import Role
from alta.catalog.models import Product
from alta.customers.models import Contact, Customer, Note, Site
from alta.inventory.models import Item
from alta.orders import services as orders
from alta.orders.models import Order
from tests.house_of_data import draft, item

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent(agent: Client) -> Client:
    """Somebody who may do everything here; what each role may is another test's."""
    User.objects.filter(username="agente").update(roles=Role.values)
    return agent


ACME = 812


def text(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status
    return response.content.decode()


def business_draft(now: datetime) -> Order:
    return draft(now, product="business-mobile-40gb", customer=ACME, renew=None)


def test_the_tabs_are_those_of_the_guide(agent: Client) -> None:
    page = text(agent, f"/clientes/{ACME}/")
    for label in ("Servicios", "Órdenes", "Inventario", "Contactos", "Sitios", "Pagos", "Actividad"):
        assert f">{label}</a>" in page
    assert "VIP" in page and "Las entregas en Londres" in page
    assert "Oficina de Londres - 123 Main St" in text(agent, f"/clientes/{ACME}/?ver=sitios")
    contacts = text(agent, f"/clientes/{ACME}/?ver=contactos")
    assert "Jane Doe" in contacts and "bob@acme.example.com" in contacts and "Facturación" in contacts
    assert "Visa •••• 4242" in text(agent, f"/clientes/{ACME}/?ver=pagos")
    assert "Cliente creado" not in text(agent, f"/clientes/{ACME}/?ver=nonsense")


def test_the_inventory_tab_shows_what_the_services_hold(agent: Client, now: datetime) -> None:
    orders.confirm(draft(now).uuid, actor="agente", now=now)
    page = text(agent, "/clientes/123/?ver=inventario")
    assert "SIM-00123" in page and "+44 7700 900123" in page
    assert "SIM-00123" not in text(agent, "/clientes/456/?ver=inventario")


def test_activity_is_newest_first_and_paged_and_tells_of_services_and_reasons(
    agent: Client, now: datetime
) -> None:
    orders.confirm(draft(now).uuid, actor="agente", now=now)
    for number in range(60):
        agent.post("/clientes/123/notas/", {"text": f"nota {number}"})
    agent.post("/clientes/123/estado/", {"status": "suspended", "reason": "no paga"})
    first = text(agent, "/clientes/123/?ver=actividad")
    assert first.count("Nota escrita") == 49
    assert first.index("no paga") < first.index("Nota escrita")
    [older] = [part.split('"')[0] for part in first.split("antes=")[1:]]
    second = text(agent, f"/clientes/123/?ver=actividad&antes={older}")
    assert second.count("Nota escrita") == 11
    assert "Servicio creado" in second


@pytest.mark.parametrize(
    ("typed", "field"),
    [("eva@nueva.example.com", "email"), ("+44 20 7946 0999", "phone"), ("Eva Nueva", "name")],
)
def test_a_customer_not_found_is_created_with_what_was_typed(agent: Client, typed: str, field: str) -> None:
    page = agent.get("/clientes/", {"q": typed}).content.decode()
    assert "Cliente no encontrado" in page
    address = page.split('class="btn btn-primary" href="')[1].split('"')[0]
    form = text(agent, address.replace("&amp;", "&"))
    typed_in = form.split(f'name="{field}"')[1].split(">")[0]
    assert f'value="{typed}"' in typed_in


def test_a_customer_created_in_an_assignment_goes_on_with_it(agent: Client, now: datetime) -> None:
    order = orders.begin(actor="agente", now=now, product_id=Product.objects.get(slug="mobile-20gb").pk)
    values = {
        "name": "Eva Nueva",
        "kind": "individual",
        "email": "eva@nueva.example.com",
        "phone": "",
        "language": "es",
        "asignacion": str(order.uuid),
    }
    response = agent.post("/clientes/nuevo/", values)
    assert (response.status_code, response.headers["Location"]) == (302, f"/asignar/{order.uuid}/")
    order.refresh_from_db()
    assert order.customer == Customer.objects.get(name="Eva Nueva")


def test_nobody_is_created_where_the_product_is_for_others(agent: Client, now: datetime) -> None:
    order = orders.begin(actor="agente", now=now, product_id=Product.objects.get(slug="mobile-20gb").pk)
    values = {"name": "Una Empresa", "kind": "business", "asignacion": str(order.uuid), "language": "es"}
    response = agent.post("/clientes/nuevo/", values)
    assert response.status_code == 409
    assert 'value="Una Empresa"' in response.content.decode()
    assert not Customer.objects.filter(name="Una Empresa").exists()


def test_a_similar_customer_is_shown_and_created_only_with_the_tick(agent: Client) -> None:
    values = {"name": "Jon Smith", "kind": "individual", "email": "john.smith@example.com", "language": "es"}
    response = agent.post("/clientes/nuevo/", values)
    page = response.content.decode()
    assert response.status_code == 409
    assert 'href="/clientes/123/"' in page and "mismo correo electrónico · nombre parecido" in page
    assert not Customer.objects.filter(name="Jon Smith").exists()
    assert agent.post("/clientes/nuevo/", values | {"anyway": "yes"}).status_code == 302
    assert Customer.objects.filter(name="Jon Smith").exists()


def test_a_refused_form_keeps_what_was_typed_and_says_which_field(agent: Client) -> None:
    values = {
        "name": "ACME Ltd",
        "emails": "jane@acme.example.com",
        "phones": "+442079460812",
        "language": "es",
        "custom_cost_centre": "9",
        "custom_account_number": "1045",
    }
    response = agent.post(f"/clientes/{ACME}/editar/", values)
    page = response.content.decode()
    assert response.status_code == 422
    assert "Centro de Costo: «9» no está escrito como debe; por ejemplo CC-210" in page
    assert 'value="ACME Ltd"' in page and 'value="1045"' in page
    assert (
        agent.post(f"/clientes/{ACME}/editar/", values | {"custom_cost_centre": "CC-210"}).status_code == 302
    )
    acme = Customer.objects.get(pk=ACME)
    assert (acme.name, acme.custom) == ("ACME Ltd", {"account_number": 1045, "cost_centre": "CC-210"})


def test_a_number_older_than_the_rules_survives_editing(agent: Client) -> None:
    values = {
        "name": "John Smith",
        "emails": "john.smith@example.com",
        "phones": "+1234567890",
        "language": "es",
    }
    assert agent.post("/clientes/123/editar/", values).status_code == 302
    assert list(Customer.objects.get(pk=123).phones.values_list("e164", flat=True)) == ["+1234567890"]


def test_a_status_changes_only_with_a_reason(agent: Client) -> None:
    assert agent.post("/clientes/123/estado/", {"status": "suspended", "reason": " "}).status_code == 422
    assert agent.post("/clientes/123/estado/", {"status": "eaten", "reason": "x"}).status_code == 422
    assert Customer.objects.get(pk=123).status == "open"
    assert (
        agent.post("/clientes/123/estado/", {"status": "suspended", "reason": "no paga"}).status_code == 302
    )
    assert Customer.objects.get(pk=123).status == "suspended"


def test_merging_is_asked_twice(agent: Client) -> None:
    page = text(agent, "/clientes/123/unir/?otro=456")
    assert "John Doe (ID: 456)" in page and "La unión no se puede deshacer." in page
    assert agent.post("/clientes/123/unir/", {"otro": "456"}).status_code == 422
    assert Customer.objects.get(pk=456).merged_into is None
    assert agent.post("/clientes/123/unir/", {"otro": "456", "compared": "yes"}).status_code == 302
    assert Customer.objects.get(pk=456).merged_into_id == 123
    assert "Este registro se unió a otro" in text(agent, "/clientes/456/")
    assert "john.doe@example.com" in text(agent, "/clientes/123/")


def test_tags_notes_and_the_default_payment_method(agent: Client) -> None:
    agent.post("/clientes/456/etiquetas/", {"text": "moroso", "colour": "red"})
    assert 'class="badge state state-red">moroso' in text(agent, "/clientes/456/")
    tag = Customer.objects.get(pk=456).tags.get()
    agent.post("/clientes/456/etiquetas/", {"remove": tag.pk})
    assert not Customer.objects.get(pk=456).tags.exists()
    assert agent.post("/clientes/456/notas/", {"text": "  "}).status_code == 422
    assert agent.post("/clientes/456/pagos/", {"method": "1' OR 1=1"}).status_code == 404
    assert not Note.objects.filter(customer_id=456).exists()


def test_the_service_data_step_asks_as_the_guide_shows(agent: Client, now: datetime) -> None:
    order = business_draft(now)
    assert agent.get(f"/asignar/{order.uuid}/").headers["Location"] == f"/asignar/{order.uuid}/datos/"
    page = text(agent, f"/asignar/{order.uuid}/datos/")
    for words in (
        "Datos del servicio",
        "Seleccionar Sitio de Instalación",
        "Oficina de Londres - 123 Main St",
        "Contacto de Facturación",
        "selected>Jane Doe - &lt;jane@acme.example.com&gt;",
        "Contacto Técnico",
        "selected>Bob Smith - &lt;bob@acme.example.com&gt;",
        "Número de Orden de Compra",
        "PO-2025-001234",
    ):
        assert words in page
    site = Site.objects.get(name="Oficina de Londres")
    jane, bob = Contact.objects.get(name="Jane Doe"), Contact.objects.get(name="Bob Smith")
    answers = {"site": site.pk, "billing_contact": jane.pk, "technical_contact": bob.pk}
    wrong = agent.post(f"/asignar/{order.uuid}/datos/", answers | {"custom_po_number": "PO-1"})
    assert wrong.status_code == 422
    assert "Número de Orden de Compra: «PO-1» no está escrito como debe" in wrong.content.decode()
    right = agent.post(f"/asignar/{order.uuid}/datos/", answers | {"custom_po_number": "PO-2025-001234"})
    assert right.headers["Location"] == f"/asignar/{order.uuid}/renovacion/"
    agent.post(f"/asignar/{order.uuid}/renovacion/", {"renew": "yes"})
    review = text(agent, f"/asignar/{order.uuid}/revision/")
    for words in ("Oficina de Londres - 123 Main St", "Jane Doe", "Bob Smith", "PO-2025-001234"):
        assert words in review


def test_a_site_added_from_the_assignment_leads_back_to_it(agent: Client, now: datetime) -> None:
    order = business_draft(now)
    values = {"name": "Oficina de Bath", "line1": "1 Bath St", "country": "gb", "asignacion": str(order.uuid)}
    response = agent.post(f"/clientes/{ACME}/sitios/nuevo/", values)
    assert response.headers["Location"] == f"/asignar/{order.uuid}/datos/"
    assert Site.objects.get(name="Oficina de Bath").country == "GB"
    twice = agent.post(f"/clientes/{ACME}/sitios/nuevo/", values)
    assert twice.status_code == 409
    assert Site.objects.filter(name="Oficina de Bath").count() == 1
    assert item("SIM-00123") in Item.objects.filter(holder=order.holder)


def test_another_customers_site_or_contact_is_not_found(agent: Client) -> None:
    site, contact = Site.objects.first(), Contact.objects.first()
    assert site and contact
    assert agent.get(f"/clientes/123/sitios/{site.pk}/").status_code == 404
    assert agent.post(f"/clientes/123/contactos/{contact.pk}/", {"name": "x"}).status_code == 404
    assert agent.get(f"/clientes/{ACME}/contactos/{contact.pk}/").status_code == 200
