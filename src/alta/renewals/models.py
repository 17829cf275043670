"""Renewals: one row for each period that a service goes on, or does not."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from alta.renewals.rules import Measure, Plan, State


def _first_days() -> list[int]:
    return list(Plan().retry_days)


class Schedule(models.Model):
    """What the operator does about a renewal that isn't paid. There is one row at most; without it the defaults hold."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    retry_days = ArrayField(
        models.PositiveSmallIntegerField(), verbose_name=_("days of the retries"), default=_first_days
    )
    end_day = models.PositiveSmallIntegerField(_("day of the end"), default=Plan.end_day)
    notice_days = models.PositiveSmallIntegerField(_("days of notice"), default=Plan.notice_days)

    class Meta:
        verbose_name = _("renewal schedule")
        verbose_name_plural = _("renewal schedules")
        constraints = [models.CheckConstraint(name="renewals_schedule_only_one", condition=Q(id=1))]

    def __str__(self) -> str:
        return f"days {self.retry_days}"


class Renewal(models.Model):
    """The period of a service that begins where its term ends. There is one row for it, whoever is first: nothing is
    charged twice. `next_at` is when it is looked at again; `declines` counts the customer's noes.

    `measure` is what it last wanted done with the service, and `order` the last one that did such a thing; while
    `measure_at` is set, it has still to begin, at that moment at the earliest."""

    service = models.ForeignKey("services.Service", models.PROTECT, related_name="renewals", db_index=False)
    period_start = models.DateTimeField()
    period_end = models.DateTimeField()
    state = models.CharField(_("state"), max_length=10, choices=State.choices)
    declines = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(null=True)
    job = models.ForeignKey("runner.Job", models.PROTECT, null=True, related_name="renewals")
    reason = models.CharField(max_length=300, blank=True)
    measure = models.CharField(_("measure"), max_length=10, choices=Measure.choices, blank=True)
    measure_at = models.DateTimeField(null=True)
    order = models.ForeignKey("orders.Order", models.PROTECT, null=True, related_name="renewals")
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name = _("renewal")
        verbose_name_plural = _("renewals")
        constraints = [
            models.UniqueConstraint(fields=["service", "period_start"], name="renewals_once_a_period"),
            models.CheckConstraint(name="renewals_renewal_state", condition=Q(state__in=State.values)),
            models.CheckConstraint(
                name="renewals_renewal_period", condition=Q(period_end__gt=models.F("period_start"))
            ),
            models.CheckConstraint(
                name="renewals_renewal_looked_at_again",
                condition=Q(state__in=["charging", "paid", "ended"]) | Q(next_at__isnull=False),
            ),
            models.CheckConstraint(
                name="renewals_renewal_measure",
                condition=Q(measure__in=Measure.values) | Q(measure="", measure_at__isnull=True),
            ),
        ]
        indexes = [
            models.Index(
                fields=["measure_at"],
                condition=Q(measure_at__isnull=False),
                name="renewals_measures_due",
            ),
            models.Index(
                fields=["next_at"],
                condition=Q(state__in=["notified", "declined", "unpaid"]),
                name="renewals_due",
            ),
        ]

    def __str__(self) -> str:
        return f"renewal of {self.service_id} from {self.period_start:%Y-%m-%d}"
