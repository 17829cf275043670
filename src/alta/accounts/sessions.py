"""Where somebody is signed in: noting it, listing it, ending it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import QuerySet

from alta.accounts.models import User, UserSession
from alta.accounts.refusals import SESSION_NOT_FOUND
from alta.accounts.rules import device_name
from alta.audit.log import record

# In the session's own data, so that a request needs no extra query to know that it was noted a moment ago.
MARK = "alta_session"
GRAIN = timedelta(minutes=1)


def note(user: User, session: SessionBase, *, user_agent: str, address: str | None, now: datetime) -> None:
    """Keeps the list up to date, at most once a minute for each session."""
    key, seen = session.session_key, session.get(MARK)
    if key is None or (seen and seen["key"] == key and now.timestamp() - seen["at"] < GRAIN.total_seconds()):
        return
    facts = {"user": user, "device": device_name(user_agent), "address": address, "last_seen_at": now}
    if not seen or not UserSession.objects.filter(session_key=seen["key"], user=user).update(
        session_key=key, **facts
    ):
        UserSession.objects.update_or_create(
            session_key=key, defaults=facts, create_defaults={**facts, "created_at": now}
        )
    session[MARK] = {"key": key, "at": now.timestamp()}


def open_sessions(user: User, now: datetime) -> QuerySet[UserSession]:
    """Those that still open something, the latest used first."""
    alive = Session.objects.filter(expire_date__gt=now).values("session_key")
    return UserSession.objects.filter(user=user, session_key__in=alive).order_by("-last_seen_at", "-pk")


def _end(rows: QuerySet[UserSession]) -> int:
    keys = list(rows.select_for_update().values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    UserSession.objects.filter(session_key__in=keys).delete()
    return len(keys)


@transaction.atomic
def end(user: User, session_id: int) -> None:
    """Signs out one of somebody's own sessions."""
    if not _end(UserSession.objects.filter(user=user, pk=session_id)):
        raise SESSION_NOT_FOUND()
    record(user.username, "user.session_ended", user, sessions=1)


@transaction.atomic
def end_others(user: User, own_key: str | None) -> int:
    """Signs out all of somebody's sessions but the one that asks."""
    ended = _end(UserSession.objects.filter(user=user).exclude(session_key=own_key or ""))
    if ended:
        record(user.username, "user.session_ended", user, sessions=ended)
    return ended


def end_all(user: User) -> None:
    """Signs somebody out everywhere, as part of a use case that says why."""
    _end(UserSession.objects.filter(user=user))
