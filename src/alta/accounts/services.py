"""Use cases about users and keys."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from alta.accounts.models import ApiKey, User
from alta.audit.log import record

LAST_USED_GRAIN = timedelta(minutes=1)


def _digest(key: str) -> bytes:
    # A key has 256 random bits: a plain hash can't be guessed backwards.
    return hashlib.sha256(key.encode()).digest()


@transaction.atomic
def create_api_key(user: User, name: str, now: datetime, days: int | None = 365) -> str:
    """Makes a key for a program that acts as `user`; returns it, for the only time. `days` until it expires."""
    key = f"alta_{secrets.token_urlsafe(32)}"
    expires = now + timedelta(days=days) if days else None
    row = ApiKey.objects.create(user=user, name=name, digest=_digest(key), created_at=now, expires_at=expires)
    record(str(user), "api_key.created", row, name=name)
    return key


def user_of_api_key(key: str, now: datetime) -> User | None:
    """The active user behind a valid key, or None. Notes the use, at most once a minute."""
    valid = Q(expires_at=None) | Q(expires_at__gt=now)
    row = (
        ApiKey.objects.select_related("user").filter(valid, digest=_digest(key), user__is_active=True).first()
    )
    if row is None:
        return None
    if row.last_used_at is None or now - row.last_used_at > LAST_USED_GRAIN:
        ApiKey.objects.filter(pk=row.pk).update(last_used_at=now)
    return row.user
