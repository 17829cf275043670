from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from alta.audit.models import Entry

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit_entry SET actor = 'somebody else'", "DELETE FROM audit_entry", "TRUNCATE audit_entry"],
)
def test_the_database_refuses_to_change_the_audit_log(statement: str) -> None:
    entry = Entry.objects.create(actor="ana", action="a", object_type="b", object_id="1")
    with connection.cursor() as cursor:
        # Test databases have it disabled, to be emptied between tests.
        cursor.execute("ALTER TABLE audit_entry ENABLE TRIGGER audit_entry_no_truncate")
        with pytest.raises(IntegrityError, match="the audit log only grows"), transaction.atomic():
            cursor.execute(statement)
    assert list(Entry.objects.values_list("id", "actor")) == [(entry.pk, "ana")]
