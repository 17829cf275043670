"""People who sign in, how they prove who they are, where they are signed in, and the keys of programs."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from alta.accounts.permissions import Role, rights


class User(AbstractUser):
    """Somebody who works with Alta. `language` is the language of their screens; empty follows the browser."""

    language = models.CharField(
        _("language"), max_length=2, blank=True, choices=[("es", "Español"), ("en", "English")]
    )
    roles = ArrayField(models.CharField(max_length=20, choices=Role.choices), default=list, blank=True)

    class Meta(AbstractUser.Meta):
        abstract = False
        constraints = [
            models.CheckConstraint(
                name="accounts_user_known_roles",
                condition=models.Q(roles__contained_by=Role.values),
            )
        ]

    # What a program's key is confined to, while it acts as this person; None for the person.
    scopes: frozenset[str] | None = None

    @property
    def rights(self) -> frozenset[str]:
        """Every permission that this person has, within the scopes of the key that acts as them."""
        whole = rights(self.roles, superuser=self.is_superuser)
        return whole if self.scopes is None else whole & self.scopes

    def may(self, permission: str) -> bool:
        return permission in self.rights

    @property
    def role_labels(self) -> list[str]:
        return [str(role.label) for role in Role if role in self.roles]


class ApiKey(models.Model):
    """A program's key. Only its hash is kept; the key itself is shown once, when it is made.

    It may what its person may, within `scopes`: permissions, or none for all of them."""

    name = models.CharField(max_length=100)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_keys")
    digest = models.BinaryField(unique=True, max_length=32)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    scopes = ArrayField(models.CharField(max_length=40), default=list)
    revoked_at = models.DateTimeField(null=True)

    def works(self, now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)


class TwoFactor(models.Model):
    """Somebody's authenticator. `sealed` is its encrypted seed; `last_step` the time step of the last code that was accepted,
    which is never accepted again. Until `confirmed_at` it is only being set up and isn't asked for."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="two_factor")
    sealed = models.BinaryField()
    confirmed_at = models.DateTimeField(null=True)
    last_step = models.BigIntegerField(default=0)


class RecoveryCode(models.Model):
    """A code for the day the phone is lost: works once. Only its keyed hash is kept."""

    two_factor = models.ForeignKey(TwoFactor, on_delete=models.CASCADE, related_name="recovery_codes")
    digest = models.BinaryField(max_length=32)
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["two_factor", "digest"], name="accounts_recovery_code_once")
        ]


class UserSession(models.Model):
    """Where somebody is signed in. The session itself is Django's row with this key; without it this one means nothing."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sessions")
    session_key = models.CharField(max_length=40, unique=True)
    device = models.CharField(max_length=200, blank=True)
    address = models.GenericIPAddressField(null=True)
    created_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()


class SignInFailure(models.Model):
    """A password or code that was wrong, or is being looked at just now. What somebody typed is not kept."""

    at = models.DateTimeField()
    username = models.CharField(max_length=150)
    address = models.CharField(max_length=45)

    class Meta:
        indexes = [
            models.Index(fields=["username", "at"], name="accounts_failure_username"),
            models.Index(fields=["address", "at"], name="accounts_failure_address"),
        ]
