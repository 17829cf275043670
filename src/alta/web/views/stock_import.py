"""Importing items from a CSV file: upload, preview, confirm."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from alta.inventory import csvfile, imports, queries
from alta.inventory.fields import read_fields
from alta.inventory.refusals import FILE_MISSING, FILE_NOT_FOUND, FILE_TOO_LARGE
from alta.refusal import Refusal

SHOWN = 100


@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest, template_id: int) -> HttpResponse:
    """Asks for the file. What is wrong with it as a whole is said above the form."""
    template = queries.template_by_id(template_id)
    refusal = None
    if request.method == "POST":
        try:
            name, content = _file(request)
            kept = imports.upload(
                template_id,
                name,
                content,
                timezone.now(),
                location=request.POST.get("location", ""),
                actor=request.user.get_username(),
            )
            return redirect("stock_import_preview", kept.uuid)
        except Refusal as error:
            refusal = error
    context = {
        "template": template,
        "fields": read_fields(template.fields),
        "refusal": refusal,
        "location": request.POST.get("location", "")[:200],
        "places": queries.locations(template_id),
        "most_rows": csvfile.MOST_ROWS,
        "most_megabytes": csvfile.MOST_MEGABYTES,
    }
    return render(request, "web/stock_import.html", context, status=refusal.kind.status if refusal else 200)


def _file(request: HttpRequest) -> tuple[str, bytes]:
    file = request.FILES.get("file")
    if file is None:
        # One that is too large for our memory is left out on its way in.
        if int(request.META.get("CONTENT_LENGTH") or 0) > csvfile.MOST_MEGABYTES * 1_000_000:
            raise FILE_TOO_LARGE(megabytes=csvfile.MOST_MEGABYTES)
        raise FILE_MISSING()
    return file.name or "", file.read()


@require_safe
def preview(request: HttpRequest, file: UUID) -> HttpResponse:
    """What confirming would do; afterwards, what it did."""
    kept = imports.find(file, timezone.now())
    seen = imports.preview(kept)
    context = {"file": kept, "seen": seen, "refused": seen.refused[:SHOWN] if seen else [], "most": SHOWN}
    return render(request, "web/stock_import_preview.html", context)


@require_POST
def confirm(request: HttpRequest, file: UUID) -> HttpResponse:
    imports.confirm(file, timezone.now(), actor=request.user.get_username())
    return redirect("stock_import_preview", file)


@require_safe
def errors(request: HttpRequest, file: UUID) -> HttpResponse:
    """The refused rows as a file, to be corrected and uploaded again."""
    seen = imports.preview(imports.find(file, timezone.now()))
    if seen is None:
        raise FILE_NOT_FOUND()
    return _download(seen.refused_csv(), "errores.csv")


@require_safe
def example(request: HttpRequest, template_id: int) -> HttpResponse:
    """A file with the right first line, to begin with."""
    template = queries.template_by_id(template_id)
    return _download(csvfile.example(read_fields(template.fields)), "ejemplo.csv")


def _download(text: str, name: str) -> HttpResponse:
    # The mark at the beginning tells spreadsheets that it is UTF-8.
    response = HttpResponse("\ufeff" + text, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response
