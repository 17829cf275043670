"""Signing in: the password, then the code where somebody has a second factor."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods

from alta.accounts import sign_in as accounts
from alta.accounts import two_factor
from alta.accounts.models import User
from alta.accounts.refusals import SIGN_IN_STALE
from alta.accounts.rules import SECOND_STEP_LIMIT
from alta.refusal import Refusal
from alta.web.views.start import remember_language

PENDING = "alta_second_step"


def _address(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))


def _next(request: HttpRequest, given: str) -> str:
    """Where somebody wanted to go, if that is here."""
    ours = url_has_allowed_host_and_scheme(given, {request.get_host()}, request.is_secure())
    return given if ours else "/"


def _come_in(request: HttpRequest, user: User, wanted: str, now: datetime) -> HttpResponse:
    request.session.pop(PENDING, None)
    login(request, user)
    accounts.signed_in(user, address=_address(request), now=now)
    response = redirect(_next(request, wanted))
    if user.language and "django_language" not in request.COOKIES:
        remember_language(response, user.language)
    return response


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    wanted = request.POST.get("next", request.GET.get("next", "/"))
    if request.user.is_authenticated:
        return redirect(_next(request, wanted))
    name = request.POST.get("username", "").strip()
    context = {"next": wanted, "username": name}
    if request.method != "POST":
        return render(request, "web/sign_in.html", context)
    now = timezone.now()
    try:
        user = accounts.check_password(
            request, name, request.POST.get("password", ""), address=_address(request), now=now
        )
    except Refusal as refusal:
        return render(request, "web/sign_in.html", context | {"refusal": refusal}, status=refusal.kind.status)
    if not two_factor.is_on(user):
        return _come_in(request, user, wanted, now)
    request.session.cycle_key()
    request.session[PENDING] = {
        "user": user.pk,
        "proof": user.get_session_auth_hash(),
        "at": now.timestamp(),
        "next": wanted,
    }
    return redirect("sign_in_code")


def _pending(request: HttpRequest, now: datetime) -> User:
    """Who has given the password, a moment ago. Refuses when it was long ago, or the password has changed since."""
    kept = request.session.get(PENDING) or {}
    user = User.objects.filter(pk=kept.get("user") or 0, is_active=True).first()
    late = now.timestamp() - kept.get("at", 0) > SECOND_STEP_LIMIT.total_seconds()
    if user is None or late or kept["proof"] != user.get_session_auth_hash():
        request.session.pop(PENDING, None)
        raise SIGN_IN_STALE()
    return user


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    """The second step."""
    now = timezone.now()
    if request.user.is_authenticated:
        return redirect("start")
    try:
        user = _pending(request, now)
    except Refusal as refusal:
        return render(request, "web/sign_in.html", {"refusal": refusal}, status=refusal.kind.status)
    if request.method != "POST":
        return render(request, "web/sign_in_code.html")
    try:
        accounts.check_code(user, request.POST.get("code", ""), address=_address(request), now=now)
    except Refusal as refusal:
        return render(request, "web/sign_in_code.html", {"refusal": refusal}, status=refusal.kind.status)
    return _come_in(request, user, request.session[PENDING]["next"], now)
