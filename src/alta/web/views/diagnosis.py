"""«Diagnose»: whether the network has of a service what it should."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from alta.runner.diagnosis import Answer, Field, diagnose
from alta.services import queries

# Words for what systems call their fields; others stand as the system names them.
FIELDS: dict[str, str | Promise] = {
    "msisdn": gettext_lazy("number"),
    "cs": gettext_lazy("calls"),
    "ps": gettext_lazy("mobile data"),
    "disabled": gettext_lazy("suspended"),
    "suspended": gettext_lazy("suspended"),
    "exists": gettext_lazy("is there"),
    "active": gettext_lazy("active"),
    "enabled": gettext_lazy("active"),
    "numbers": gettext_lazy("numbers"),
    "plan": gettext_lazy("plan"),
    "packages": gettext_lazy("packages"),
    "mac": gettext_lazy("MAC address"),
    "password_right": gettext_lazy("password is right"),
    "circuit_id": gettext_lazy("line"),
}


@require_safe
def diagnosis(request: HttpRequest, service_id: int) -> HttpResponse:
    """Asks every system now, and shows what it should have beside what it has."""
    found = queries.service_by_id(service_id)
    seen = diagnose(found)
    rows = [{"answer": one, "lines": _lines(one)} for one in seen.answers]
    context = {"service": found, "seen": seen, "rows": rows, "at": timezone.now()}
    return render(request, "web/service_diagnosis.html", context)


def _lines(answer: Answer) -> list[dict[str, Any]]:
    """What is wanted, beside what was found where the system answered."""
    if answer.problem:
        fields = [Field(name, wanted, None) for name, wanted in answer.question.wanted.items()]
    else:
        fields = list(answer.fields)
    return [
        {
            "name": FIELDS.get(one.name, one.name),
            "wanted": _shown(one.wanted),
            "found": _shown(one.found),
            "right": one.right,
        }
        for one in fields
    ]


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, list):
        return ", ".join(str(one) for one in value) or "—"
    return "—" if value is None else str(value)
