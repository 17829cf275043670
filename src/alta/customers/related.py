"""What belongs to a customer besides addresses and cards: sites, contacts, notes, tags, and the fields that an operator
adds."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from alta.customers.fields import Field, FieldType, Subject
from alta.customers.rules import Kind, Role, TagColour


class Site(models.Model):
    """A place where a customer receives services. One that is no longer used is inactive: services may still name it."""

    customer = models.ForeignKey(
        "customers.Customer", models.PROTECT, related_name="sites", verbose_name=_("customer"), db_index=False
    )
    name = models.CharField(_("site name"), max_length=120)
    line1 = models.CharField(_("address"), max_length=160)
    line2 = models.CharField(_("address, second line"), max_length=160, blank=True)
    city = models.CharField(_("city"), max_length=80, blank=True)
    postal_code = models.CharField(_("postal code"), max_length=20, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)
    active = models.BooleanField(_("in use"), default=True)

    class Meta:
        verbose_name = _("site")
        verbose_name_plural = _("sites")
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["customer", "name"], name="customers_site_name"),
            # Orders and services refer to a site together with its customer: see their migrations.
            models.UniqueConstraint(fields=["id", "customer"], name="customers_site_of_customer"),
            models.CheckConstraint(name="customers_site_named", condition=~Q(name="") & ~Q(line1="")),
            models.CheckConstraint(
                name="customers_site_country", condition=Q(country__regex=r"^([A-Z]{2})?$")
            ),
        ]

    def __str__(self) -> str:
        """As pickers show it: Oficina de Londres - 123 Main St."""
        return f"{self.name} - {self.line1}"


class Contact(models.Model):
    """A person at a customer, and what to ask that person about."""

    customer = models.ForeignKey(
        "customers.Customer", models.PROTECT, related_name="contacts", verbose_name=_("customer")
    )
    name = models.CharField(_("contact name"), max_length=120)
    email = models.CharField(_("e-mail address"), max_length=254, blank=True)
    phone = models.CharField(_("phone number"), max_length=16, blank=True)
    roles = ArrayField(
        models.CharField(max_length=16, choices=Role.choices),
        verbose_name=_("roles"),
        default=list,
        blank=True,
    )
    active = models.BooleanField(_("in use"), default=True)

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["id", "customer"], name="customers_contact_of_customer"),
            models.CheckConstraint(name="customers_contact_named", condition=~Q(name="")),
            models.CheckConstraint(
                name="customers_contact_roles", condition=Q(roles__contained_by=Role.values)
            ),
            models.CheckConstraint(
                name="customers_contact_email", condition=Q(email__regex=r"^([^A-Z\s@]+@[^A-Z\s@]+)?$")
            ),
            models.CheckConstraint(
                name="customers_contact_phone", condition=Q(phone__regex=r"^(\+[1-9][0-9]{5,14})?$")
            ),
        ]

    def __str__(self) -> str:
        """As pickers show it: Jane Doe - <jane@acme.example.com>."""
        return f"{self.name} - <{self.email}>" if self.email else f"{self.name} - {self.phone}".rstrip(" -")

    @property
    def role_names(self) -> str:
        return ", ".join(str(Role(role).label) for role in self.roles)


class Note(models.Model):
    """What somebody wants the next one to know. Written once: the database refuses to change or delete it."""

    customer = models.ForeignKey(
        "customers.Customer", models.PROTECT, related_name="notes", verbose_name=_("customer")
    )
    at = models.DateTimeField(_("written"), db_default=Now())
    author = models.CharField(_("author"), max_length=150)
    text = models.TextField(_("text"), max_length=4000)

    class Meta:
        verbose_name = _("note")
        verbose_name_plural = _("notes")
        ordering = ["-id"]
        constraints = [models.CheckConstraint(name="customers_note_says_something", condition=~Q(text=""))]

    def __str__(self) -> str:
        return self.text[:60]


class Tag(models.Model):
    """A word that customers are marked with, in a colour that can be read on its ground."""

    text = models.CharField(_("tag"), max_length=40)
    colour = models.CharField(_("colour"), max_length=8, choices=TagColour.choices, default=TagColour.GREY)

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        ordering = ["text"]
        constraints = [
            models.UniqueConstraint(Lower("text"), name="customers_tag_text"),
            models.CheckConstraint(name="customers_tag_colour", condition=Q(colour__in=TagColour.values)),
            models.CheckConstraint(name="customers_tag_says_something", condition=~Q(text="")),
        ]

    def __str__(self) -> str:
        return self.text


class CustomField(models.Model):
    """A field that an operator adds: a purchase order number, a cost centre, an account number.

    `subject` says whose it is: each customer's (of `customer_kind`, or of all), or each order's (by those customers, of
    the product `product_slug`, or of all). The values are in the `custom` of that row, under `key`. One that is not active
    is asked for no more; what was answered stays."""

    key = models.SlugField(_("key"), max_length=40)
    subject = models.CharField(_("asked for"), max_length=8, choices=Subject.choices)
    label_es = models.CharField(_("label in Spanish"), max_length=80)
    label_en = models.CharField(_("label in English"), max_length=80)
    type = models.CharField(_("type"), max_length=8, choices=FieldType.choices)
    required = models.BooleanField(_("required"), default=False)
    pattern = models.CharField(_("pattern"), max_length=200, blank=True)
    example = models.CharField(_("example"), max_length=80, blank=True)
    choices = ArrayField(
        models.CharField(max_length=80), verbose_name=_("choices"), default=list, blank=True, size=100
    )
    customer_kind = models.CharField(_("for customers"), max_length=10, choices=Kind.choices, blank=True)
    product_slug = models.SlugField(_("for the product"), max_length=80, blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    help_es = models.CharField(_("help in Spanish"), max_length=200, blank=True, default="")
    help_en = models.CharField(_("help in English"), max_length=200, blank=True, default="")
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("custom field")
        verbose_name_plural = _("custom fields")
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["subject", "key"], name="customers_customfield_key"),
            models.CheckConstraint(
                name="customers_customfield_key_shape", condition=Q(key__regex=r"^[a-z][a-z0-9_]*$")
            ),
            models.CheckConstraint(
                name="customers_customfield_subject", condition=Q(subject__in=Subject.values)
            ),
            models.CheckConstraint(name="customers_customfield_type", condition=Q(type__in=FieldType.values)),
            models.CheckConstraint(
                name="customers_customfield_kind", condition=Q(customer_kind__in=["", *Kind.values])
            ),
            models.CheckConstraint(
                name="customers_customfield_product_of_orders",
                condition=Q(product_slug="") | Q(subject=Subject.ORDER),
            ),
            models.CheckConstraint(
                name="customers_customfield_choices",
                condition=Q(type=FieldType.CHOICE, choices__len__gte=1)
                | (~Q(type=FieldType.CHOICE) & Q(choices__len=0)),
            ),
            models.CheckConstraint(
                name="customers_customfield_pattern_of_text",
                condition=Q(pattern="") | Q(type=FieldType.TEXT),
            ),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def field(self) -> Field:
        """What the rules look at, labelled in the reader's language."""
        english = (get_language() or "es").startswith("en")
        return Field(
            key=self.key,
            label=self.label_en if english else self.label_es,
            type=FieldType(self.type),
            required=self.required,
            pattern=self.pattern,
            example=self.example,
            choices=tuple(self.choices),
            help=self.help_en if english else self.help_es,
        )
