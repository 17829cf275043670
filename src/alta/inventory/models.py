"""Stock: kinds of things, and each of the things, with at most one holder."""

from __future__ import annotations

from uuid import uuid4

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now, Reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from alta.inventory.rules import Kind, State


class Template(models.Model):
    """A kind of thing, such as "SIM Card". `fields` lists its fields: see `inventory.fields.Field`."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    label_es = models.CharField(_("name in Spanish"), max_length=80)
    label_en = models.CharField(_("name in English"), max_length=80)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    after_use = models.CharField(
        _("state after use"),
        max_length=12,
        blank=True,
        choices=[(s.value, s.label) for s in (State.IN_STOCK, State.QUARANTINED, State.RETIRED)],
        help_text=_("Empty: numbers go to quarantine and equipment back to stock"),
    )
    fields = models.JSONField(_("fields"), default=list, blank=True)
    low_stock = models.IntegerField(
        _("low stock"), null=True, blank=True, help_text=_("Warns when this many or fewer are free")
    )

    class Meta:
        verbose_name = _("inventory template")
        verbose_name_plural = _("inventory templates")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(name="inventory_template_kind", condition=Q(kind__in=Kind.values)),
            models.CheckConstraint(
                name="inventory_template_low_stock", condition=Q(low_stock__isnull=True) | Q(low_stock__gte=0)
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def label(self) -> str:
        """The name in the reader's language."""
        return self.label_en if (get_language() or "es").startswith("en") else self.label_es


class Item(models.Model):
    """One thing in stock. A row has one holder column, so no two share an item; constraints tie it to state.

    `holder` is the order that reserved the item, or the service that it is assigned to."""

    template = models.ForeignKey(
        Template,
        models.PROTECT,
        related_name="items",
        verbose_name=_("inventory template"),
        db_index=False,
    )
    identifier = models.CharField(_("identifier"), max_length=64, db_collation="C")
    unique_value = models.CharField(_("unique value"), max_length=64, null=True, db_collation="C")
    values = models.JSONField(_("values"), default=dict, blank=True)
    secrets = models.BinaryField(null=True)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.NEW)
    previous_state = models.CharField(max_length=12, choices=State.choices, null=True)
    holder = models.UUIDField(_("holder"), null=True)
    held_until = models.DateTimeField(_("held until"), null=True)
    quarantine_until = models.DateTimeField(_("in quarantine until"), null=True)
    location = models.CharField(_("location"), max_length=120, blank=True)
    created_at = models.DateTimeField(_("created"), db_default=Now())
    updated_at = models.DateTimeField(_("changed"), db_default=Now())

    class Meta:
        verbose_name = _("inventory item")
        verbose_name_plural = _("inventory items")
        constraints = [
            models.UniqueConstraint(fields=["template", "identifier"], name="inventory_item_identifier"),
            models.UniqueConstraint(fields=["template", "unique_value"], name="inventory_item_unique_value"),
            models.CheckConstraint(name="inventory_item_state", condition=Q(state__in=State.values)),
            models.CheckConstraint(
                name="inventory_item_one_holder",
                condition=Q(state=State.RESERVED, holder__isnull=False, held_until__isnull=False)
                | Q(state=State.ASSIGNED, holder__isnull=False, held_until__isnull=True)
                | (
                    ~Q(state__in=[State.RESERVED, State.ASSIGNED])
                    & Q(holder__isnull=True, held_until__isnull=True)
                ),
            ),
            models.CheckConstraint(
                name="inventory_item_knows_the_way_back",
                condition=Q(
                    state__in=[State.RESERVED, State.ASSIGNED],
                    previous_state__isnull=False,
                    previous_state__in=[State.NEW, State.IN_STOCK],
                )
                | (~Q(state__in=[State.RESERVED, State.ASSIGNED]) & Q(previous_state__isnull=True)),
            ),
            models.CheckConstraint(
                name="inventory_item_quarantine_ends",
                condition=Q(state=State.QUARANTINED, quarantine_until__isnull=False)
                | (~Q(state=State.QUARANTINED) & Q(quarantine_until__isnull=True)),
            ),
        ]
        indexes = [
            models.Index(
                fields=["template", "identifier"],
                condition=Q(state__in=[State.NEW, State.IN_STOCK]),
                name="inventory_item_free",
            ),
            models.Index(
                fields=["held_until"], condition=Q(state=State.RESERVED), name="inventory_item_reserved"
            ),
            models.Index(
                fields=["quarantine_until"],
                condition=Q(state=State.QUARANTINED),
                name="inventory_item_resting",
            ),
            models.Index(fields=["holder"], condition=Q(holder__isnull=False), name="inventory_item_holder"),
            models.Index(F("template"), Reverse("unique_value"), name="inventory_item_value_end"),
            models.Index(F("template"), Reverse("identifier"), name="inventory_item_name_end"),
            models.Index(fields=["template", "state", "identifier"], name="inventory_item_by_state"),
            models.Index(fields=["template", "location", "identifier"], name="inventory_item_by_location"),
        ]

    def __str__(self) -> str:
        return self.identifier


class ItemHistory(models.Model):
    """A change of an item's state, holder or location. `holder` has it afterwards, or had it before a freeing
    move."""

    item = models.ForeignKey(Item, models.CASCADE, related_name="history")
    at = models.DateTimeField()
    from_state = models.CharField(max_length=12, choices=State.choices, blank=True)
    to_state = models.CharField(max_length=12, choices=State.choices)
    holder = models.UUIDField(null=True)
    actor = models.CharField(max_length=150)
    reason = models.CharField(max_length=200, blank=True)
    from_location = models.CharField(max_length=120, blank=True, db_default="")
    to_location = models.CharField(max_length=120, blank=True, db_default="")

    class Meta:
        verbose_name = _("inventory history")
        verbose_name_plural = _("inventory history")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.item_id} {self.from_state} -> {self.to_state}"


class ImportFile(models.Model):
    """A file of new items, kept between its preview and its confirmation. `content` is sealed, because it may
    hold secrets; after `expires_at` it is forgotten."""

    uuid = models.UUIDField(unique=True, default=uuid4)
    template = models.ForeignKey(Template, models.CASCADE, related_name="+")
    name = models.CharField(max_length=200)
    content = models.BinaryField(null=True)
    location = models.CharField(_("location"), max_length=120, blank=True)
    uploaded_by = models.CharField(max_length=150)
    uploaded_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    confirmed_at = models.DateTimeField(null=True)
    added = models.IntegerField(null=True)
    unchanged = models.IntegerField(null=True)
    refused = models.IntegerField(null=True)

    class Meta:
        verbose_name = _("inventory file")
        verbose_name_plural = _("inventory files")
        constraints = [
            models.CheckConstraint(
                name="inventory_importfile_kept_until_confirmed",
                condition=Q(content__isnull=False) | Q(confirmed_at__isnull=False),
            ),
            models.CheckConstraint(
                name="inventory_importfile_confirmed_with_counts",
                condition=Q(
                    confirmed_at__isnull=True,
                    added__isnull=True,
                    unchanged__isnull=True,
                    refused__isnull=True,
                )
                | Q(
                    confirmed_at__isnull=False,
                    added__isnull=False,
                    unchanged__isnull=False,
                    refused__isnull=False,
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.name
