"""Documents of customers: what is kept, what is refused, and who gets it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client

from alta.accounts.models import User
from alta.audit.models import Entry
from alta.customers.merging import merge_customers
from alta.customers.models import Customer
from alta.documents import rules, services, store
from alta.documents.models import Document
from alta.documents.services import NewDocument
from alta.refusal import Refusal

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
PDF = b"%PDF-1.7 a contract"
WHO = {"actor": "ana", "now": NOW}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(store, "folder", lambda: tmp_path / "documents")
    return tmp_path / "documents"


@pytest.fixture
def customer() -> Customer:
    return Customer.objects.create(name="Inés Prado", kind="individual", currency="GBP")


def add(
    customer: Customer, name: str = "contrato.pdf", content: bytes = PDF, kind: str = "contract"
) -> Document:
    return services.add_document(customer.pk, NewDocument(kind, name, content), **WHO)


def test_a_document_is_kept_as_it_was_and_noted(customer: Customer) -> None:
    document = add(customer, "C:\\papeles\\contrato.pdf")
    assert services.read_document(customer.pk, document.uuid) == (document, PDF)
    assert (document.name, document.size, document.content_type) == ("contrato.pdf", 19, "application/pdf")
    assert Entry.objects.filter(action="customer.document_added", object_id=str(customer.pk)).count() == 1


@pytest.mark.parametrize(
    ("name", "content", "kind", "code"),
    [
        ("page.html", b"<script>", "other", "document.wrong_type"),
        ("trick.pdf", b"<script>alert(1)</script>", "other", "document.wrong_type"),
        ("none.pdf", b"", "other", "document.file_empty"),
        ("much.pdf", b"%PDF-" + bytes(rules.MOST_BYTES), "other", "document.too_large"),
        ("good.pdf", PDF, "poem", "document.wrong_kind"),
    ],
)
def test_what_is_not_kept_is_refused_and_leaves_nothing(
    customer: Customer, folder: Path, name: str, content: bytes, kind: str, code: str
) -> None:
    with pytest.raises(Refusal) as refusal:
        add(customer, name, content, kind)
    assert refusal.value.code == code
    assert (Document.objects.count(), folder.exists()) == (0, False)


def test_the_same_file_is_not_kept_twice(customer: Customer) -> None:
    first = add(customer)
    with pytest.raises(Refusal) as refusal:
        add(customer, "otra-vez.pdf")
    assert refusal.value.code == "document.there_already"
    with pytest.raises(IntegrityError), transaction.atomic():
        Document.objects.create(
            customer=customer, kind="other", name="x", size=1, sha256=first.sha256, added_at=NOW
        )
    services.remove_document(customer.pk, first.uuid, **WHO)
    assert add(customer).pk != first.pk


def test_a_removed_document_is_not_handed_out_any_more(customer: Customer) -> None:
    document = add(customer)
    services.remove_document(customer.pk, document.uuid, **WHO)
    services.remove_document(customer.pk, document.uuid, **WHO)
    with pytest.raises(Refusal) as refusal:
        services.read_document(customer.pk, document.uuid)
    assert refusal.value.code == "document.not_found"
    assert Entry.objects.filter(action="customer.document_removed").count() == 1


def test_nobody_gets_it_by_another_customers_address(customer: Customer) -> None:
    document = add(customer)
    for other, uuid in ((customer.pk + 1, document.uuid), (customer.pk, uuid4())):
        with pytest.raises(Refusal) as refusal:
            services.read_document(other, uuid)
        assert refusal.value.code == "document.not_found"


def test_a_lost_file_is_said_to_be_lost(customer: Customer, folder: Path) -> None:
    document = add(customer)
    (folder / document.sha256[:2] / document.sha256).unlink()
    with pytest.raises(Refusal) as refusal:
        services.read_document(customer.pk, document.uuid)
    assert refusal.value.code == "document.lost"


def test_documents_go_along_when_two_records_are_merged(customer: Customer) -> None:
    other = Customer.objects.create(name="Ines Prado", kind="individual", currency="GBP")
    document = add(other)
    merge_customers(customer.pk, other.pk, actor="ana")
    assert services.read_document(customer.pk, document.uuid)[1] == PDF


def test_names_lose_folders_and_keep_their_ending() -> None:
    assert rules.clean_name("../../etc/passwd") == "passwd"
    assert rules.clean_name("a" * 200 + ".pdf") == "a" * 116 + ".pdf"
    assert rules.clean_name("\x00\x1b") == "documento"


def test_on_the_page_it_is_added_listed_and_handed_out_to_be_saved(
    customer: Customer, client: Client
) -> None:
    client.force_login(User.objects.create_user("agente", roles=["agent"]))
    page = f"/clientes/{customer.pk}/documentos/"
    file = SimpleUploadedFile("cédula niña.pdf", PDF)
    assert client.post(page, {"kind": "identity", "file": file}).status_code == 302
    document = Document.objects.get()
    assert "cédula niña.pdf" in client.get(f"/clientes/{customer.pk}/?ver=documentos").content.decode()
    answer = client.get(f"{page}{document.uuid}/")
    assert (answer.content, answer.headers["Content-Type"]) == (PDF, "application/pdf")
    assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''c%C3%A9dula%20ni%C3%B1a.pdf"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert client.post(page, {"kind": "identity"}).status_code == 422
