"""Writing to the audit log, inside the transaction of the change itself."""

from __future__ import annotations

from typing import Any

from django.db.models import Model, QuerySet

from alta.audit.models import Entry


def record(actor: str, action: str, obj: Model, **detail: Any) -> None:
    """Notes that `actor` did `action` to `obj`. `detail` must be JSON, without secrets."""
    Entry.objects.create(
        actor=actor, action=action, object_type=obj._meta.label_lower, object_id=str(obj.pk), detail=detail
    )


def entries_about(obj: Model) -> QuerySet[Entry]:
    """What happened to `obj`, newest first."""
    return Entry.objects.filter(object_type=obj._meta.label_lower, object_id=str(obj.pk)).order_by("-id")
