"""What products refer to and consist of: service types, versions, members of bundles, and where there is coverage."""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

SERVICE_TYPE_SLUG = r"^[a-z][a-z0-9-]{1,19}$"


def in_english() -> bool:
    """Whether the reader's language is English; otherwise it is Spanish."""
    return (get_language() or "es").startswith("en")


class ServiceType(models.Model):
    """A type of service, such as mobile or internet. `slug` is its name in services, playbooks and other programs, and
    stays; `icon` is one of the drawings in `icons.svg`."""

    slug = models.SlugField(
        _("slug"), max_length=20, primary_key=True, validators=[RegexValidator(SERVICE_TYPE_SLUG)]
    )
    name_es = models.CharField(_("name in Spanish"), max_length=40)
    name_en = models.CharField(_("name in English"), max_length=40)
    icon = models.CharField(_("icon"), max_length=20)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("service type")
        verbose_name_plural = _("service types")
        ordering = ["position", "slug"]
        constraints = [
            models.CheckConstraint(
                name="catalog_servicetype_named",
                condition=Q(slug__regex=SERVICE_TYPE_SLUG) & ~Q(name_es="") & ~Q(name_en=""),
            ),
        ]

    def __str__(self) -> str:
        return self.slug

    @property
    def name(self) -> str:
        """The name in the reader's language."""
        return self.name_en if in_english() else self.name_es


class ProductVersion(models.Model):
    """A product's whole specification as somebody saved it: see `specification.as_data`. A row only ever changes by being
    withdrawn before its date."""

    product = models.ForeignKey("catalog.Product", models.PROTECT, related_name="versions", db_index=False)
    number = models.PositiveIntegerField(_("version"))
    spec = models.JSONField(_("specification"))
    valid_from = models.DateTimeField(_("valid from"))
    saved_at = models.DateTimeField(_("saved"))
    saved_by = models.CharField(_("saved by"), max_length=150)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True)
    withdrawn_by = models.CharField(max_length=150, blank=True)

    class Meta:
        verbose_name = _("product version")
        verbose_name_plural = _("product versions")
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["product", "number"], name="catalog_productversion_number"),
            models.CheckConstraint(
                name="catalog_productversion_withdrawn",
                condition=Q(withdrawn_at__isnull=True) | Q(withdrawn_at__lt=F("valid_from")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product_id} v{self.number}"


class BundleMember(models.Model):
    """A product inside a bundle, with what it costs there in minor units of the bundle's currency. What the bundle costs is
    the sum over its members."""

    bundle = models.ForeignKey("catalog.Product", models.CASCADE, related_name="members", db_index=False)
    product = models.ForeignKey("catalog.Product", models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    setup_price = models.BigIntegerField(_("setup price"), default=0)
    recurring_price = models.BigIntegerField(_("recurring price"), default=0)

    class Meta:
        verbose_name = _("member of a bundle")
        verbose_name_plural = _("members of bundles")
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["bundle", "product"], name="catalog_bundlemember_once"),
            models.CheckConstraint(name="catalog_bundlemember_of_another", condition=~Q(bundle=F("product"))),
            models.CheckConstraint(
                name="catalog_bundlemember_prices", condition=Q(setup_price__gte=0, recurring_price__gte=0)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.bundle_id}: {self.product_id}"


class CoverageArea(models.Model):
    """Where a type of service can be had: a country, or of it only a city, or the postal codes that begin in one way."""

    service_type = models.ForeignKey(
        ServiceType, models.CASCADE, related_name="areas", verbose_name=_("service type"), db_index=False
    )
    country = models.CharField(
        _("country"), max_length=2, validators=[RegexValidator(r"^[A-Z]{2}$", _("two letters, such as GB"))]
    )
    city = models.CharField(_("city"), max_length=80, blank=True)
    postal_code = models.CharField(_("postal codes that begin with"), max_length=20, blank=True)

    class Meta:
        verbose_name = _("coverage area")
        verbose_name_plural = _("coverage areas")
        ordering = ["service_type", "country", "city", "postal_code"]
        constraints = [
            models.UniqueConstraint(
                fields=["service_type", "country", "city", "postal_code"], name="catalog_coveragearea_once"
            ),
            models.CheckConstraint(
                name="catalog_coveragearea_country", condition=Q(country__regex=r"^[A-Z]{2}$")
            ),
        ]

    def __str__(self) -> str:
        return " ".join(filter(None, [self.service_type_id, self.country, self.city, self.postal_code]))
