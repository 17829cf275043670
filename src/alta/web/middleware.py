"""What every request passes: headers, and refusals turned into pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.urls import reverse

from alta.refusal import Refusal

POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
GetResponse = Callable[[HttpRequest], HttpResponse]


class ContentSecurityPolicy:
    """Scripts and styles only from our own files: no inline code, no eval, nobody else's server."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        return response


class SignInRequired(LoginRequiredMiddleware):
    """Every page asks who you are, unless it says otherwise. The programming interface has its own way of asking."""

    def process_view(
        self,
        request: HttpRequest,
        view_func: Callable[..., HttpResponseBase],
        view_args: Any,
        view_kwargs: Any,
    ) -> HttpResponseBase | None:
        if request.path.startswith("/api/"):
            return None
        if (
            request.headers.get("HX-Request")
            and not request.user.is_authenticated
            and getattr(view_func, "login_required", True)
        ):
            # A part of a page: the whole page has to go and sign in, and come back to where it was.
            page = urlsplit(request.headers.get("HX-Current-URL", "/"))
            back = urlencode({"next": f"{page.path}?{page.query}" if page.query else page.path})
            return HttpResponse(status=401, headers={"HX-Redirect": f"{reverse('sign_in')}?{back}"})
        return super().process_view(request, view_func, view_args, view_kwargs)


class RefusalAnswers:
    """A refusal becomes a sentence with what to do next, with its own status: a fragment for a part of a page (htmx swaps
    it in), a page otherwise."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, Refusal):
            return None
        if request.path.startswith("/api/"):
            return JsonResponse(
                {"type": "about:blank", "title": str(error), "status": error.kind.status, "code": error.code},
                status=error.kind.status,
                content_type="application/problem+json",
            )
        part = bool(request.headers.get("HX-Request"))
        template = "web/refusal_part.html" if part else "web/refusal.html"
        return render(request, template, {"refusal": error}, status=error.kind.status)
