"""Types of service: the list, with a form for each and one for the next."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from alta.catalog import queries, servicetypes
from alta.refusal import Refusal

LONGEST = 60


@require_http_methods(["GET", "HEAD", "POST"])
def service_types(request: HttpRequest) -> HttpResponse:
    """What was refused is said above the list; the form keeps what was typed."""
    refusal = None
    if request.method == "POST":
        try:
            _save(request.POST, request.user.get_username())
        except Refusal as error:
            refusal = error
        else:
            messages.success(
                request, _("Saved: {name}").format(name=request.POST.get("name_es", "")[:LONGEST])
            )
            return redirect("service_types")
    context = {
        "types": queries.service_types_in_use(),
        "icons": servicetypes.ICONS,
        "typed": request.POST if refusal else QueryDict(),
        "refusal": refusal,
    }
    return render(request, "web/service_types.html", context, status=refusal.kind.status if refusal else 200)


def _save(post: QueryDict, actor: str) -> None:
    position = post.get("position", "")
    servicetypes.save_service_type(
        post.get("slug", "").strip()[:LONGEST],
        name_es=post.get("name_es", ""),
        name_en=post.get("name_en", ""),
        icon=post.get("icon", ""),
        position=int(position) if position.isascii() and position.isdigit() and len(position) < 5 else None,
        actor=actor,
    )


@require_POST
def remove(request: HttpRequest, slug: str) -> HttpResponse:
    servicetypes.remove_service_type(slug, actor=request.user.get_username())
    messages.success(request, _("Removed: {name}").format(name=slug))
    return redirect("service_types")
