import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

FIRST = (
    ("mobile", "Móvil", "Mobile"),
    ("internet", "Internet", "Internet"),
    ("iptv", "IPTV", "IPTV"),
    ("voip", "VoIP", "VoIP"),
)
# Django keeps the two apart: the slug stays a plain column, and the database sees to it that it names a type.
REFER = """
ALTER TABLE catalog_product ADD CONSTRAINT catalog_product_service_type
    FOREIGN KEY (service_type) REFERENCES catalog_servicetype (slug) ON UPDATE RESTRICT ON DELETE RESTRICT
"""
FORGET = "ALTER TABLE catalog_product DROP CONSTRAINT catalog_product_service_type"


def begin(apps, schema_editor):
    service_type = apps.get_model("catalog", "ServiceType")
    for position, (slug, es, en) in enumerate(FIRST):
        service_type.objects.create(slug=slug, name_es=es, name_en=en, icon=slug, position=position)


class Migration(migrations.Migration):
    dependencies = [("catalog", "0003_product_installation")]

    operations = [
        migrations.CreateModel(
            name="ServiceType",
            fields=[
                (
                    "slug",
                    models.SlugField(
                        max_length=20,
                        primary_key=True,
                        serialize=False,
                        validators=[django.core.validators.RegexValidator("^[a-z][a-z0-9-]{1,19}$")],
                        verbose_name="slug",
                    ),
                ),
                ("name_es", models.CharField(max_length=40, verbose_name="name in Spanish")),
                ("name_en", models.CharField(max_length=40, verbose_name="name in English")),
                ("icon", models.CharField(max_length=20, verbose_name="icon")),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
            ],
            options={
                "verbose_name": "service type",
                "verbose_name_plural": "service types",
                "ordering": ["position", "slug"],
            },
        ),
        migrations.RemoveConstraint(model_name="product", name="catalog_product_service_type"),
        migrations.AlterField(
            model_name="product",
            name="service_type",
            field=models.CharField(max_length=20, verbose_name="service type"),
        ),
        migrations.AddConstraint(
            model_name="servicetype",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("slug__regex", "^[a-z][a-z0-9-]{1,19}$"),
                    models.Q(("name_es", ""), _negated=True),
                    models.Q(("name_en", ""), _negated=True),
                ),
                name="catalog_servicetype_named",
            ),
        ),
        migrations.AddField(
            model_name="product",
            name="type",
            field=models.ForeignObject(
                from_fields=["service_type"],
                on_delete=django.db.models.deletion.PROTECT,
                related_name="products",
                to="catalog.servicetype",
                to_fields=["slug"],
            ),
        ),
        migrations.RunPython(begin, migrations.RunPython.noop),
        migrations.RunSQL(REFER, FORGET),
    ]
