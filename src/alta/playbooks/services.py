"""Publishing playbooks."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path

from django.db import connection, transaction
from django.db.models import Max

from alta.audit.log import record
from alta.playbooks.check import check
from alta.playbooks.models import PlaybookVersion
from alta.playbooks.reader import PlaybookMistake, read_playbook

LIBRARY = Path(__file__).parent / "library"


@transaction.atomic
def publish(text: str, actor: str, now: datetime) -> PlaybookVersion:
    """Publishes the text as the next version of the playbook it names; a text published before is that version again.

    Raises PlaybookMistake, and changes nothing, where the text has mistakes."""
    findings = check(text)
    if findings:
        raise PlaybookMistake(findings)
    name = read_playbook(text)[0].playbook
    digest = hashlib.sha256(text.encode()).hexdigest()
    with connection.cursor() as cursor:
        # Two people publishing the same playbook take turns.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"playbook {name}"])
    same = PlaybookVersion.objects.filter(name=name, digest=digest).first()
    if same:
        return same
    last = PlaybookVersion.objects.filter(name=name).aggregate(last=Max("version"))["last"] or 0
    version = PlaybookVersion.objects.create(
        name=name, version=last + 1, text=text, digest=digest, published_at=now, published_by=actor
    )
    record(actor, "playbook.published", version, name=name, version=version.version, digest=digest)
    return version


def publish_library(actor: str, now: datetime) -> list[PlaybookVersion]:
    """Publishes the playbooks that come with Alta."""
    return [publish(path.read_text(), actor, now) for path in sorted(LIBRARY.glob("*.yaml"))]
