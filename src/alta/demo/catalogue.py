"""What the demo sells. A product without playbook is shown, and can't be provisioned yet."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from alta.catalog.coverage import add_area
from alta.catalog.models import CoverageArea
from alta.catalog.services import MemberSpec, ProductSpec, RequiredSpec, save_product
from alta.inventory.models import Template
from alta.playbooks.queries import definitions

PEOPLE, COMPANIES = ("individual",), ("business",)
MOBILE_CHANGES = {
    "modify": "mobile-change-plan",
    "swap": "mobile-swap",
    "suspend": "mobile-suspend",
    "resume": "mobile-resume",
    "terminate": "mobile-terminate",
}

VOIP_CHANGES = {
    "modify": "voip-change-plan",
    "swap": "voip-swap",
    "suspend": "voip-suspend",
    "resume": "voip-resume",
    "terminate": "voip-terminate",
}
IPTV_CHANGES = {
    "modify": "iptv-change-plan",
    "swap": "iptv-swap",
    "suspend": "iptv-suspend",
    "resume": "iptv-resume",
    "terminate": "iptv-terminate",
}
INTERNET_CHANGES = {
    "modify": "internet-change-plan",
    "swap": "internet-swap-equipment",
    "move": "internet-move",
    "suspend": "internet-suspend",
    "resume": "internet-resume",
    "terminate": "internet-terminate",
}
EVERYBODY = (*PEOPLE, *COMPANIES)


def save(templates: dict[str, Template], *, actor: str, now: datetime) -> None:
    """Adds the products, or makes them again what they are here. One whose playbook isn't published has none yet."""
    published = definitions()
    for position, spec in enumerate(_products(templates)):
        playbook = spec.playbook if spec.playbook in published else ""
        save_product(replace(spec, position=position, playbook=playbook), actor=actor, now=now)
    if not CoverageArea.objects.exists():
        for postal_code in ("E1", "EC", "SE1"):
            add_area("internet", country="GB", city="London", postal_code=postal_code, actor=actor)


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
            site_needed="asked",
            installation="asked",
            icon="router",
            summary_es="100 Mbps simétricos, con módem",
            summary_en="100 Mbps both ways, with modem",
            features={"down_mbps": 100, "up_mbps": 100},
            setup_price=4900,
            recurring_price=2900,
            wholesale_setup_price=3500,
            wholesale_recurring_price=1400,
            verb_playbooks=INTERNET_CHANGES,
            contract_months=12,
            required_items=(modem,),
        ),
        ProductSpec(
            "fibre-300",
            "Fibra - 300Mbps",
            "Fibre - 300Mbps",
            "plan",
            "internet",
            EVERYBODY,
            playbook="internet-plan",
            site_needed="asked",
            installation="asked",
            icon="router",
            summary_es="300 Mbps simétricos, con módem",
            summary_en="300 Mbps both ways, with modem",
            features={"down_mbps": 300, "up_mbps": 300},
            setup_price=4900,
            recurring_price=4500,
            wholesale_setup_price=3500,
            wholesale_recurring_price=2200,
            verb_playbooks=INTERNET_CHANGES,
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
            needs_coverage=True,
            site_needed="needed",
            installation="needed",
            icon="router",
            summary_es="500 Mbps simétricos, IP fija",
            summary_en="500 Mbps both ways, fixed IP address",
            features={"down_mbps": 500, "up_mbps": 500},
            setup_price=9900,
            recurring_price=8900,
            wholesale_setup_price=6000,
            wholesale_recurring_price=4200,
            verb_playbooks=INTERNET_CHANGES,
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
            needs_services=("internet",),
            verb_playbooks=IPTV_CHANGES,
            icon="device-tv",
            summary_es="80 canales, con decodificador",
            summary_en="80 channels, with set-top box",
            features={"channels": 80, "package": "basic"},
            recurring_price=1200,
            wholesale_recurring_price=600,
            required_items=(set_top_box,),
        ),
        ProductSpec(
            "iptv-family",
            "IPTV - Familia",
            "IPTV - Family",
            "plan",
            "iptv",
            PEOPLE,
            playbook="iptv-plan",
            needs_services=("internet",),
            verb_playbooks=IPTV_CHANGES,
            icon="device-tv",
            summary_es="140 canales, con decodificador",
            summary_en="140 channels, with set-top box",
            features={"channels": 140, "package": "family"},
            recurring_price=2000,
            wholesale_recurring_price=950,
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
            verb_playbooks=VOIP_CHANGES,
            icon="phone",
            summary_es="Un número fijo con llamadas nacionales incluidas",
            summary_en="A landline number with national calls included",
            features={"lines": 1},
            recurring_price=900,
            wholesale_recurring_price=350,
            required_items=(voip_number,),
        ),
        ProductSpec(
            "voip-line-plus",
            "VoIP - Línea Plus",
            "VoIP - Line Plus",
            "plan",
            "voip",
            EVERYBODY,
            playbook="voip-plan",
            verb_playbooks=VOIP_CHANGES,
            icon="phone",
            summary_es="Un número fijo con llamadas nacionales y a móviles incluidas",
            summary_en="A landline number with calls to landlines and mobiles included",
            features={"lines": 1},
            recurring_price=1400,
            wholesale_recurring_price=600,
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
            playbook="iptv-addon",
            icon="ball-football",
            summary_es="12 canales de deportes",
            summary_en="12 sports channels",
            features={"channels": 12, "package": "sports"},
            recurring_price=700,
            wholesale_recurring_price=400,
        ),
        ProductSpec(
            "voip-unlimited-world",
            "VoIP - Mundo Ilimitado",
            "VoIP - Unlimited World",
            "addon",
            "voip",
            EVERYBODY,
            playbook="voip-addon",
            icon="phone",
            summary_es="Llamadas al extranjero incluidas",
            summary_en="Calls abroad included",
            recurring_price=500,
            wholesale_recurring_price=250,
            most_per_customer=1,
        ),
        ProductSpec(
            "fibre-tv-voice",
            "Trío - Fibra, IPTV y VoIP",
            "Trio - Fibre, IPTV and VoIP",
            "bundle",
            "internet",
            PEOPLE,
            icon="package",
            summary_es="Fibra de 100 Mbps, 80 canales y un número fijo",
            summary_en="100 Mbps fibre, 80 channels and a landline number",
            contract_months=12,
            members=(
                MemberSpec("fibre-100", 4900, 2500),
                MemberSpec("iptv-home", 0, 900),
                MemberSpec("voip-line", 0, 600),
            ),
        ),
    ]
