"""Published playbooks. A row never changes: a running job keeps the version that it began with."""

from __future__ import annotations

from django.db import models


class PlaybookVersion(models.Model):
    """One published version of a playbook: its text as the author wrote it, and that text's SHA-256."""

    name = models.CharField(max_length=60)
    version = models.PositiveIntegerField()
    text = models.TextField()
    digest = models.CharField(max_length=64)
    published_at = models.DateTimeField()
    published_by = models.CharField(max_length=150)

    class Meta:
        constraints = [
            models.UniqueConstraint("name", "version", name="playbooks_one_row_a_version"),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"
