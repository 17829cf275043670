"""Use cases about people: creating them, their roles, and what an administrator does for somebody who is locked out."""

from __future__ import annotations

from collections.abc import Collection

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from alta.accounts.models import SignInFailure, TwoFactor, User
from alta.accounts.passwords import set_password
from alta.accounts.permissions import Role
from alta.accounts.refusals import (
    EMAIL_MALFORMED,
    LAST_ADMINISTRATOR,
    NAME_MALFORMED,
    NAME_TAKEN,
    ROLE_UNKNOWN,
    USER_NOT_FOUND,
)
from alta.accounts.sessions import end_all
from alta.audit.log import record

ADMINISTERS = Q(is_active=True) & (Q(is_superuser=True) | Q(roles__contains=[Role.ADMINISTRATOR]))


def everybody() -> QuerySet[User]:
    return User.objects.select_related("two_factor").order_by("-is_active", "username")


def user_by_id(user_id: int) -> User:
    found = User.objects.select_related("two_factor").filter(pk=user_id).first()
    if found is None:
        raise USER_NOT_FOUND()
    return found


def _locked(user_id: int) -> User:
    """The person's row and those of all administrators, so that two of them can't step down at once."""
    rows = User.objects.select_for_update().filter(ADMINISTERS | Q(pk=user_id)).order_by("pk")
    found = next((row for row in rows if row.pk == user_id), None)
    if found is None:
        raise USER_NOT_FOUND()
    return found


def _keep_an_administrator(user: User) -> None:
    """Refuses a change, not yet written, that leaves nobody who may administer people."""
    administers = user.is_active and (user.is_superuser or Role.ADMINISTRATOR in user.roles)
    if not administers and set(User.objects.filter(ADMINISTERS).values_list("pk", flat=True)) == {user.pk}:
        raise LAST_ADMINISTRATOR(name=user.username)


def _known(roles: Collection[str]) -> list[str]:
    for role in roles:
        if role not in Role.values:
            raise ROLE_UNKNOWN(role=role, roles=", ".join(Role.values))
    return [role for role in Role.values if role in roles]


def _check_names(user: User) -> None:
    try:
        User._meta.get_field("username").run_validators(user.username)
    except ValidationError as error:
        raise NAME_MALFORMED(name=user.username) from error
    if not user.username or len(user.username) > 150:
        raise NAME_MALFORMED(name=user.username[:150])
    if user.email:
        try:
            validate_email(user.email)
        except ValidationError as error:
            raise EMAIL_MALFORMED(email=user.email) from error


@transaction.atomic
def create_user(
    username: str,
    password: str,
    *,
    roles: Collection[str],
    actor: str,
    again: str | None = None,
    full_name: str = "",
    email: str = "",
    language: str = "",
    superuser: bool = False,
) -> User:
    """Somebody who may sign in from now on."""
    user = User(username=username, first_name=full_name[:150], email=email[:254], language=language)
    user.roles = _known(roles)
    user.is_staff = user.is_superuser = superuser
    _check_names(user)
    if User.objects.filter(username__iexact=username).exists():
        raise NAME_TAKEN(name=username)
    set_password(user, password, again)
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError as error:
        raise NAME_TAKEN(name=username) from error
    record(actor, "user.created", user, name=user.username, roles=user.roles, admin=superuser)
    return user


@transaction.atomic
def change_user(
    user_id: int,
    *,
    roles: Collection[str],
    actor: str,
    full_name: str | None = None,
    email: str | None = None,
) -> User:
    """Gives somebody these roles and no others, and changes name and e-mail where given."""
    user = _locked(user_id)
    before, user.roles = user.roles, _known(roles)
    user.first_name = user.first_name if full_name is None else full_name[:150]
    user.email = user.email if email is None else email[:254]
    _check_names(user)
    _keep_an_administrator(user)
    user.save(update_fields=["roles", "first_name", "email"])
    if before != user.roles:
        record(actor, "user.roles_changed", user, before=before, after=user.roles)
    else:
        record(actor, "user.changed", user)
    return user


@transaction.atomic
def deactivate(user_id: int, *, actor: str) -> User:
    """Somebody who left: may not sign in any more, and is signed out everywhere at once. Their keys open nothing."""
    user = _locked(user_id)
    if user.is_active:
        user.is_active = False
        _keep_an_administrator(user)
        user.save(update_fields=["is_active"])
        end_all(user)
        record(actor, "user.deactivated", user)
    return user


@transaction.atomic
def activate(user_id: int, *, actor: str) -> User:
    """Somebody who is back."""
    user = _locked(user_id)
    if not user.is_active:
        user.is_active = True
        user.save(update_fields=["is_active"])
        record(actor, "user.activated", user)
    return user


@transaction.atomic
def give_password(user_id: int, password: str, *, actor: str, again: str | None = None) -> User:
    """A new password by an administrator. Whoever was signed in with the old one is signed out; failures are forgotten."""
    user = _locked(user_id)
    set_password(user, password, again)
    user.save(update_fields=["password"])
    end_all(user)
    SignInFailure.objects.filter(username=user.username.lower()).delete()
    record(actor, "user.password_given", user)
    return user


@transaction.atomic
def reset_two_factor(user_id: int, *, actor: str) -> User:
    """For somebody who lost phone and recovery codes: the password alone opens again."""
    user = _locked(user_id)
    deleted, _rows = TwoFactor.objects.filter(user=user).delete()
    if deleted:
        record(actor, "user.two_factor_reset", user)
    return user


@transaction.atomic
def choose_language(user_id: int, language: str, *, actor: str) -> None:
    """The language of somebody's screens; empty follows the browser."""
    user = User.objects.select_for_update().get(pk=user_id)
    known = [code for code, _name in User._meta.get_field("language").choices or []]
    user.language = language if language in known else ""
    user.save(update_fields=["language"])
    record(actor, "user.language_chosen", user, language=user.language)
