"""Changing many services at once, in a few statements however many they are."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import connection

from alta.audit.models import Entry
from alta.services.models import Service


def extend_terms(ends: Mapping[int, datetime], *, actor: str) -> None:
    """The next term of each service, from where the last one ended until these moments; notes it. The caller holds their
    locks, and knows that each grows by one period."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE services_service s SET term_began_at = s.term_ends_at, term_ends_at = v.ends "
            "FROM unnest(%s::bigint[], %s::timestamptz[]) AS v (id, ends) WHERE s.id = v.id",
            [list(ends), list(ends.values())],
        )
    Entry.objects.bulk_create(
        Entry(
            actor=actor,
            action="service.extended",
            object_type=Service._meta.label_lower,
            object_id=str(service),
            detail={"until": end.isoformat()},
        )
        for service, end in ends.items()
    )
