"""The calendar of installations, appointments and work orders."""

from __future__ import annotations

from datetime import time

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from alta.installations.rules import HOLD_MINUTES, OPEN, AppointmentState, Obstacle, State

WEEKDAYS = [
    (0, _("Monday")),
    (1, _("Tuesday")),
    (2, _("Wednesday")),
    (3, _("Thursday")),
    (4, _("Friday")),
    (5, _("Saturday")),
    (6, _("Sunday")),
]


class Conditions(models.Model):
    """How soon a day can be chosen and when customers are reminded. One row at most; without it the defaults hold."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    lead_days = models.PositiveSmallIntegerField(_("days of notice"), default=1)
    cut_off = models.TimeField(_("from this time on, one day more"), default=time(12))
    horizon_days = models.PositiveSmallIntegerField(_("days ahead that can be chosen"), default=60)
    hold_minutes = models.PositiveSmallIntegerField(_("minutes a place is held"), default=HOLD_MINUTES)
    remind_from = models.TimeField(_("reminder on the day before, from"), default=time(10))

    class Meta:
        verbose_name = _("conditions of installations")
        verbose_name_plural = _("conditions of installations")
        constraints = [
            models.CheckConstraint(name="installations_conditions_only_one", condition=Q(id=1)),
            models.CheckConstraint(
                name="installations_conditions_in_bounds",
                condition=Q(lead_days__lte=90, horizon_days__range=(1, 365), hold_minutes__range=(1, 120)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lead_days} to {self.horizon_days} days ahead"


class Slot(models.Model):
    """Hours of a weekday in which so many installations can begin. One that isn't `active` is offered no more; what was
    booked in it stays."""

    weekday = models.SmallIntegerField(_("weekday"), choices=WEEKDAYS)
    start = models.TimeField(_("from"))
    end = models.TimeField(_("until"))
    capacity = models.PositiveSmallIntegerField(_("places"))
    service_type = models.CharField(_("only for"), max_length=20, blank=True, default="")
    areas = ArrayField(models.CharField(max_length=80), verbose_name=_("areas"), default=list, blank=True)
    active = models.BooleanField(_("in use"), default=True)

    class Meta:
        verbose_name = _("installation slot")
        verbose_name_plural = _("installation slots")
        ordering = ["weekday", "start", "end", "id"]
        constraints = [
            models.CheckConstraint(name="installations_slot_weekday", condition=Q(weekday__range=(0, 6))),
            models.CheckConstraint(name="installations_slot_hours", condition=Q(end__gt=F("start"))),
            models.CheckConstraint(name="installations_slot_capacity", condition=Q(capacity__range=(1, 500))),
        ]

    def __str__(self) -> str:
        return f"{self.start:%H:%M}-{self.end:%H:%M}"


class SpecialDay(models.Model):
    """A day that isn't as its weekday: closed, or worked as another weekday."""

    date = models.DateField(_("day"), unique=True)
    like = models.SmallIntegerField(_("worked as"), choices=WEEKDAYS, null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=80, blank=True)

    class Meta:
        verbose_name = _("special day")
        verbose_name_plural = _("special days")
        ordering = ["date"]
        constraints = [
            models.CheckConstraint(
                name="installations_specialday_like",
                condition=Q(like__isnull=True) | Q(like__range=(0, 6)),
            )
        ]

    def __str__(self) -> str:
        return f"{self.date} {self.reason}"


class Appointment(models.Model):
    """The day that was agreed for an installation, or that it is still to be agreed.

    `holder` is the order it belongs to. Each place of a slot on a day has a number, and no two appointments have the same:
    so the last place can't be taken twice. One without `place` takes none: its hold has lapsed, or it was cancelled."""

    holder = models.UUIDField(unique=True)
    state = models.CharField(_("state"), max_length=12, choices=AppointmentState.choices)
    slot = models.ForeignKey(Slot, models.PROTECT, null=True, related_name="appointments", db_index=False)
    day = models.DateField(_("day"), null=True)
    place = models.PositiveSmallIntegerField(null=True)
    starts_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    held_until = models.DateTimeField(null=True)
    service = models.ForeignKey("services.Service", models.PROTECT, null=True, related_name="appointments")
    reminded_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("appointment")
        verbose_name_plural = _("appointments")
        constraints = [
            models.UniqueConstraint(
                fields=["slot", "day", "place"], name="installations_appointment_one_a_place"
            ),
            models.CheckConstraint(
                name="installations_appointment_state",
                condition=Q(
                    state="pending",
                    slot__isnull=True,
                    day__isnull=True,
                    place__isnull=True,
                    starts_at__isnull=True,
                    ends_at__isnull=True,
                    held_until__isnull=True,
                )
                | Q(
                    state="initialized",
                    slot__isnull=False,
                    day__isnull=False,
                    starts_at__isnull=False,
                    held_until__isnull=False,
                )
                | Q(
                    state="confirmed",
                    slot__isnull=False,
                    day__isnull=False,
                    place__isnull=False,
                    starts_at__isnull=False,
                    held_until__isnull=True,
                    service__isnull=False,
                )
                | Q(state="cancelled", place__isnull=True, held_until__isnull=True),
            ),
            models.CheckConstraint(
                name="installations_appointment_place", condition=Q(place__isnull=True) | Q(place__gte=1)
            ),
            models.CheckConstraint(
                name="installations_appointment_hours",
                condition=Q(starts_at__isnull=True, ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")),
            ),
        ]
        indexes = [
            models.Index(
                fields=["held_until"],
                condition=Q(state="initialized", place__isnull=False),
                name="installations_held",
            ),
            models.Index(
                fields=["day"],
                condition=Q(state="confirmed", reminded_at__isnull=True),
                name="installations_to_remind",
            ),
            models.Index(fields=["day", "slot"], name="installations_by_day"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.slot}" if self.day else str(self.get_state_display())


class WorkOrder(models.Model):
    """What a technician has to do at a customer's: the ticket of an installation. Its equipment is what the service holds.

    `serials` maps the identifiers of the installed equipment to what the technician read on it."""

    service = models.ForeignKey("services.Service", models.PROTECT, related_name="work_orders")
    site = models.ForeignKey("customers.Site", models.PROTECT, null=True, related_name="+")
    contact = models.ForeignKey("customers.Contact", models.PROTECT, null=True, related_name="+")
    appointment = models.OneToOneField(Appointment, models.PROTECT, related_name="work_order")
    job = models.ForeignKey("runner.Job", models.PROTECT, null=True, related_name="work_orders")
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.PLANNED)
    technician = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="work_orders")
    notes = models.TextField(_("notes"), blank=True)
    obstacle = models.CharField(max_length=20, choices=Obstacle.choices, blank=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    done = models.TextField(_("what was done"), blank=True)
    serials = models.JSONField(default=dict)
    opened_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    taken_back_at = models.DateTimeField(null=True)  # the order was undone after the installation

    class Meta:
        verbose_name = _("work order")
        verbose_name_plural = _("work orders")
        constraints = [
            models.UniqueConstraint(fields=["job"], name="installations_workorder_one_a_job"),
            models.CheckConstraint(name="installations_workorder_state", condition=Q(state__in=State.values)),
            models.CheckConstraint(
                name="installations_workorder_technician",
                condition=~Q(state__in=[State.ASSIGNED, State.IN_PROGRESS]) | Q(technician__isnull=False),
            ),
            models.CheckConstraint(
                name="installations_workorder_ended",
                condition=Q(state__in=[State.COMPLETED, State.CANCELLED], ended_at__isnull=False)
                | (~Q(state__in=[State.COMPLETED, State.CANCELLED]) & Q(ended_at__isnull=True)),
            ),
        ]
        indexes = [
            models.Index(
                fields=["technician"], condition=Q(state__in=sorted(OPEN)), name="installations_of_technician"
            ),
            models.Index(fields=["state", "-id"], name="installations_by_state"),
        ]

    def __str__(self) -> str:
        return f"work order {self.pk}"


class WorkOrderChange(models.Model):
    """A step in a work order's life. `detail` says what else changed: dates, technician, reason."""

    work_order = models.ForeignKey(WorkOrder, models.CASCADE, related_name="changes")
    at = models.DateTimeField()
    actor = models.CharField(max_length=150)
    move = models.CharField(max_length=12)
    from_state = models.CharField(max_length=10, choices=State.choices, blank=True)
    to_state = models.CharField(max_length=10, choices=State.choices)
    detail = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("change of a work order")
        verbose_name_plural = _("changes of work orders")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.work_order_id} {self.move}"
