"""Signing in: the password, the code, and how often somebody may be wrong.

An attempt is written down as a failure before the password is looked at, and taken back when it was right. So a thousand
attempts at once are no more than a thousand one after another."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth import authenticate
from django.db import connection, transaction
from django.db.models import Q
from django.http import HttpRequest

from alta.accounts import two_factor
from alta.accounts.models import SignInFailure, User
from alta.accounts.refusals import CODE_WRONG, SIGN_IN_LOCKED, SIGN_IN_WRONG
from alta.accounts.rules import FAILURE_WINDOW, Failures, locked_until, minutes_until
from alta.audit.log import record


def check_password(
    request: HttpRequest, username: str, password: str, *, address: str, now: datetime
) -> User:
    """Whose password it is. Refuses a wrong one, and any one while there were too many failures."""
    attempt = _attempt(username, address, now)
    user = authenticate(request, username=username, password=password)
    if not isinstance(user, User):
        raise SIGN_IN_WRONG()
    if two_factor.is_on(user):
        attempt.delete()  # the password was right: only codes count from here
    else:
        _forgive(user.username, address)
    return user


def check_code(user: User, code: str, *, address: str, now: datetime) -> None:
    """The second step: a code of the phone, or a recovery code, which is used up. Refuses a wrong one."""
    _attempt(user.username, address, now)
    if not two_factor.accept(user, code, now):
        raise CODE_WRONG()
    _forgive(user.username, address)


@transaction.atomic
def _attempt(username: str, address: str, now: datetime) -> SignInFailure:
    name = username.lower()[:150]
    _one_at_a_time(sorted({f"user {name}", f"address {address}"}))
    until = locked_until(_failures(name, address, now), now)
    if until is not None:
        raise SIGN_IN_LOCKED(minutes=minutes_until(until, now))
    return SignInFailure.objects.create(at=now, username=name, address=address)


def _one_at_a_time(keys: list[str]) -> None:
    with connection.cursor() as cursor:
        for key in keys:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"alta.sign_in {key}"])


def _failures(username: str, address: str, now: datetime) -> Failures:
    rows = SignInFailure.objects.filter(
        Q(username=username) | Q(address=address), at__gt=now - FAILURE_WINDOW
    ).values_list("at", "username", "address")
    found = list(rows)
    return Failures(
        pair=[at for at, name, place in found if (name, place) == (username, address)],
        user=[at for at, name, _ in found if name == username],
        address=[at for at, _, place in found if place == address],
    )


def _forgive(username: str, address: str) -> None:
    """After a full sign-in the failures of this person at this place count no more."""
    SignInFailure.objects.filter(username=username.lower(), address=address).delete()


@transaction.atomic
def signed_in(user: User, *, address: str, now: datetime) -> None:
    """Notes who came in, and drops failures that count no more."""
    SignInFailure.objects.filter(at__lt=now - FAILURE_WINDOW).delete()
    record(user.username, "user.signed_in", user, address=address)
