"""Services: what a customer has and uses."""

from __future__ import annotations

from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from alta.catalog.rules import Period
from alta.services.rules import AddonState, State


class Service(models.Model):
    """One service of one customer. `uuid` is its name in every outside system, and the holder of its stock.

    Prices are those agreed at the sale, in minor units of `currency`; later changes of the product don't touch them.
    `site` is where it is installed; site and contacts are the customer's own, which the database sees to. `custom` holds
    what the order's custom fields said. `secrets` are its credentials, sealed: see `credentials`.

    `period` is how long one recurring price lasts; the service is paid for from `term_began_at` until `term_ends_at`.
    `items` says which piece of stock serves as which of the product's inputs."""

    uuid = models.UUIDField(unique=True, default=uuid4)
    customer = models.ForeignKey("customers.Customer", models.PROTECT, related_name="services")
    product = models.ForeignKey("catalog.Product", models.PROTECT, related_name="services")
    service_type = models.CharField(_("type"), max_length=20)
    name = models.CharField(_("name"), max_length=160)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.RESERVED)
    auto_renew = models.BooleanField(_("automatic renewal"), default=False)
    setup_price = models.BigIntegerField(default=0)
    recurring_price = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3)
    site = models.ForeignKey("customers.Site", models.PROTECT, null=True, related_name="services")
    billing_contact = models.ForeignKey("customers.Contact", models.PROTECT, null=True, related_name="+")
    technical_contact = models.ForeignKey("customers.Contact", models.PROTECT, null=True, related_name="+")
    custom = models.JSONField(_("custom fields"), default=dict)
    period = models.CharField(_("billing period"), max_length=5, choices=Period.choices, default=Period.MONTH)
    items = models.JSONField(_("inventory"), default=dict)
    term_began_at = models.DateTimeField(null=True)
    term_ends_at = models.DateTimeField(_("paid until"), null=True)
    secrets = models.BinaryField(null=True)
    created_at = models.DateTimeField()
    activated_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("service")
        verbose_name_plural = _("services")
        indexes = [
            models.Index(fields=["customer", "-id"], name="services_of_customer"),
            models.Index(
                fields=["term_ends_at"],
                condition=Q(state__in=["active", "suspended"], term_ends_at__isnull=False),
                name="services_by_term",
            ),
        ]
        constraints = [
            models.CheckConstraint(name="services_service_state", condition=Q(state__in=State.values)),
            models.CheckConstraint(name="services_service_period", condition=Q(period__in=Period.values)),
            models.CheckConstraint(
                name="services_service_active_since",
                condition=~Q(state=State.ACTIVE) | Q(activated_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Addon(models.Model):
    """Something added to a service: once, or from now on with every period at `recurring_price`.

    `key` is that of the order that brought it; that order's number, `order_id`, is part of its name in outside systems."""

    key = models.UUIDField(unique=True)
    order_id = models.BigIntegerField(null=True)
    service = models.ForeignKey(Service, models.PROTECT, related_name="addons")
    product = models.ForeignKey("catalog.Product", models.PROTECT, related_name="+")
    name = models.CharField(_("name"), max_length=160)
    recurring_price = models.BigIntegerField(default=0)
    items = models.JSONField(_("inventory"), default=dict)
    state = models.CharField(_("state"), max_length=10, choices=AddonState.choices, default=AddonState.ACTIVE)
    added_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("add-on of a service")
        verbose_name_plural = _("add-ons of services")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(name="services_addon_state", condition=Q(state__in=AddonState.values)),
            models.CheckConstraint(name="services_addon_price", condition=Q(recurring_price__gte=0)),
            models.CheckConstraint(
                name="services_addon_ended",
                condition=Q(state=AddonState.ACTIVE, ended_at__isnull=True)
                | (~Q(state=AddonState.ACTIVE) & Q(ended_at__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return self.name
