"""Documents of customers: contracts, identity cards and the like. The rows are here, the files in the house's folder."""

from __future__ import annotations

from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from alta.documents.rules import MOST_BYTES, Kind


class Document(models.Model):
    """A file that belongs to a customer. `sha256` names its content in the store; a removed one keeps its row."""

    uuid = models.UUIDField(unique=True, default=uuid4)
    customer = models.ForeignKey("customers.Customer", models.PROTECT, related_name="documents")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    name = models.CharField(_("file"), max_length=120)
    content_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField(_("size"))
    sha256 = models.CharField(max_length=64)
    added_by = models.CharField(_("added by"), max_length=150)
    added_at = models.DateTimeField(_("added"))
    removed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(name="documents_document_kind", condition=Q(kind__in=Kind.values)),
            models.CheckConstraint(
                name="documents_document_size", condition=Q(size__gt=0, size__lte=MOST_BYTES)
            ),
            models.CheckConstraint(
                name="documents_document_sha256", condition=Q(sha256__regex=r"^[0-9a-f]{64}$")
            ),
            models.UniqueConstraint(
                fields=["customer", "sha256"],
                condition=Q(removed_at__isnull=True),
                name="documents_once_a_customer",
            ),
        ]

    def __str__(self) -> str:
        return self.name
