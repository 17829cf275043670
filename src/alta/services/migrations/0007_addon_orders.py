from django.db import migrations, models

# The order that brought an add-on is the one that holds its stock.
NUMBER = "UPDATE services_addon a SET order_id = o.id FROM orders_order o WHERE o.holder = a.key"


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0004_actions"),
        ("services", "0006_items_and_addons"),
    ]

    operations = [
        migrations.AddField(
            model_name="addon",
            name="order_id",
            field=models.BigIntegerField(null=True),
        ),
        migrations.RunSQL(NUMBER, migrations.RunSQL.noop),
    ]
