"""People who sign in, and the keys of programs."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _


class User(AbstractUser):
    """Somebody who works with Alta. `language` is the language of their screens; empty follows the browser."""

    language = models.CharField(
        _("language"), max_length=2, blank=True, choices=[("es", "Español"), ("en", "English")]
    )


class ApiKey(models.Model):
    """A program's key. Only its hash is kept; the key itself is shown once, when it is made."""

    name = models.CharField(max_length=100)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_keys")
    digest = models.BinaryField(unique=True, max_length=32)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
