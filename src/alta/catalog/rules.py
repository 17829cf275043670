"""Which products a customer may have, and why not the others. Pure."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Kind(TextChoices):
    PLAN = "plan", _("Plan")
    ADDON = "addon", _("Add-on")
    BUNDLE = "bundle", _("Bundle")


class ServiceType(TextChoices):
    MOBILE = "mobile", _("Mobile")
    INTERNET = "internet", _("Internet")
    IPTV = "iptv", _("IPTV")
    VOIP = "voip", _("VoIP")


class CustomerKind(TextChoices):
    INDIVIDUAL = "individual", _("Individual")
    BUSINESS = "business", _("Business")


class Period(TextChoices):
    DAY = "day", _("Day")
    WEEK = "week", _("Week")
    MONTH = "month", _("Month")
    YEAR = "year", _("Year")


class AutoRenew(TextChoices):
    ASKED = "asked", _("Asked when assigning")
    ALWAYS = "always", _("Always")
    NEVER = "never", _("Never")
