"""The catalogue's screens for those who keep it, through the web client."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from alta.accounts.models import User
from alta.catalog.models import CoverageArea, Product, ServiceType
from alta.catalog.versions import bring_into_force
from alta.inventory.models import Template

pytestmark = pytest.mark.django_db


@pytest.fixture
def keeper(client: Client, now: datetime) -> Client:
    """Somebody who may change the catalogue, reading Spanish."""
    client.force_login(User.objects.get(username="ingeniera"))
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "es"
    return client


RADIO = {"slug": "fixed-wireless", "name_es": "Radio fija", "name_en": "Fixed wireless", "icon": "antenna"}


def test_a_service_type_is_added_and_removed_on_the_screen(keeper: Client) -> None:
    page = keeper.post("/productos/tipos/", RADIO, follow=True).content.decode()
    assert "Guardado: Radio fija" in page
    assert "Radio fija" in keeper.get("/productos/").content.decode()
    page = keeper.post("/productos/tipos/fixed-wireless/quitar/", follow=True).content.decode()
    assert not ServiceType.objects.filter(slug="fixed-wireless").exists()


def test_a_refused_service_type_is_said_with_what_was_typed(keeper: Client) -> None:
    answer = keeper.post("/productos/tipos/", RADIO | {"slug": "Fixed wireless"})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "entre 2 y 20 letras minúsculas" in page
    assert 'value="Fixed wireless"' in page
    assert not ServiceType.objects.filter(name_en="Fixed wireless").exists()


def form(**more: Any) -> dict[str, Any]:
    """A new mobile plan, as somebody types it."""
    sim, number = Template.objects.get(name="SIM Card").pk, Template.objects.get(name="Mobile Number").pk
    return {
        "newest": "0",
        "slug": "mobile-100gb",
        "name_es": "Móvil - Plan de 100GB",
        "name_en": "Mobile - 100GB Plan",
        "kind": "plan",
        "service_type": "mobile",
        "enabled": "on",
        "recurring_price": "35,00",
        "wholesale_recurring_price": "12.50",
        "currency": "gbp",
        "period": "month",
        "auto_renew": "asked",
        "auto_renew_default": "on",
        "site_needed": "no",
        "installation": "no",
        "customer_kinds": ["individual", "business"],
        "playbook": "mobile-plan",
        "playbook-suspend": "mobile-suspend",
        "feature-name-0": "data_gb",
        "feature-type-0": "number",
        "feature-value-0": "100",
        "feature-name-1": "roaming",
        "feature-type-1": "boolean",
        "feature-value-1": "sí",
        "item-name-0": "sim",
        "item-template-0": sim,
        "item-required-0": "on",
        "item-name-1": "number",
        "item-template-1": number,
        "item-required-1": "on",
    } | more


def test_a_product_is_made_on_the_screen_and_stands_on_the_shelf(keeper: Client) -> None:
    page = keeper.post("/productos/gestion/nuevo/", form(), follow=True).content.decode()
    assert "Guardado: Móvil - Plan de 100GB" in page
    product = Product.objects.get(slug="mobile-100gb")
    assert (product.recurring_price, product.wholesale_recurring_price, product.currency) == (
        3500,
        1250,
        "GBP",
    )
    assert product.features == {"data_gb": 100, "roaming": True}
    assert product.verb_playbooks == {"suspend": "mobile-suspend"}
    assert "Móvil - Plan de 100GB" in keeper.get("/productos/").content.decode()
    assert "£22.50" in keeper.get("/productos/gestion/?q=100gb").content.decode()


def test_what_is_shown_can_be_saved_again_and_changes_nothing(keeper: Client) -> None:
    for product in Product.objects.all():
        response = keeper.get(f"/productos/gestion/{product.pk}/")
        shown, before = response.context["shown"], product.version
        fields: dict[str, Any] = {
            name: value
            for name, value in shown.items()
            if name not in ("features", "items", "members", "verbs") and value is not False
        }
        for prefix, rows in (("feature", "features"), ("item", "items"), ("member", "members")):
            for number, row in enumerate(shown[rows]):
                fields |= {
                    f"{prefix}-{key}-{number}": value for key, value in row.items() if value is not False
                }
        fields |= {f"playbook-{verb}": name for verb, name in shown["verbs"].items()}
        answer = keeper.post(
            f"/productos/gestion/{product.pk}/", fields | {"newest": response.context["newest"]}
        )
        assert answer.status_code == 302, (product, answer.context["refusal"])
        product.refresh_from_db()
        assert (product.version, product.versions.count()) == (before, 1), product


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"recurring_price": "1.500,00"}, "Precio recurrente: escribe una cantidad como 15.00"),
        ({"feature-value-0": "cien"}, "data_gb: escribe un número"),
        ({"most_per_customer": "-1"}, "Máximo por cliente: escribe un número entero"),
        ({"sale_from": "mañana"}, "A la venta desde: escribe un día"),
        ({"playbook-suspend": "mobile-resume"}, "el libro de jugadas «mobile-resume» es para"),
        ({"slug": "mobile-20gb"}, "Ya existe un producto «mobile-20gb»"),
        ({"item-name-1": "", "feature-value-0": "0"}, "agrégalo al inventario requerido"),
        (
            {"item-name-1": "", "feature-value-0": "0"},
            "«0» no es un valor válido de la característica «data_gb»",
        ),
    ],
)
def test_a_refused_product_is_said_and_nothing_typed_is_lost(
    keeper: Client, change: dict[str, str], sentence: str
) -> None:
    before = Product.objects.count()
    answer = keeper.post("/productos/gestion/nuevo/", form(**change))
    page = answer.content.decode()
    assert answer.status_code in (409, 422)
    assert sentence in page
    assert 'value="Móvil - Plan de 100GB"' in page
    for value in change.values():
        assert not value or f'value="{value}"' in page
    assert Product.objects.count() == before


def test_more_rows_and_other_choices_save_nothing(keeper: Client) -> None:
    page = keeper.post("/productos/gestion/nuevo/", form(redraw="more")).content.decode()
    assert page.count('name="feature-name-') == 5
    answer = keeper.post("/productos/gestion/nuevo/", form(redraw="choices", kind="addon"))
    assert [name for name, _label in answer.context["playbooks"]] == [
        "mobile-addon",
        "mobile-plan",
    ]
    assert "no para este producto" in answer.content.decode()
    assert not Product.objects.filter(slug="mobile-100gb").exists()


def test_a_price_for_later_is_seen_in_the_history_and_can_be_withdrawn(keeper: Client, now: datetime) -> None:
    keeper.post("/productos/gestion/nuevo/", form())
    product = Product.objects.get(slug="mobile-100gb")
    later = (now + timedelta(days=9)).strftime("%Y-%m-%dT%H:%M")
    for newest, price in (("1", "39.00"), ("2", "41.00")):
        page = keeper.post(
            f"/productos/gestion/{product.pk}/",
            form(newest=newest, recurring_price=price, valid_from=later),
            follow=True,
        ).content.decode()
    assert "Espera su fecha" in page and "£35.00" in page and "£41.00" in page
    assert "versión 3" in keeper.get("/productos/gestion/").content.decode()
    keeper.post(f"/productos/gestion/{product.pk}/versiones/3/retirar/")
    assert bring_into_force(now + timedelta(days=10)) == 1
    product.refresh_from_db()
    assert (product.recurring_price, product.version) == (3900, 2)
    stale = keeper.post(f"/productos/gestion/{product.pk}/", form(newest="1"))
    assert stale.context["refusal"].code == "catalog.product.changed_meanwhile"


def test_a_product_is_switched_off_and_copied(keeper: Client) -> None:
    product = Product.objects.get(slug="mobile-20gb")
    page = keeper.post(f"/productos/gestion/{product.pk}/habilitar/", {"enabled": "no"}, follow=True)
    assert "Deshabilitado" in keeper.get("/productos/gestion/?estado=off").content.decode()
    assert page.status_code == 200 and not Product.objects.get(pk=product.pk).enabled
    page = keeper.post(f"/productos/gestion/{product.pk}/duplicar/", follow=True)
    assert "Esta es la copia" in page.content.decode()
    assert not Product.objects.get(slug="mobile-20gb-2").enabled


def test_coverage_is_kept_on_the_screen(keeper: Client) -> None:
    area = {"service_type": "internet", "country": "gb", "city": "London", "postal_code": ""}
    assert "London" in keeper.post("/productos/cobertura/", area, follow=True).content.decode()
    answer = keeper.post("/productos/cobertura/", area | {"country": "Spain", "city": "Leeds"})
    assert answer.status_code == 422 and 'value="Leeds"' in answer.content.decode()
    keeper.post(f"/productos/cobertura/{CoverageArea.objects.get(postal_code='').pk}/quitar/")
    assert not CoverageArea.objects.filter(postal_code="").exists()


def test_grid_or_carousel_is_remembered(agent: Client) -> None:
    assert "cards-carousel" not in agent.get("/productos/").content.decode()
    assert "cards-carousel" in agent.get("/productos/?vista=carrusel").content.decode()
    assert "cards-carousel" in agent.get("/productos/").content.decode()
    assert "cards-carousel" in agent.get("/productos/?vista=mosaico").content.decode()
    assert "cards-carousel" not in agent.get("/productos/?vista=cuadricula").content.decode()


def ways_out(client: Client, address: str) -> dict[str, tuple[str, str]]:
    """By product: the code of the reason, and where its link leads."""
    return {one.name: (one.reason.code, one.address) for one in client.get(address).context["hidden"]}


def test_an_empty_shelf_says_which_rule_hides_which_product_and_the_link_shows_it(agent: Client) -> None:
    agent.defaults["HTTP_ACCEPT_LANGUAGE"] = "es"
    address = "/productos/?cliente=individual&tipo=plan&servicio=mobile&q=empresas"
    page = agent.get(address).content.decode()
    assert "No hay productos disponibles" in page
    found = ways_out(agent, address)
    code, link = found["Móvil Empresas - Plan de 40GB"]
    assert code == "catalog.product.customer_kind"
    assert link == "?cliente=business&tipo=plan&servicio=mobile"
    assert "Móvil Empresas - Plan de 40GB" in agent.get(f"/productos/{link}").content.decode()
    assert found["Móvil - Plan de 20GB"] == (
        "catalog.product.no_match",
        "?cliente=individual&tipo=plan&servicio=mobile",
    )


def test_whoever_keeps_the_catalogue_is_led_to_the_product(keeper: Client) -> None:
    products = Product.objects.filter(service_type="mobile", kind="plan")
    products.update(enabled=False)
    product = products.get(slug="mobile-20gb")
    name = product.name_es
    assert ways_out(keeper, "/productos/?servicio=mobile")[name] == (
        "catalog.product.disabled",
        f"/productos/gestion/{product.pk}/",
    )
    keeper.force_login(User.objects.get(username="agente"))
    assert ways_out(keeper, "/productos/?servicio=mobile")[name] == ("catalog.product.disabled", "")


def test_prices_are_said_as_they_are_charged(agent: Client) -> None:
    Product.objects.filter(slug="mobile-20gb").update(period="week")
    page = agent.get("/productos/?q=20gb").content.decode()
    assert "£15.00" in page and "a la semana" in page
    assert "Datos (GB)" in page
