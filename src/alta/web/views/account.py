"""My account: language, password, second factor, and where I am signed in."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from alta.accounts import passwords, people, sessions, two_factor
from alta.accounts.models import User
from alta.refusal import Refusal
from alta.web.views.start import remember_language


def me(request: HttpRequest) -> User:
    """Whoever is signed in; these pages are nobody else's."""
    if not isinstance(request.user, User):
        raise TypeError("only for who is signed in")
    return request.user


def _page(request: HttpRequest, status: int = 200, **more: Any) -> HttpResponse:
    user = me(request)
    context = {
        "two_factor_on": two_factor.is_on(user),
        "codes_left": two_factor.codes_left(user),
        "sessions": sessions.open_sessions(user, timezone.now())[:50],
        "own_key": request.session.session_key,
    }
    return render(request, "web/account.html", context | more, status=status)


@require_safe
def account(request: HttpRequest) -> HttpResponse:
    return _page(request, done=request.GET.get("hecho", ""))


def _done(what: str) -> HttpResponse:
    return redirect(f"/mi-cuenta/?hecho={what}")


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    user = me(request)
    chosen = request.POST.get("language", "")
    people.choose_language(user.pk, chosen, actor=user.username)
    response = _done("idioma")
    if not remember_language(response, chosen):
        response.delete_cookie("django_language", samesite="Lax")
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return render(request, "web/account_password.html")
    user, given = me(request), request.POST
    try:
        passwords.change_password(
            user,
            given.get("old", ""),
            given.get("new", ""),
            given.get("again", ""),
            session_key=request.session.session_key,
        )
    except Refusal as refusal:
        return render(request, "web/account_password.html", {"refusal": refusal}, status=refusal.kind.status)
    update_session_auth_hash(request, user)
    return _done("contrasena")


@require_http_methods(["GET", "HEAD", "POST"])
def second_factor(request: HttpRequest) -> HttpResponse:
    """Setting up the phone: the picture, and the first code."""
    user = me(request)
    secret = two_factor.begin(user)
    context: dict[str, Any] = {"secret": secret, "picture": two_factor.picture(user, secret)}
    if request.method != "POST":
        return render(request, "web/two_factor.html", context)
    try:
        codes = two_factor.confirm(user, request.POST.get("code", ""), timezone.now())
    except Refusal as refusal:
        context["refusal"] = refusal
        return render(request, "web/two_factor.html", context, status=refusal.kind.status)
    return _codes(request, codes)


def _codes(request: HttpRequest, codes: list[str]) -> HttpResponse:
    """The recovery codes, shown once."""
    response = render(request, "web/recovery_codes.html", {"codes": codes})
    response.headers["Cache-Control"] = "no-store"
    return response


@require_POST
def recovery_codes(request: HttpRequest) -> HttpResponse:
    try:
        return _codes(request, two_factor.renew_codes(me(request), request.POST.get("password", "")))
    except Refusal as refusal:
        return _page(request, refusal.kind.status, refusal=refusal)


@require_POST
def second_factor_off(request: HttpRequest) -> HttpResponse:
    try:
        two_factor.turn_off(me(request), request.POST.get("password", ""))
    except Refusal as refusal:
        return _page(request, refusal.kind.status, refusal=refusal)
    return _done("sin-codigo")


@require_POST
def end_session(request: HttpRequest, session_id: int) -> HttpResponse:
    sessions.end(me(request), session_id)
    return _done("sesion")


@require_POST
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    sessions.end_others(me(request), request.session.session_key)
    return _done("sesiones")
