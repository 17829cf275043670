"""Orders."""

from __future__ import annotations

from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from alta.orders.rules import State


class Order(models.Model):
    """One product for one customer, from the first choice on. A draft is what an agent has chosen so far, so a reload, a
    second tab or another day loses nothing.

    `service_uuid` is the uuid that the service will have; the stock chosen is held in its name from the beginning.
    `selection` maps the playbook's inputs to items. Prices are agreed when the order is confirmed.
    `site`, the contacts and `custom` (fields that the operator added) are the service's data; `custom` is null until
    somebody answered. The database sees to it that site and contacts are the customer's."""

    uuid = models.UUIDField(unique=True, default=uuid4)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.DRAFT)
    product = models.ForeignKey("catalog.Product", models.PROTECT, null=True, related_name="orders")
    customer = models.ForeignKey("customers.Customer", models.PROTECT, null=True, related_name="orders")
    selection = models.JSONField(default=dict)
    auto_renew = models.BooleanField(null=True)
    site = models.ForeignKey("customers.Site", models.PROTECT, null=True, related_name="orders")
    billing_contact = models.ForeignKey("customers.Contact", models.PROTECT, null=True, related_name="+")
    technical_contact = models.ForeignKey("customers.Contact", models.PROTECT, null=True, related_name="+")
    custom = models.JSONField(null=True)
    service_uuid = models.UUIDField(unique=True, default=uuid4)
    service = models.OneToOneField("services.Service", models.PROTECT, null=True, related_name="order")
    job = models.OneToOneField("runner.Job", models.PROTECT, null=True, related_name="order")
    created_by = models.CharField(max_length=150)
    created_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        indexes = [models.Index(fields=["customer", "-id"], name="orders_of_customer")]
        constraints = [
            models.CheckConstraint(name="orders_order_state", condition=Q(state__in=State.values)),
            models.CheckConstraint(
                name="orders_order_confirmed_has_all",
                condition=Q(state__in=[State.DRAFT, State.CANCELLED])
                | Q(
                    product__isnull=False,
                    customer__isnull=False,
                    service__isnull=False,
                    job__isnull=False,
                    confirmed_at__isnull=False,
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"order {self.pk}"
