"""Publishing playbooks."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path

from django.db import connection, transaction

from alta.audit.log import record
from alta.playbooks.check import check
from alta.playbooks.models import PlaybookVersion
from alta.playbooks.queries import current_version
from alta.playbooks.reader import PlaybookMistake, read_playbook

LIBRARY = Path(__file__).parent / "library"


@transaction.atomic
def publish(text: str, actor: str, now: datetime) -> PlaybookVersion:
    """Publishes the text as the next version of the playbook it names; the current version's text changes
    nothing.

    Raises PlaybookMistake, and changes nothing, where the text has mistakes."""
    findings = check(text)
    if findings:
        raise PlaybookMistake(findings)
    name = read_playbook(text)[0].playbook
    digest = hashlib.sha256(text.encode()).hexdigest()
    with connection.cursor() as cursor:
        # Two people publishing the same playbook take turns.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"playbook {name}"])
    current = current_version(name)
    if current and current.digest == digest:
        return current
    version = PlaybookVersion.objects.create(
        name=name,
        version=current.version + 1 if current else 1,
        text=text,
        digest=digest,
        published_at=now,
        published_by=actor,
    )
    record(actor, "playbook.published", version, name=name, version=version.version, digest=digest)
    return version


def publish_library(actor: str, now: datetime) -> list[PlaybookVersion]:
    """Publishes the playbooks that come with Alta."""
    return [publish(path.read_text(), actor, now) for path in sorted(LIBRARY.glob("*.yaml"))]
