"""The demo's data. Loading them again changes nothing; what you did with them stays."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path

from django.db import connection, transaction

from alta.accounts.models import User
from alta.audit.log import record
from alta.audit.models import Entry
from alta.commands.environment import Mistake
from alta.customers.models import Customer
from alta.demo import catalogue, companies, installations, people, stock
from alta.playbooks.services import LIBRARY, publish_library

ACTOR = "demo"
LOADED = "demo.loaded"


@transaction.atomic
def load(now: datetime) -> bool:
    """Publishes the playbooks that come with Alta, and loads the rest unless this version is there."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('alta.demo', 0))")
    publish_library(ACTOR, now)
    if Entry.objects.filter(action=LOADED, detail__version=version()).exists():
        return False
    people.add_users()
    catalogue.save(stock.add(now, actor=ACTOR), actor=ACTOR, now=now)
    people.add_customers(now, actor=ACTOR)
    companies.add(actor=ACTOR)
    installations.add(actor=ACTOR)
    record(ACTOR, LOADED, User.objects.get(username="admin"), version=version())
    return True


def refuse_foreign_data() -> None:
    """Refuses (Mistake) to mix the demo's customers with those of somebody's own database."""
    if not Entry.objects.filter(action=LOADED).exists() and Customer.objects.exists():
        raise Mistake(
            "The database of DATABASE_URL has customers already; the demo would mix its own with them. "
            "Use an empty database, or unset DATABASE_URL."
        )


def version() -> str:
    """Changes when the data do: they are what these modules say, and which playbooks there are for the products."""
    text = "".join(
        Path(module.__file__ or "").read_text()
        for module in (people, companies, stock, catalogue, installations)
    )
    text += " ".join(sorted(path.name for path in LIBRARY.glob("*.yaml")))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
