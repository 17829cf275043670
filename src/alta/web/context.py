"""What every page's template knows."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import get_language

from alta import __version__

# Which entry of the menu the first part of an address belongs to.
MENU = {
    "productos": "products",
    "asignar": "products",
    "clientes": "customers",
    "servicios": "customers",
    "trabajos": "jobs",
    "inventario": "stock",
    "instalaciones": "installations",
    "personas": "people",
    "ajustes": "settings",
}


def page(request: HttpRequest) -> dict[str, Any]:
    language = get_language() or "es"
    return {
        "menu": MENU.get(request.path.split("/")[1], ""),
        "language": language[:2],
        "other_language": "en" if language.startswith("es") else "es",
        "alta_version": __version__,
        "may": getattr(request.user, "rights", frozenset()),
    }
