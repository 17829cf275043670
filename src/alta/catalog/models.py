"""What is sold: plans, add-ons and bundles, and the stock that each takes. A product's row holds what is in force."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from alta.catalog.related import BundleMember, CoverageArea, ProductVersion, ServiceType, in_english
from alta.catalog.rules import (
    AutoRenew,
    CustomerKind,
    Installation,
    Kind,
    Named,
    OnSale,
    Period,
    ProductFacts,
    SiteNeeded,
    Verb,
)

__all__ = ["BundleMember", "CoverageArea", "Product", "ProductVersion", "RequiredItem", "ServiceType"]


class Product(models.Model):
    """One thing on sale. Prices are minor units of `currency`; the wholesale ones are what it costs us.

    `playbook` makes a new service; `verb_playbooks` names, by verb, the playbooks of what can be done with it later."""

    slug = models.SlugField(_("slug"), max_length=80, unique=True)
    name_es = models.CharField(_("name in Spanish"), max_length=120)
    name_en = models.CharField(_("name in English"), max_length=120)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    service_type = models.CharField(_("service type"), max_length=20)
    # The row that `service_type` names. Everybody keeps and compares the slug; this is for the name and the icon.
    type = models.ForeignObject(
        ServiceType,
        models.PROTECT,
        from_fields=["service_type"],
        to_fields=["slug"],
        related_name="products",
    )
    customer_kinds = ArrayField(
        models.CharField(max_length=10, choices=CustomerKind.choices), verbose_name=_("for customers")
    )
    enabled = models.BooleanField(_("enabled"), default=True)
    icon = models.CharField(_("icon"), max_length=60, blank=True)
    summary_es = models.CharField(_("summary in Spanish"), max_length=300, blank=True)
    summary_en = models.CharField(_("summary in English"), max_length=300, blank=True)
    features = models.JSONField(_("features"), default=dict, blank=True)
    setup_price = models.BigIntegerField(_("setup price"), default=0)
    recurring_price = models.BigIntegerField(_("recurring price"), default=0)
    wholesale_setup_price = models.BigIntegerField(_("wholesale setup price"), default=0)
    wholesale_recurring_price = models.BigIntegerField(_("wholesale recurring price"), default=0)
    currency = models.CharField(_("currency"), max_length=3, default="GBP")
    period = models.CharField(_("billing period"), max_length=5, choices=Period.choices, default=Period.MONTH)
    contract_months = models.PositiveSmallIntegerField(_("contract months"), default=0)
    auto_renew = models.CharField(
        _("automatic renewal"), max_length=6, choices=AutoRenew.choices, default=AutoRenew.ASKED
    )
    auto_renew_default = models.BooleanField(_("renew unless told otherwise"), default=True)
    playbook = models.CharField(_("playbook"), max_length=80, blank=True)
    verb_playbooks = models.JSONField(_("playbooks of changes"), default=dict, blank=True)
    site_needed = models.CharField(
        _("installation site"), max_length=6, choices=SiteNeeded.choices, default=SiteNeeded.NO
    )
    installation = models.CharField(
        _("installation date"), max_length=6, choices=Installation.choices, default=Installation.NO
    )
    position = models.PositiveIntegerField(_("position"), default=0)
    sale_from = models.DateField(_("on sale from"), null=True, blank=True)
    sale_until = models.DateField(_("on sale until"), null=True, blank=True)
    needed_types = models.ManyToManyField(
        ServiceType, related_name="+", blank=True, verbose_name=_("needs a service of type")
    )
    most_per_customer = models.PositiveSmallIntegerField(_("most for each customer"), null=True, blank=True)
    excludes = models.ManyToManyField(
        "self", symmetrical=False, related_name="+", blank=True, verbose_name=_("does not go together with")
    )
    needs_payment_method = models.BooleanField(_("needs a valid payment method"), default=False)
    needs_coverage = models.BooleanField(_("needs coverage at the address"), default=False)
    # What is in force. `changes_at` is when that changes by itself: a version's date, or the first or last day of sale.
    version = models.PositiveIntegerField(_("version"), default=1)
    on_sale = models.CharField(max_length=9, choices=OnSale.choices, default=OnSale.NOW)
    changes_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ["position", "id"]
        indexes = [
            models.Index(
                fields=["changes_at"], condition=Q(changes_at__isnull=False), name="catalog_product_changes"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="catalog_product_sale_dates",
                condition=Q(sale_from__isnull=True)
                | Q(sale_until__isnull=True)
                | Q(sale_until__gte=F("sale_from")),
            ),
            models.CheckConstraint(name="catalog_product_on_sale", condition=Q(on_sale__in=OnSale.values)),
            models.CheckConstraint(
                name="catalog_product_most_per_customer",
                condition=Q(most_per_customer__isnull=True) | Q(most_per_customer__gte=1),
            ),
            models.CheckConstraint(name="catalog_product_kind", condition=Q(kind__in=Kind.values)),
            models.CheckConstraint(
                name="catalog_product_customer_kinds",
                condition=Q(customer_kinds__contained_by=CustomerKind.values) & Q(customer_kinds__len__gte=1),
            ),
            models.CheckConstraint(
                name="catalog_product_prices",
                condition=Q(
                    setup_price__gte=0,
                    recurring_price__gte=0,
                    wholesale_setup_price__gte=0,
                    wholesale_recurring_price__gte=0,
                ),
            ),
            models.CheckConstraint(
                name="catalog_product_currency", condition=Q(currency__regex=r"^[A-Z]{3}$")
            ),
            models.CheckConstraint(name="catalog_product_period", condition=Q(period__in=Period.values)),
            models.CheckConstraint(
                name="catalog_product_auto_renew", condition=Q(auto_renew__in=AutoRenew.values)
            ),
            models.CheckConstraint(
                name="catalog_product_site_needed", condition=Q(site_needed__in=SiteNeeded.values)
            ),
            models.CheckConstraint(
                name="catalog_product_installation", condition=Q(installation__in=Installation.values)
            ),
        ]

    def __str__(self) -> str:
        return self.slug

    @property
    def name(self) -> str:
        """The name in the reader's language."""
        return self.name_en if in_english() else self.name_es

    @property
    def summary(self) -> str:
        return self.summary_en if in_english() else self.summary_es

    def playbook_for(self, verb: str) -> str:
        """The playbook that does this with a service of the product; empty where it can't be done."""
        return self.playbook if verb == Verb.CREATE else str(self.verb_playbooks.get(verb, ""))

    @property
    def recurring_cost(self) -> int:
        """What a period costs us, in minor units: of a bundle, what its members cost us."""
        if self.kind == Kind.BUNDLE:
            return sum(member.product.wholesale_recurring_price for member in self.members.all())
        return self.wholesale_recurring_price

    @property
    def setup_cost(self) -> int:
        """What the set-up costs us, in minor units."""
        if self.kind == Kind.BUNDLE:
            return sum(member.product.wholesale_setup_price for member in self.members.all())
        return self.wholesale_setup_price

    @property
    def recurring_margin(self) -> int:
        """What is left of the recurring price, in minor units."""
        return self.recurring_price - self.recurring_cost

    @property
    def setup_margin(self) -> int:
        """What is left of the set-up price, in minor units."""
        return self.setup_price - self.setup_cost

    @property
    def facts(self) -> ProductFacts:
        """What the rules of sale look at."""
        members = self.members.all() if self.kind == Kind.BUNDLE else ()
        return ProductFacts(
            product=self.name,
            kind=Kind(self.kind),
            service_type=self.service_type,
            customer_kinds=frozenset(CustomerKind(kind) for kind in self.customer_kinds),
            enabled=self.enabled,
            playbook=self.playbook,
            currency=self.currency,
            type_name=self.type.name,
            slug=self.slug,
            on_sale=OnSale(self.on_sale),
            sale_from=date_format(self.sale_from) if self.sale_from else "",
            sale_until=date_format(self.sale_until) if self.sale_until else "",
            needs_services=tuple(Named(one.slug, one.name) for one in self.needed_types.all()),
            most_per_customer=self.most_per_customer,
            excludes=tuple(Named(one.slug, one.name) for one in self.excludes.all()),
            needs_payment_method=self.needs_payment_method,
            needs_coverage=self.needs_coverage,
            members=tuple(member.product.facts for member in members),
            words=" ".join([self.slug, self.name_es, self.name_en, self.summary_es, self.summary_en]),
        )


class RequiredItem(models.Model):
    """A piece of stock that a product takes. `name` is the playbook's input that it fills, such as "sim"."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="required_items")
    template = models.ForeignKey(
        "inventory.Template", models.PROTECT, related_name="+", verbose_name=_("inventory template")
    )
    name = models.SlugField(_("input"), max_length=40)
    label_es = models.CharField(_("label in Spanish"), max_length=80, blank=True)
    label_en = models.CharField(_("label in English"), max_length=80, blank=True)
    required = models.BooleanField(_("required"), default=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("required item")
        verbose_name_plural = _("required items")
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["product", "name"], name="catalog_requireditem_name"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def label(self) -> str:
        """What the picker is called: the product's own words, else the template's."""
        own = self.label_en if in_english() else self.label_es
        return own or str(self.template.label)
