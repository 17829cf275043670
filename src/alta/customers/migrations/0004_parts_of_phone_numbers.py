from django.db import migrations, models

# The national number is the key that isn't the whole number of a telephone of this customer.
FILE = """
INSERT INTO customers_searchkey (key, customer_id, kind)
SELECT DISTINCT '*' || substr(number.key, place), number.customer_id, 'phone_part'
FROM customers_searchkey AS number, generate_series(2, length(number.key) - 4) AS place
WHERE number.kind = 'phone' AND NOT EXISTS (
    SELECT 1 FROM customers_phone AS phone
    WHERE phone.customer_id = number.customer_id AND phone.e164 = '+' || number.key)
ON CONFLICT DO NOTHING
"""
REMOVE = "DELETE FROM customers_searchkey WHERE kind = 'phone_part'"


class Migration(migrations.Migration):
    dependencies = [("customers", "0003_notes_are_append_only")]
    operations = [
        migrations.AlterField(
            model_name="searchkey",
            name="kind",
            field=models.CharField(
                choices=[
                    ("name", "name"),
                    ("email", "e-mail address"),
                    ("phone", "phone number"),
                    ("phone_end", "end of phone number"),
                    ("phone_part", "part of phone number"),
                    ("external_id", "external id"),
                ],
                max_length=12,
            ),
        ),
        migrations.RunSQL(FILE, REMOVE),
    ]
