from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0001_initial"),
        ("customers", "0001_initial"),
        ("services", "0003_own_site_and_contacts"),
    ]

    operations = [
        migrations.AddField(
            model_name="service",
            name="period",
            field=models.CharField(
                choices=[("day", "Day"), ("week", "Week"), ("month", "Month"), ("year", "Year")],
                default="month",
                max_length=5,
                verbose_name="billing period",
            ),
        ),
        migrations.AddField(
            model_name="service",
            name="term_ends_at",
            field=models.DateTimeField(null=True, verbose_name="paid until"),
        ),
        migrations.AddIndex(
            model_name="service",
            index=models.Index(
                condition=models.Q(("state__in", ["active", "suspended"]), ("term_ends_at__isnull", False)),
                fields=["term_ends_at"],
                name="services_by_term",
            ),
        ),
        migrations.AddConstraint(
            model_name="service",
            constraint=models.CheckConstraint(
                condition=models.Q(("period__in", ["day", "week", "month", "year"])),
                name="services_service_period",
            ),
        ),
    ]
