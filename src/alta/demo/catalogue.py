"""What the demo sells. A product without playbook is shown, and can't be provisioned yet."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from alta.catalog.services import ProductSpec, RequiredSpec, save_product
from alta.inventory.models import Template

PEOPLE, COMPANIES = ("individual",), ("business",)
MOBILE_CHANGES = {
    "modify": "mobile-change-plan",
    "swap": "mobile-swap",
    "suspend": "mobile-suspend",
    "resume": "mobile-resume",
    "terminate": "mobile-terminate",
}
EVERYBODY = (*PEOPLE, *COMPANIES)


def save(templates: dict[str, Template], *, actor: str, now: datetime) -> None:
    """Adds the products, or makes them again what they are here."""
    for position, spec in enumerate(_products(templates)):
        save_product(replace(spec, position=position), actor=actor, now=now)


def _products(templates: dict[str, Template]) -> list[ProductSpec]:
    sim_and_number = (
        RequiredSpec("sim", templates["SIM Card"].pk, "Tarjeta SIM", "SIM Card"),
        RequiredSpec("number", templates["Mobile Number"].pk, "Número Móvil", "Mobile Number"),
    )
    modem = RequiredSpec("modem", templates["CPE Modem"].pk, "Módem CPE", "CPE Modem")
    set_top_box = RequiredSpec("set_top_box", templates["Set-Top Box"].pk, "Decodificador", "Set-Top Box")
    voip_number = RequiredSpec("number", templates["VoIP Number"].pk, "Número VoIP", "VoIP Number")

    def mobile(gigabytes: int, price: int, wholesale: int, slug: str = "", **more: object) -> ProductSpec:
        values: dict[str, object] = {
            "slug": slug or f"mobile-{gigabytes}gb",
            "name_es": f"Móvil - Plan de {gigabytes}GB",
            "name_en": f"Mobile - {gigabytes}GB Plan",
            "kind": "plan",
            "service_type": "mobile",
            "customer_kinds": PEOPLE,
            "playbook": "mobile-plan",
            "verb_playbooks": MOBILE_CHANGES,
            "icon": "device-mobile",
            "summary_es": f"{gigabytes} GB de datos, llamadas y SMS sin límite",
            "summary_en": f"{gigabytes} GB of data, unlimited calls and texts",
            "features": {"data_gb": gigabytes},
            "recurring_price": price,
            "wholesale_setup_price": 100,
            "wholesale_recurring_price": wholesale,
            "required_items": sim_and_number,
        }
        return ProductSpec(**{**values, **more})  # type: ignore[arg-type]

    return [
        mobile(5, 800, 300),
        mobile(20, 1500, 500),
        mobile(50, 2500, 900),
        mobile(
            40,
            2200,
            700,
            "business-mobile-40gb",
            name_es="Móvil Empresas - Plan de 40GB",
            name_en="Business Mobile - 40GB Plan",
            customer_kinds=COMPANIES,
            contract_months=12,
            site_needed="needed",
            verb_playbooks={**MOBILE_CHANGES, "move": "move-service"},
        ),
        ProductSpec(
            "fibre-100",
            "Fibra - 100Mbps",
            "Fibre - 100Mbps",
            "plan",
            "internet",
            EVERYBODY,
            playbook="internet-plan",
            icon="router",
            summary_es="100 Mbps simétricos, con módem",
            summary_en="100 Mbps both ways, with modem",
            features={"down_mbps": 100, "up_mbps": 100},
            setup_price=4900,
            recurring_price=2900,
            wholesale_setup_price=3500,
            wholesale_recurring_price=1400,
            contract_months=12,
            required_items=(modem,),
        ),
        ProductSpec(
            "business-fibre-500",
            "Fibra Empresas - 500Mbps",
            "Business Fibre - 500Mbps",
            "plan",
            "internet",
            COMPANIES,
            playbook="internet-plan",
            icon="router",
            summary_es="500 Mbps simétricos, IP fija",
            summary_en="500 Mbps both ways, fixed IP address",
            features={"down_mbps": 500, "up_mbps": 500},
            setup_price=9900,
            recurring_price=8900,
            wholesale_setup_price=6000,
            wholesale_recurring_price=4200,
            contract_months=24,
            required_items=(modem,),
        ),
        ProductSpec(
            "iptv-home",
            "IPTV - Hogar",
            "IPTV - Home",
            "plan",
            "iptv",
            PEOPLE,
            playbook="iptv-plan",
            icon="device-tv",
            summary_es="80 canales, con decodificador",
            summary_en="80 channels, with set-top box",
            features={"channels": 80, "package": "basic"},
            recurring_price=1200,
            wholesale_recurring_price=600,
            required_items=(set_top_box,),
        ),
        ProductSpec(
            "voip-line",
            "VoIP - Línea",
            "VoIP - Line",
            "plan",
            "voip",
            EVERYBODY,
            playbook="voip-plan",
            icon="phone",
            summary_es="Un número fijo con llamadas nacionales incluidas",
            summary_en="A landline number with national calls included",
            features={"lines": 1},
            recurring_price=900,
            wholesale_recurring_price=350,
            required_items=(voip_number,),
        ),
        ProductSpec(
            "data-boost-5gb",
            "5GB Data Boost",
            "5GB Data Boost",
            "addon",
            "mobile",
            EVERYBODY,
            playbook="mobile-addon",
            icon="bolt",
            summary_es="5 GB más, una sola vez",
            summary_en="5 GB more, once",
            features={"data_gb": 5},
            setup_price=500,
            wholesale_setup_price=150,
            auto_renew="never",
            auto_renew_default=False,
        ),
        ProductSpec(
            "iptv-sports",
            "IPTV - Deportes",
            "IPTV - Sports",
            "addon",
            "iptv",
            PEOPLE,
            icon="ball-football",
            summary_es="12 canales de deportes",
            summary_en="12 sports channels",
            features={"channels": 12},
            recurring_price=700,
            wholesale_recurring_price=400,
        ),
    ]
