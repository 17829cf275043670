"""Orders."""

from __future__ import annotations

from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from alta.orders.rules import Action, State


class Order(models.Model):
    """What somebody wants done: a new service, an add-on, or another change of a service. A draft is what has been chosen
    so far, so a reload, a second tab or another day loses nothing.

    `product` is the one sold; for a change that sells nothing it is the service's. `service` is the one changed, or, once
    confirmed, the new one. `holder` is the name in which chosen stock is held, and the uuid that a new service takes.
    `selection` maps inputs to items. `site`, the contacts and `custom` (fields that the operator added) are the service's
    data; `custom` is null until somebody answered. The database sees to it that site and contacts are the customer's.

    When the order is confirmed, prices are agreed: `due` is paid now and `credit` given, in minor units of the product's
    currency. The change happens at `effective_at`, or at once. `before` keeps what a change replaces, to take it back.

    `undo_asked_by` is who asked for everything to be taken back; the order is cancelled once that is done. `replaces` is
    the cancelled order that this one sells again, to the right customer.

    A bundle is an order for each member, and one above them (`bundle`, the `parent` of each) that has neither service nor
    job. Members are done one after the other; one that waits is pending. `setup_price` and `recurring_price` are what the
    member costs inside the bundle."""

    uuid = models.UUIDField(unique=True, default=uuid4)
    action = models.CharField(_("action"), max_length=10, choices=Action.choices, default=Action.CREATE)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.DRAFT)
    product = models.ForeignKey("catalog.Product", models.PROTECT, null=True, related_name="orders")
    customer = models.ForeignKey("customers.Customer", models.PROTECT, null=True, related_name="orders")
    selection = models.JSONField(default=dict)
    auto_renew = models.BooleanField(null=True)
    site = models.ForeignKey("customers.Site", models.PROTECT, null=True, related_name="orders")
    billing_contact = models.ForeignKey("customers.Contact", models.PROTECT, null=True, related_name="+")
    technical_contact = models.ForeignKey("customers.Contact", models.PROTECT, null=True, related_name="+")
    custom = models.JSONField(null=True)
    holder = models.UUIDField(unique=True, default=uuid4)
    service = models.ForeignKey("services.Service", models.PROTECT, null=True, related_name="orders")
    job = models.OneToOneField("runner.Job", models.PROTECT, null=True, related_name="order")
    at_term_end = models.BooleanField(null=True)
    effective_at = models.DateTimeField(null=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    due = models.BigIntegerField(default=0)
    credit = models.BigIntegerField(default=0)
    before = models.JSONField(default=dict)
    undo_asked_by = models.CharField(max_length=150, blank=True)
    bundle = models.BooleanField(_("bundle"), default=False)
    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="members")
    setup_price = models.BigIntegerField(null=True)
    recurring_price = models.BigIntegerField(null=True)
    replaces = models.ForeignKey("self", models.PROTECT, null=True, related_name="replacements")
    created_by = models.CharField(max_length=150)
    created_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        indexes = [
            models.Index(fields=["customer", "-id"], name="orders_of_customer"),
            models.Index(
                fields=["service"],
                condition=~Q(undo_asked_by="") & ~Q(state=State.CANCELLED),
                name="orders_being_undone",
            ),
            models.Index(fields=["created_by", "state", "-id"], name="orders_of_person"),
            models.Index(
                fields=["id"],
                condition=Q(bundle=True, state__in=[State.IN_PROGRESS, State.HELD]),
                name="orders_open_bundles",
            ),
        ]
        constraints = [
            models.CheckConstraint(name="orders_order_state", condition=Q(state__in=State.values)),
            models.CheckConstraint(name="orders_order_action", condition=Q(action__in=Action.values)),
            models.CheckConstraint(name="orders_order_amounts", condition=Q(due__gte=0, credit__gte=0)),
            models.UniqueConstraint(
                fields=["service"], condition=Q(action=Action.CREATE), name="orders_one_creates_a_service"
            ),
            models.UniqueConstraint(
                fields=["service"],
                condition=Q(state__in=[State.IN_PROGRESS, State.HELD])
                & ~Q(action__in=[Action.CREATE, Action.ADDON]),
                name="orders_one_change_at_a_time",
            ),
            models.UniqueConstraint(
                fields=["replaces"], condition=~Q(state=State.CANCELLED), name="orders_one_replacement"
            ),
            models.CheckConstraint(
                name="orders_order_change_has_service",
                condition=Q(action__in=[Action.CREATE, Action.ADDON]) | Q(service__isnull=False),
            ),
            models.CheckConstraint(
                name="orders_order_confirmed_has_all",
                condition=Q(state__in=[State.DRAFT, State.CANCELLED])
                | Q(product__isnull=False, customer__isnull=False, confirmed_at__isnull=False)
                & (
                    Q(bundle=True)
                    | Q(service__isnull=False, job__isnull=False)
                    | Q(state=State.PENDING, service__isnull=False, job__isnull=True, parent__isnull=False)
                ),
            ),
            models.CheckConstraint(
                name="orders_order_bundle",
                condition=Q(bundle=False)
                | Q(action=Action.CREATE, service__isnull=True, job__isnull=True, parent__isnull=True)
                & ~Q(state=State.PENDING),
            ),
            models.CheckConstraint(
                name="orders_order_member_prices",
                condition=Q(parent__isnull=True, setup_price__isnull=True, recurring_price__isnull=True)
                | Q(parent__isnull=False, setup_price__gte=0, recurring_price__gte=0),
            ),
        ]

    def __str__(self) -> str:
        return f"order {self.pk}"

    @property
    def agreed_setup_price(self) -> int:
        """What the product costs once in this order, in minor units of its currency."""
        assert self.product is not None
        return self.product.setup_price if self.setup_price is None else self.setup_price

    @property
    def agreed_recurring_price(self) -> int:
        """What the product costs a period in this order, in minor units of its currency."""
        assert self.product is not None
        return self.product.recurring_price if self.recurring_price is None else self.recurring_price
