"""Who may be served, and how names, addresses and numbers are written. Pure."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Kind(TextChoices):
    INDIVIDUAL = "individual", _("Individual")
    BUSINESS = "business", _("Business")


class Status(TextChoices):
    OPEN = "open", pgettext_lazy("customer", "Open")
    SUSPENDED = "suspended", pgettext_lazy("customer", "Suspended")
    CLOSED = "closed", pgettext_lazy("customer", "Closed")
    ARCHIVED = "archived", pgettext_lazy("customer", "Archived")


TRANSITIONS: dict[Status, frozenset[Status]] = {
    Status.OPEN: frozenset({Status.SUSPENDED, Status.CLOSED}),
    Status.SUSPENDED: frozenset({Status.OPEN, Status.CLOSED}),
    Status.CLOSED: frozenset({Status.OPEN, Status.ARCHIVED}),
    Status.ARCHIVED: frozenset(),
}
