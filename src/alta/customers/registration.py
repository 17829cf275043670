"""Creating a customer at the counter: first whether it is there already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from alta.customers.duplicates import Duplicate, as_stored, find_duplicates
from alta.customers.models import Customer
from alta.customers.refusals import DUPLICATES
from alta.customers.services import create_customer


@dataclass(frozen=True)
class NewCustomer:
    """What an agent typed about somebody new. `anyway` was ticked by somebody who has seen the similar ones."""

    name: str
    kind: str = "individual"
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    tax_id: str = ""
    language: str = "es"
    currency: str = "GBP"
    custom: Mapping[str, Any] = field(default_factory=dict)
    anyway: bool = False


def duplicates_of(new: NewCustomer, region: str | None = None) -> list[Duplicate]:
    """Whom the new customer may be already. Refuses malformed e-mails and phones."""
    emails, phones = as_stored(new.emails, new.phones, region)
    return find_duplicates(name=new.name, emails=emails, phones=phones, tax_id=new.tax_id)


@transaction.atomic
def register_customer(new: NewCustomer, *, region: str | None = None, actor: str) -> Customer:
    """A new customer. Refuses (`customer.duplicates`) one who is much like another, unless somebody wants it anyway."""
    if not new.anyway and (similar := duplicates_of(new, region)):
        raise DUPLICATES(customers=", ".join(f"{one.name} (ID: {one.id})" for one in similar))
    return create_customer(
        name=new.name,
        kind=new.kind,
        emails=new.emails,
        phones=new.phones,
        tax_id=new.tax_id,
        language=new.language,
        currency=new.currency,
        custom=new.custom,
        region=region,
        actor=actor,
    )
