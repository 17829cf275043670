"""Use cases about documents. Each is one transaction."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from alta.audit.log import record
from alta.customers.models import Customer
from alta.customers.refusals import NOT_FOUND as CUSTOMER_NOT_FOUND
from alta.documents import rules, store
from alta.documents.models import Document
from alta.documents.refusals import (
    FILE_EMPTY,
    LOST,
    NOT_FOUND,
    THERE_ALREADY,
    TOO_LARGE,
    WRONG_KIND,
    WRONG_TYPE,
)


@dataclass(frozen=True)
class NewDocument:
    """A file as it was handed over."""

    kind: str
    name: str
    content: bytes


@transaction.atomic
def add_document(customer_id: int, new: NewDocument, *, actor: str, now: datetime) -> Document:
    """Keeps a file with the customer. Refuses one that is empty, too large, of another type than its name says, or there
    already. The file is written before its row, so that no row is ever without one."""
    customer = Customer.objects.select_for_update(of=("self",)).filter(pk=customer_id).first()
    if customer is None:
        raise CUSTOMER_NOT_FOUND(customer=customer_id)
    name = rules.clean_name(new.name)
    kind = _checked(new, name)
    sha256 = hashlib.sha256(new.content).hexdigest()
    there = Document.objects.filter(customer=customer, sha256=sha256, removed_at__isnull=True).first()
    if there is not None:
        raise THERE_ALREADY(name=there.name)
    store.keep(sha256, new.content)
    document = Document.objects.create(
        customer=customer,
        kind=new.kind,
        name=name,
        content_type=kind,
        size=len(new.content),
        sha256=sha256,
        added_by=actor,
        added_at=now,
    )
    record(actor, "customer.document_added", customer, document=document.pk, name=name, sha256=sha256)
    return document


def _checked(new: NewDocument, name: str) -> str:
    """What the file is."""
    if new.kind not in rules.Kind.values:
        raise WRONG_KIND()
    if not new.content:
        raise FILE_EMPTY(name=name)
    if len(new.content) > rules.MOST_BYTES:
        raise TOO_LARGE(megabytes=rules.MOST_MEGABYTES)
    kind = rules.content_type(name, new.content)
    if kind is None:
        raise WRONG_TYPE(name=name, endings=rules.ENDINGS)
    return kind


@transaction.atomic
def remove_document(customer_id: int, uuid: UUID, *, actor: str, now: datetime) -> Document:
    """Takes a document off the customer's page. Row and file stay, for whoever has to answer for them. Idempotent."""
    document = (
        Document.objects.select_for_update(of=("self",)).filter(uuid=uuid, customer_id=customer_id).first()
    )
    if document is None:
        raise NOT_FOUND()
    if document.removed_at is None:
        document.removed_at = now
        document.save(update_fields=["removed_at"])
        record(
            actor, "customer.document_removed", document.customer, document=document.pk, name=document.name
        )
    return document


def read_document(customer_id: int, uuid: UUID) -> tuple[Document, bytes]:
    """A document with its content. Refuses one that was removed, and one whose file is lost."""
    document = Document.objects.filter(uuid=uuid, customer_id=customer_id, removed_at__isnull=True).first()
    if document is None:
        raise NOT_FOUND()
    content = store.read(document.sha256)
    if content is None:
        raise LOST(name=document.name)
    return document, content
