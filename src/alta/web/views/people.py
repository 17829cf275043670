"""People: who may sign in, and what they may do. For administrators."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from alta.accounts import people
from alta.accounts.models import User
from alta.accounts.permissions import Role
from alta.audit.log import entries_about
from alta.refusal import Refusal

ROLE_NOTES = {
    Role.AGENT: _("Sells and assigns plans, retries, and undoes own assignments."),
    Role.SUPERVISOR: _("Also undoes and cancels anybody's, skips tasks, gives money back."),
    Role.STOCK_KEEPER: _("Receives, moves and counts stock."),
    Role.ENGINEER: _("Sees what was said to other systems, changes values, publishes playbooks."),
    Role.TECHNICIAN: _("Installs at customers' homes and closes work orders."),
    Role.ADMINISTRATOR: _("Administers people, their roles and the settings."),
}


def _roles(chosen: list[str]) -> list[dict[str, Any]]:
    return [
        {"value": role.value, "label": role.label, "note": ROLE_NOTES[role], "chosen": role in chosen}
        for role in Role
    ]


@require_safe
def users(request: HttpRequest) -> HttpResponse:
    return render(request, "web/users.html", {"people": people.everybody()[:500]})


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    given = request.POST
    context = {"given": given, "roles": _roles(given.getlist("roles"))}
    if request.method != "POST":
        return render(request, "web/user_new.html", context)
    try:
        user = people.create_user(
            given.get("username", "").strip(),
            given.get("password", ""),
            again=given.get("again", ""),
            roles=given.getlist("roles"),
            full_name=given.get("full_name", "").strip(),
            email=given.get("email", "").strip(),
            actor=request.user.get_username(),
        )
    except Refusal as refusal:
        return render(
            request, "web/user_new.html", context | {"refusal": refusal}, status=refusal.kind.status
        )
    return redirect("user", user.pk)


def _page(request: HttpRequest, person: User, status: int = 200, **more: Any) -> HttpResponse:
    context = {
        "person": person,
        "full_name": person.first_name,
        "email": person.email,
        "roles": _roles(person.roles),
        "two_factor_on": getattr(getattr(person, "two_factor", None), "confirmed_at", None),
        "entries": entries_about(person)[:30],
    }
    return render(request, "web/user.html", context | more, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def user(request: HttpRequest, user_id: int) -> HttpResponse:
    person, given = people.user_by_id(user_id), request.POST
    if request.method != "POST":
        return _page(request, person, done=request.GET.get("hecho", ""))
    full_name, email = given.get("full_name", "").strip(), given.get("email", "").strip()
    try:
        people.change_user(
            user_id,
            roles=given.getlist("roles"),
            full_name=full_name,
            email=email,
            actor=request.user.get_username(),
        )
    except Refusal as refusal:
        typed = {"full_name": full_name, "email": email, "roles": _roles(given.getlist("roles"))}
        return _page(request, person, refusal.kind.status, refusal=refusal, **typed)
    return _done(user_id, "cambios")


def _done(user_id: int, what: str) -> HttpResponse:
    return redirect(f"/personas/{user_id}/?hecho={what}")


@require_POST
def password(request: HttpRequest, user_id: int) -> HttpResponse:
    given = request.POST
    try:
        people.give_password(
            user_id,
            given.get("password", ""),
            again=given.get("again", ""),
            actor=request.user.get_username(),
        )
    except Refusal as refusal:
        return _page(request, people.user_by_id(user_id), refusal.kind.status, refusal=refusal)
    return _done(user_id, "contrasena")


@require_POST
def reset_two_factor(request: HttpRequest, user_id: int) -> HttpResponse:
    people.reset_two_factor(user_id, actor=request.user.get_username())
    return _done(user_id, "codigo")


@require_POST
def deactivate(request: HttpRequest, user_id: int) -> HttpResponse:
    people.deactivate(user_id, actor=request.user.get_username())
    return _done(user_id, "desactivada")


@require_POST
def activate(request: HttpRequest, user_id: int) -> HttpResponse:
    people.activate(user_id, actor=request.user.get_username())
    return _done(user_id, "activada")
