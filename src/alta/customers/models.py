"""Customers, how to reach them, how they pay, and the keys that find them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now, Upper
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from alta.customers.related import Contact, CustomField, Note, Site, Tag
from alta.customers.rules import Kind, Status

__all__ = [
    "Contact",
    "CustomField",
    "Customer",
    "Email",
    "Note",
    "PaymentMethod",
    "Phone",
    "SearchKey",
    "Site",
    "Tag",
]


class Customer(models.Model):
    """Who buys. `attributes` keeps what an import knew and Alta has no field for; `custom` holds the fields that the
    operator added, by key. One that was merged into another is archived, and says into which."""

    external_id = models.CharField(_("external id"), max_length=64, null=True, blank=True, unique=True)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.OPEN)
    name = models.CharField(pgettext_lazy("customer", "name"), max_length=200)
    tax_id = models.CharField(_("tax id"), max_length=40, blank=True)
    language = models.CharField(
        _("language"), max_length=2, choices=[("es", "Español"), ("en", "English")], default="es"
    )
    currency = models.CharField(_("currency"), max_length=3, default="GBP")
    attributes = models.JSONField(_("attributes"), default=dict, blank=True)
    custom = models.JSONField(_("custom fields"), default=dict, blank=True)
    tags = models.ManyToManyField(Tag, related_name="customers", verbose_name=_("tags"), blank=True)
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="merged", verbose_name=_("merged into")
    )
    created_at = models.DateTimeField(_("created"), db_default=Now())

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        indexes = [models.Index(Upper("tax_id"), condition=~Q(tax_id=""), name="customers_by_tax_id")]
        constraints = [
            models.CheckConstraint(name="customers_customer_kind", condition=Q(kind__in=Kind.values)),
            models.CheckConstraint(name="customers_customer_status", condition=Q(status__in=Status.values)),
            models.CheckConstraint(
                name="customers_customer_language", condition=Q(language__in=["es", "en"])
            ),
            models.CheckConstraint(
                name="customers_customer_currency", condition=Q(currency__regex=r"^[A-Z]{3}$")
            ),
            models.CheckConstraint(name="customers_customer_named", condition=~Q(name="")),
            models.CheckConstraint(
                name="customers_customer_external_id",
                condition=Q(external_id__isnull=True) | ~Q(external_id=""),
            ),
            models.CheckConstraint(
                name="customers_customer_merged_is_archived",
                condition=Q(merged_into__isnull=True)
                | (Q(status=Status.ARCHIVED) & ~Q(merged_into=models.F("id"))),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} (ID: {self.pk})"


class Email(models.Model):
    """An e-mail address, in lower case."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="emails", db_index=False)
    address = models.CharField(_("e-mail address"), max_length=254)
    primary = models.BooleanField(_("primary"), default=False)

    class Meta:
        verbose_name = _("e-mail address")
        verbose_name_plural = _("e-mail addresses")
        constraints = [
            models.UniqueConstraint(fields=["customer", "address"], name="customers_email_once"),
            models.UniqueConstraint(
                fields=["customer"], condition=Q(primary=True), name="customers_email_one_primary"
            ),
            models.CheckConstraint(
                name="customers_email_lower_case", condition=Q(address__regex=r"^[^A-Z\s@]+@[^A-Z\s@]+$")
            ),
        ]

    def __str__(self) -> str:
        return self.address


class Phone(models.Model):
    """A telephone number in E.164, such as +447700900123."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="phones", db_index=False)
    e164 = models.CharField(_("phone number"), max_length=16)
    primary = models.BooleanField(_("primary"), default=False)

    class Meta:
        verbose_name = _("phone number")
        verbose_name_plural = _("phone numbers")
        constraints = [
            models.UniqueConstraint(fields=["customer", "e164"], name="customers_phone_once"),
            models.UniqueConstraint(
                fields=["customer"], condition=Q(primary=True), name="customers_phone_one_primary"
            ),
            models.CheckConstraint(
                name="customers_phone_e164", condition=Q(e164__regex=r"^\+[1-9][0-9]{5,14}$")
            ),
        ]

    def __str__(self) -> str:
        return self.e164


class PaymentMethod(models.Model):
    """How a customer pays: the provider's token and what a person recognises it by. Never a card number."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="payment_methods")
    provider = models.CharField(_("provider"), max_length=40)
    token = models.CharField(_("token"), max_length=200)
    brand = models.CharField(_("brand"), max_length=60, blank=True)
    last4 = models.CharField(_("last digits"), max_length=4, blank=True)
    exp_month = models.PositiveSmallIntegerField(_("expiry month"), null=True, blank=True)
    exp_year = models.PositiveSmallIntegerField(_("expiry year"), null=True, blank=True)
    is_default = models.BooleanField(_("default"), default=False)

    class Meta:
        verbose_name = _("payment method")
        verbose_name_plural = _("payment methods")
        constraints = [
            models.UniqueConstraint(fields=["provider", "token"], name="customers_paymentmethod_token"),
            models.UniqueConstraint(
                fields=["customer"], condition=Q(is_default=True), name="customers_paymentmethod_one_default"
            ),
            models.CheckConstraint(
                name="customers_paymentmethod_expiry",
                condition=Q(exp_month__isnull=True, exp_year__isnull=True)
                | Q(
                    exp_month__isnull=False,
                    exp_year__isnull=False,
                    exp_month__range=(1, 12),
                    exp_year__range=(2000, 2099),
                ),
            ),
            models.CheckConstraint(
                name="customers_paymentmethod_last4", condition=Q(last4__regex=r"^([0-9]{4})?$")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.brand} {self.last4}".strip()


class SearchKey(models.Model):
    """One way to find a customer: somebody types the beginning of `key`. See `queries.search`.

    The primary key is the search index: keys in byte order, so that a prefix is a range and reading
    stops early."""

    class KeyKind(models.TextChoices):
        NAME = "name", _("name")
        EMAIL = "email", _("e-mail address")
        PHONE = "phone", _("phone number")
        PHONE_END = "phone_end", _("end of phone number")
        PHONE_PART = "phone_part", _("part of phone number")
        EXTERNAL_ID = "external_id", _("external id")

    pk = models.CompositePrimaryKey("key", "customer_id", "kind")
    key = models.CharField(max_length=254, db_collation="C")
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="search_keys")
    kind = models.CharField(max_length=12, choices=KeyKind.choices)

    class Meta:
        verbose_name = _("search key")
        verbose_name_plural = _("search keys")

    def __str__(self) -> str:
        return self.key
