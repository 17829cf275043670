"""A customer's documents: adding, reading, removing."""

from __future__ import annotations

from urllib.parse import quote
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from alta.documents import services
from alta.documents.refusals import FILE_MISSING, TOO_LARGE
from alta.documents.rules import MOST_BYTES, MOST_MEGABYTES
from alta.documents.services import NewDocument


def _tab(customer_id: int) -> HttpResponseRedirect:
    return redirect(f"{reverse('customer', args=[customer_id])}?ver=documentos")


@require_POST
def add(request: HttpRequest, customer_id: int) -> HttpResponse:
    new = _new(request)
    services.add_document(customer_id, new, actor=request.user.get_username(), now=timezone.now())
    return _tab(customer_id)


def _new(request: HttpRequest) -> NewDocument:
    file = request.FILES.get("file")
    if file is None:
        # One that is too large for our memory is left out on its way in.
        if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
            raise TOO_LARGE(megabytes=MOST_MEGABYTES)
        raise FILE_MISSING()
    return NewDocument(request.POST.get("kind", ""), file.name or "", file.read())


@require_safe
def document(request: HttpRequest, customer_id: int, document: UUID) -> HttpResponse:
    """Hands the file out to be saved; a browser shows none of it as a page of ours."""
    found, content = services.read_document(customer_id, document)
    response = HttpResponse(content, content_type=found.content_type)
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(found.name)}"
    response.headers["Cache-Control"] = "private, no-store"
    return response


@require_POST
def remove(request: HttpRequest, customer_id: int, document: UUID) -> HttpResponse:
    services.remove_document(customer_id, document, actor=request.user.get_username(), now=timezone.now())
    return _tab(customer_id)
