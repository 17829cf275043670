import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import alta.renewals.models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("runner", "0003_unclaimed_running_jobs"),
        ("services", "0004_terms"),
    ]

    operations = [
        migrations.CreateModel(
            name="Schedule",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                (
                    "retry_days",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveSmallIntegerField(),
                        default=alta.renewals.models._first_days,
                        size=None,
                        verbose_name="days of the retries",
                    ),
                ),
                ("end_day", models.PositiveSmallIntegerField(default=30, verbose_name="day of the end")),
                ("notice_days", models.PositiveSmallIntegerField(default=7, verbose_name="days of notice")),
            ],
            options={
                "verbose_name": "renewal schedule",
                "verbose_name_plural": "renewal schedules",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="renewals_schedule_only_one")
                ],
            },
        ),
        migrations.CreateModel(
            name="Renewal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("period_start", models.DateTimeField()),
                ("period_end", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("notified", "Ends soon"),
                            ("charging", "Being charged"),
                            ("paid", "Renewed"),
                            ("declined", "Declined, asked again"),
                            ("unpaid", "Unpaid, suspended"),
                            ("ended", "Ended"),
                        ],
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("declines", models.PositiveSmallIntegerField(default=0)),
                ("next_at", models.DateTimeField(null=True)),
                ("reason", models.CharField(blank=True, max_length=300)),
                ("created_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
                (
                    "job",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="renewals",
                        to="runner.job",
                    ),
                ),
                (
                    "service",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="renewals",
                        to="services.service",
                    ),
                ),
            ],
            options={
                "verbose_name": "renewal",
                "verbose_name_plural": "renewals",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["notified", "declined", "unpaid"])),
                        fields=["next_at"],
                        name="renewals_due",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("service", "period_start"), name="renewals_once_a_period"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["notified", "charging", "paid", "declined", "unpaid", "ended"])
                        ),
                        name="renewals_renewal_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("period_end__gt", models.F("period_start"))),
                        name="renewals_renewal_period",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["charging", "paid", "ended"]),
                            ("next_at__isnull", False),
                            _connector="OR",
                        ),
                        name="renewals_renewal_looked_at_again",
                    ),
                ],
            },
        ),
    ]
