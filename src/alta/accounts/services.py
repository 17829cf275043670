"""Use cases about users and keys."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from alta.accounts.models import ApiKey, User
from alta.accounts.permissions import PERMISSIONS
from alta.accounts.refusals import (
    KEY_DAYS,
    KEY_FOR_OTHERS,
    KEY_NAME,
    KEY_NOT_FOUND,
    KEY_SCOPE,
    USER_NOT_FOUND,
)
from alta.audit.log import record

LAST_USED_GRAIN = timedelta(minutes=1)
LONGEST_NAME, MOST_DAYS, MOST_KEYS = 100, 3650, 500


def _digest(key: str) -> bytes:
    # A key has 256 random bits: a plain hash can't be guessed backwards.
    return hashlib.sha256(key.encode()).digest()


@transaction.atomic
def create_api_key(
    user: User,
    name: str,
    now: datetime,
    days: int | None = 365,
    *,
    scopes: Collection[str] = (),
    actor: str = "",
) -> str:
    """Makes a key for a program that acts as `user`; returns it, for the only time. `days` until it expires. It may what
    `user` may; with `scopes`, only these permissions of them. Refuses a key without a name and an unknown scope."""
    if not name.strip() or len(name) > LONGEST_NAME:
        raise KEY_NAME()
    if unknown := set(scopes) - PERMISSIONS.keys():
        raise KEY_SCOPE(scope=min(unknown))
    if days is not None and not 1 <= days <= MOST_DAYS:
        raise KEY_DAYS(most=MOST_DAYS)
    key = f"alta_{secrets.token_urlsafe(32)}"
    expires = now + timedelta(days=days) if days else None
    row = ApiKey.objects.create(
        user=user, name=name, digest=_digest(key), created_at=now, expires_at=expires, scopes=sorted(scopes)
    )
    record(
        actor or str(user),
        "api_key.created",
        row,
        name=name,
        person=user.get_username(),
        scopes=sorted(scopes),
    )
    return key


def create_api_key_for(
    person_id: int, name: str, now: datetime, days: int | None, *, scopes: Collection[str], by: User
) -> str:
    """As `create_api_key`, by somebody at the screen: for oneself, or, by who administers people, for anybody else. Nobody
    makes a key that may more than everything they could give."""
    person = User.objects.filter(pk=person_id, is_active=True).first()
    if person is None:
        raise USER_NOT_FOUND()
    if person.pk != by.pk and (not by.may("users.manage") or (person.is_superuser and not by.is_superuser)):
        raise KEY_FOR_OTHERS(person=person.get_username())
    return create_api_key(person, name, now, days, scopes=scopes, actor=by.get_username())


@transaction.atomic
def revoke_api_key(key_id: int, now: datetime, *, actor: str) -> ApiKey:
    """Ends a key at once and for ever. Repeating it changes nothing."""
    row = ApiKey.objects.select_for_update(of=("self",)).select_related("user").filter(pk=key_id).first()
    if row is None:
        raise KEY_NOT_FOUND()
    if row.revoked_at is None:
        row.revoked_at = now
        row.save(update_fields=["revoked_at"])
        record(actor, "api_key.revoked", row, name=row.name, person=row.user.get_username())
    return row


def api_keys(now: datetime) -> list[tuple[ApiKey, bool]]:
    """All keys, the newest first, with whether each works."""
    return [
        (row, row.works(now)) for row in ApiKey.objects.select_related("user").order_by("-id")[:MOST_KEYS]
    ]


def user_of_api_key(key: str, now: datetime) -> User | None:
    """The active user behind a valid key, or None. Notes the use, at most once a minute."""
    valid = Q(expires_at=None) | Q(expires_at__gt=now)
    row = (
        ApiKey.objects.select_related("user")
        .filter(valid, digest=_digest(key), revoked_at=None, user__is_active=True)
        .first()
    )
    if row is None:
        return None
    if row.last_used_at is None or now - row.last_used_at > LAST_USED_GRAIN:
        ApiKey.objects.filter(pk=row.pk).update(last_used_at=now)
    row.user.scopes = frozenset(row.scopes) if row.scopes else None
    return row.user
