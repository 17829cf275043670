from django.db import migrations

# A site and its customer are one reference, so nobody's order points to somebody else's site. Deferred: merging two
# customers moves all of it in one transaction.
ADD = """
ALTER TABLE orders_order ADD CONSTRAINT orders_site_of_customer
    FOREIGN KEY (site_id, customer_id) REFERENCES customers_site (id, customer_id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE orders_order ADD CONSTRAINT orders_billing_contact_of_customer
    FOREIGN KEY (billing_contact_id, customer_id) REFERENCES customers_contact (id, customer_id)
    DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE orders_order ADD CONSTRAINT orders_technical_contact_of_customer
    FOREIGN KEY (technical_contact_id, customer_id) REFERENCES customers_contact (id, customer_id)
    DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE orders_order ADD CONSTRAINT orders_data_of_a_customer CHECK
    (customer_id IS NOT NULL OR (site_id IS NULL AND billing_contact_id IS NULL AND technical_contact_id IS NULL));
"""
REMOVE = """
ALTER TABLE orders_order DROP CONSTRAINT orders_site_of_customer;
ALTER TABLE orders_order DROP CONSTRAINT orders_billing_contact_of_customer;
ALTER TABLE orders_order DROP CONSTRAINT orders_technical_contact_of_customer;
ALTER TABLE orders_order DROP CONSTRAINT orders_data_of_a_customer;
"""


class Migration(migrations.Migration):
    dependencies = [("orders", "0002_service_data"), ("customers", "0002_sites_contacts_notes_tags_fields")]
    operations = [migrations.RunSQL(ADD, REMOVE)]
