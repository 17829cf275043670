from pathlib import Path

from django.db import migrations, models

FILE = Path(__file__).with_suffix(".sql")
REMOVE = """
DROP TRIGGER search_item_added ON inventory_item;
DROP TRIGGER search_item_changed ON inventory_item;
DROP TRIGGER search_item_gone ON inventory_item;
DROP TRIGGER search_service_added ON services_service;
DROP TRIGGER search_service_changed ON services_service;
DROP TRIGGER search_service_gone ON services_service;
DROP FUNCTION search_file_items, search_refile_item, search_file_services, search_refile_service;
DROP FUNCTION search_item_keys, search_service_keys;
DROP FUNCTION search_code_keys;
DROP FUNCTION search_fold, search_code;
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = [("inventory", "0002_stock_keeping"), ("services", "0004_terms")]
    operations = [
        migrations.CreateModel(
            name="SearchKey",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "kind",
                        "key",
                        "object_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("kind", models.SmallIntegerField(choices=[(1, "Item"), (2, "Service")])),
                ("key", models.CharField(db_collation="C", max_length=200)),
                ("object_id", models.BigIntegerField()),
            ],
            options={"db_table": "search_key"},
        ),
        migrations.RunSQL(FILE.read_text(), REMOVE),
    ]
