"""What every request passes: headers, who may, where somebody is signed in, and refusals turned into pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from alta.accounts import sessions
from alta.accounts.access import check, rule_for
from alta.accounts.models import User
from alta.accounts.refusals import PAGE_UNDECLARED
from alta.refusal import Refusal
from alta.web import permissions

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


class PermissionRequired:
    """Asks the table of permissions before a view runs. What the table does not know is refused; the programming interface
    has its own, asked once it is known whose key it is."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase], *_values: Any
    ) -> HttpResponse | None:
        match = request.resolver_match
        if match is None or request.path.startswith("/api/"):
            return None
        methods = permissions.TABLE.get(match.view_name)
        if methods is None:
            return refusal_answer(request, PAGE_UNDECLARED(page=match.view_name or request.path))
        rule = rule_for(permissions.TABLE, match.view_name, request.method)
        if rule is None:
            return HttpResponseNotAllowed(methods)
        try:
            check(rule, request.user, match.kwargs)
        except Refusal as refusal:
            return refusal_answer(request, refusal)
        return None


class SessionNoted:
    """Keeps the list of where somebody is signed in."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if isinstance(user, User) and user.is_authenticated:
            sessions.note(
                user,
                request.session,
                user_agent=request.headers.get("User-Agent", ""),
                address=request.META.get("REMOTE_ADDR") or None,
                now=timezone.now(),
            )
        return self.get_response(request)


def refusal_answer(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """A refusal becomes a sentence with what to do next, with its own status: a problem for a program, a fragment for a part
    of a page (htmx swaps it in), a page otherwise."""
    status = refusal.kind.status
    if request.path.startswith("/api/"):
        return JsonResponse(
            {"type": "about:blank", "title": str(refusal), "status": status, "code": refusal.code},
            status=status,
            content_type="application/problem+json",
        )
    part = bool(request.headers.get("HX-Request"))
    template = "web/refusal_part.html" if part else "web/refusal.html"
    return render(request, template, {"refusal": refusal}, status=status)


class RefusalAnswers:
    """A refusal that a view raised is answered as one."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        return refusal_answer(request, error) if isinstance(error, Refusal) else None
